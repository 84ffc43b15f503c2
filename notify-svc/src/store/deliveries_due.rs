//! Deliveries that are due: claimed for a while by whoever sends them, and what came of it recorded.

use std::{collections::HashMap, time::Duration};

use mesh_store::{Sql, StoreError, Transaction, commit};
use mesh_types::{Timestamp, UserId};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use super::{
    Store, channel_keys, channels, deliveries,
    tables::{delivery, notification},
};
use crate::domain::{
    Answer, AttemptOutcome, Channel, Delivery, Notification, NotificationId, RetrySchedule, WebhookKeys,
};

/// A delivery that is due, and all that is needed to send it.
#[derive(Clone, Debug)]
pub struct Due {
    /// The delivery.
    pub delivery: Delivery,
    /// Where it goes.
    pub channel: Channel,
    /// What signs it.
    pub keys: WebhookKeys,
    /// What it tells; `None` when that is gone.
    pub notification: Option<Notification>,
    /// Until when nobody else sends it.
    pub lease: Timestamp,
}

/// What to claim.
#[derive(Clone, Debug)]
pub struct ClaimDue<'a> {
    /// At most so many.
    pub limit: usize,
    /// None for these hosts, which have enough to do.
    pub busy_hosts: &'a [String],
    /// None for these people, for whom enough is under way.
    pub busy_people: &'a [UserId],
    /// For how long.
    pub lease: Duration,
    /// When.
    pub now: Timestamp,
}

impl Due {
    /// Whether it is still to be sent.
    pub fn is_wanted(&self) -> bool {
        let told = self.notification.as_ref().is_some_and(|it| it.withdraw_time.is_none());
        told && self.channel.takes_deliveries()
    }
}

/// Oldest first. Replicas pass over what another one is claiming right now; SQLite has one writer. What is claimed is
/// looked for once: inside of the join it might be again, and lease more than the limit.
const CLAIM: Sql = Sql {
    postgres: "
        WITH chosen AS MATERIALIZED (
            SELECT due.id FROM delivery AS due JOIN channel ON channel.id = due.channel_id
            WHERE due.next_us <= $1 AND due.lease_us <= $1
              AND channel.host NOT IN (SELECT value FROM json_array_elements_text($3::json))
              AND due.user_id NOT IN (SELECT value::uuid FROM json_array_elements_text($4::json))
            ORDER BY due.next_us LIMIT $5 FOR UPDATE OF due SKIP LOCKED)
        UPDATE delivery SET lease_us = $2 FROM chosen WHERE delivery.id = chosen.id RETURNING delivery.*",
    sqlite: "
        UPDATE delivery SET lease_us = $2 WHERE id IN (
            SELECT due.id FROM delivery AS due JOIN channel ON channel.id = due.channel_id
            WHERE due.next_us <= $1 AND due.lease_us <= $1
              AND channel.host NOT IN (SELECT value FROM json_each($3))
              AND due.user_id NOT IN (SELECT unhex(value, '-') FROM json_each($4))
            ORDER BY due.next_us LIMIT $5)
        RETURNING *",
};

/// Only what is still held by whom it was given to.
const RELEASE: Sql = Sql {
    postgres: "UPDATE delivery SET lease_us = 0
               WHERE lease_us = $2 AND id IN (SELECT value::uuid FROM json_array_elements_text($1::json))",
    sqlite: "UPDATE delivery SET lease_us = 0
             WHERE lease_us = $2 AND id IN (SELECT unhex(value, '-') FROM json_each($1))",
};

const SUCCEEDED: Sql = Sql::both("UPDATE channel SET last_success_us = $2 WHERE id = $1");
const FAILED: Sql = Sql::both("UPDATE channel SET last_failure_us = $2 WHERE id = $1");

impl Store {
    /// Takes deliveries that are due, so that nobody else sends them for a while.
    ///
    /// # Errors
    /// What the database says.
    pub async fn claim_due(&self, claim: &ClaimDue<'_>) -> Result<Vec<Due>, StoreError> {
        let lease = claim.now.plus(claim.lease);
        let hosts = serde_json::Value::from(claim.busy_hosts).to_string();
        let limit = i64::try_from(claim.limit).unwrap_or(i64::MAX);
        let background = self.database.background();
        let people: serde_json::Value = claim.busy_people.iter().map(|user| serde_json::json!(user)).collect();
        let people = people.to_string();
        let values =
            [claim.now.as_micros().into(), lease.as_micros().into(), hosts.into(), people.into(), limit.into()];
        let statement = CLAIM.bind(background.writer(), values);
        let rows = delivery::Entity::find().from_raw_sql(statement).all(background.writer()).await?;
        let mut claimed: Vec<Delivery> = rows.into_iter().map(Delivery::try_from).collect::<Result<_, _>>()?;
        claimed.sort_by_key(|it| (it.next_attempt_time, it.id));
        self.with_all_they_need(claimed, lease, claim.now).await
    }

    async fn with_all_they_need(
        &self,
        claimed: Vec<Delivery>,
        lease: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<Due>, StoreError> {
        if claimed.is_empty() {
            return Ok(Vec::new());
        }
        let background = self.database.background();
        let reader = background.reader();
        let channels = channels::with_ids(reader, claimed.iter().map(|it| it.channel_id)).await?;
        let keys = channel_keys::signing(reader, &channels, now).await?;
        let told = notification::Entity::find()
            .filter(notification::Column::Id.is_in(claimed.iter().map(|it| it.notification_id.0)));
        let mut notifications: HashMap<NotificationId, Notification> = HashMap::new();
        for row in told.all(reader).await? {
            notifications.insert(NotificationId(row.id), row.try_into()?);
        }
        let channels: HashMap<Uuid, Channel> = channels.into_iter().map(|channel| (channel.id, channel)).collect();
        let complete = |delivery: Delivery| {
            let channel = channels.get(&delivery.channel_id)?.clone();
            let keys = keys.get(&channel.id)?.clone();
            let notification = notifications.get(&delivery.notification_id).cloned();
            Some(Due { delivery, channel, keys, notification, lease })
        };
        Ok(claimed.into_iter().filter_map(complete).collect())
    }

    /// Gives back deliveries of one claim that were not sent.
    ///
    /// # Errors
    /// What the database says.
    pub async fn release_due(&self, unsent: &[Due]) -> Result<(), StoreError> {
        let background = self.database.background();
        release(background.writer(), unsent).await
    }

    /// Cancels what is not wanted any more.
    ///
    /// # Errors
    /// What the database says.
    pub async fn cancel_due(&self, due: &Due, now: Timestamp) -> Result<(), StoreError> {
        let transaction = self.database.background().begin().await?;
        let found = deliveries::lock(&transaction, due.delivery.id).await?;
        let cause = |it: &Delivery| it.own_cause(self.log.source());
        self.cancel(&transaction, found.into_iter().collect(), cause, now).await?;
        release(&transaction, std::slice::from_ref(due)).await?;
        self.finish(transaction).await
    }

    /// Records an attempt and what becomes of the delivery; a channel whose receiver is gone for good is suspended.
    ///
    /// # Errors
    /// What the database says. The attempt is then not recorded, and the delivery is sent again when the lease is over.
    pub async fn record_attempt(
        &self,
        due: &Due,
        answer: &Answer,
        schedule: &RetrySchedule,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let transaction = self.database.background().begin().await?;
        // The channel first, as whoever deletes it does.
        self.observe(&transaction, due, answer.outcome(), now).await?;
        if let Some(found) = deliveries::lock(&transaction, due.delivery.id).await? {
            let event = found.attempted(answer, schedule, found.own_cause(self.log.source()), now);
            self.rewrite_deliveries(&transaction, &[event], now).await?;
        }
        release(&transaction, std::slice::from_ref(due)).await?;
        self.finish(transaction).await
    }

    /// Notes on the channel how the attempt ended. That is no change of the channel, unless it is suspended.
    async fn observe(
        &self,
        transaction: &Transaction,
        due: &Due,
        outcome: AttemptOutcome,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const GONE: &str = "the receiver says that it is gone for good (410); \
                            change the URL, or turn the channel off and on again";
        let id = due.channel.id;
        let note = if outcome == AttemptOutcome::Delivered { SUCCEEDED } else { FAILED };
        note.run(transaction, [id.into(), now.as_micros().into()]).await?;
        if outcome != AttemptOutcome::Rejected {
            return Ok(());
        }
        let channel = channels::lock(transaction, id).await?;
        // What another URL answered says nothing of this one.
        if channel.url != due.channel.url {
            return Ok(());
        }
        let cause = due.delivery.own_cause(self.log.source());
        if let Some(event) = channel.suspend(GONE, cause, now) {
            channels::rewrite(transaction, &event.after).await?;
            self.tell_channel(transaction, event, now).await?;
        }
        Ok(())
    }

    async fn finish(&self, transaction: Transaction) -> Result<(), StoreError> {
        commit(transaction).await?;
        self.log.committed();
        Ok(())
    }
}

async fn release(connection: &impl ConnectionTrait, held: &[Due]) -> Result<(), StoreError> {
    let Some(first) = held.first() else { return Ok(()) };
    let ids: serde_json::Value = held.iter().map(|due| serde_json::json!(due.delivery.id)).collect();
    RELEASE.run(connection, [ids.to_string().into(), first.lease.as_micros().into()]).await.map(drop)
}
