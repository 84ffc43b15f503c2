//! Deliveries in the database: planned and cancelled many at a time, in the transaction of what they tell.

use std::collections::HashMap;

use mesh_store::{Sql, StoreError, Transaction};
use mesh_types::{Timestamp, UserId, WorkspaceId, new_id};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Store, channels, tables::delivery};
use crate::domain::{Cause, Delivery, DeliveryEvent, Firing, NotificationEvent, NotificationId};

// Rows are one JSON parameter, so that a statement is the same for every number of them.

/// A delivery that is there already, or was once, is not planned again.
const INSERT: Sql = Sql {
    postgres: "
        INSERT INTO delivery
            (id, workspace_id, user_id, notification_id, channel_id, state, next_us, attempt_count, failures, attempts,
             create_us, update_us, version, created_by, trace_parent)
        SELECT * FROM json_to_recordset($1::json) AS new
            (id uuid, workspace_id uuid, user_id uuid, notification_id uuid, channel_id uuid, state smallint,
             next_us bigint, attempt_count integer, failures integer, attempts text, create_us bigint,
             update_us bigint, version bigint, created_by uuid, trace_parent text)
        ON CONFLICT DO NOTHING RETURNING id",
    sqlite: "
        INSERT INTO delivery
            (id, workspace_id, user_id, notification_id, channel_id, state, next_us, attempt_count, failures, attempts,
             create_us, update_us, version, created_by, trace_parent)
        SELECT unhex(value->>'id', '-'), unhex(value->>'workspace_id', '-'), unhex(value->>'user_id', '-'),
            unhex(value->>'notification_id', '-'), unhex(value->>'channel_id', '-'), value->>'state',
            value->>'next_us', value->>'attempt_count', value->>'failures', value->>'attempts',
            value->>'create_us', value->>'update_us', value->>'version', unhex(value->>'created_by', '-'),
            value->>'trace_parent'
        FROM json_each($1) WHERE true
        ON CONFLICT DO NOTHING RETURNING id",
};

/// What can change of a delivery.
const REWRITE: Sql = Sql {
    postgres: "
        UPDATE delivery AS old
        SET state = new.state, next_us = new.next_us, attempt_count = new.attempt_count, failures = new.failures,
            attempts = new.attempts, deliver_us = new.deliver_us, update_us = new.update_us, version = new.version
        FROM json_to_recordset($1::json) AS new
            (id uuid, state smallint, next_us bigint, attempt_count integer, failures integer, attempts text,
             deliver_us bigint, update_us bigint, version bigint)
        WHERE old.id = new.id",
    sqlite: "
        UPDATE delivery AS old
        SET state = new.value->>'state', next_us = new.value->>'next_us',
            attempt_count = new.value->>'attempt_count', failures = new.value->>'failures',
            attempts = new.value->>'attempts', deliver_us = new.value->>'deliver_us',
            update_us = new.value->>'update_us', version = new.value->>'version'
        FROM json_each($1) AS new
        WHERE old.id = unhex(new.value->>'id', '-')",
};

/// In the order of their ids, so that two who lock many do not lock each other out.
const WAITING: Sql = Sql {
    postgres: "
        SELECT * FROM delivery
        WHERE notification_id IN (SELECT value::uuid FROM json_array_elements_text($1::json)) AND next_us IS NOT NULL
        ORDER BY id FOR UPDATE",
    sqlite: "
        SELECT * FROM delivery
        WHERE notification_id IN (SELECT unhex(value, '-') FROM json_each($1)) AND next_us IS NOT NULL
        ORDER BY id",
};

impl Store {
    /// Plans a delivery of each of these new notifications to every channel that its person uses and that its firing, one
    /// of `firings`, does not leave out.
    pub(super) async fn plan_deliveries(
        &self,
        transaction: &Transaction,
        created: &[NotificationEvent],
        firings: &[Firing],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if created.is_empty() {
            return Ok(());
        }
        let users = created.iter().map(|event| event.after.user_id);
        let mut used: HashMap<(UserId, WorkspaceId), Vec<Uuid>> = HashMap::new();
        for channel in channels::taking_deliveries(transaction, users).await? {
            used.entry((channel.user_id, channel.workspace_id)).or_default().push(channel.id);
        }
        let firings: HashMap<NotificationId, &Firing> = firings.iter().map(|it| (it.notification_id(), it)).collect();
        let mut planned = Vec::new();
        for NotificationEvent { after: told, cause, .. } in created {
            let wanted = |channel: &&Uuid| firings.get(&told.id).is_none_or(|firing| firing.goes_to(**channel));
            let channels = used.get(&(told.user_id, told.workspace_id)).into_iter().flatten().filter(wanted);
            planned.extend(channels.map(|channel| Delivery::plan(new_id(now), told, *channel, cause.clone(), now)));
        }
        let planned = insert(transaction, planned).await?;
        self.append(transaction, &self.codec.delivery, &planned, now).await.map(drop)
    }

    /// Cancels what waits of these notifications, which are withdrawn.
    pub(super) async fn cancel_deliveries(
        &self,
        transaction: &Transaction,
        withdrawn: &[NotificationEvent],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if withdrawn.is_empty() {
            return Ok(());
        }
        let causes: HashMap<NotificationId, &Cause> =
            withdrawn.iter().map(|event| (event.after.id, &event.cause)).collect();
        let waiting = lock_waiting_for_notifications(transaction, causes.keys()).await?;
        let own = |it: &Delivery| it.own_cause(self.log.source());
        let cause = |it: &Delivery| causes.get(&it.notification_id).map_or_else(|| own(it), |&cause| cause.clone());
        self.cancel(transaction, waiting, cause, now).await
    }

    /// Cancels these, which are locked.
    pub(super) async fn cancel(
        &self,
        transaction: &Transaction,
        waiting: Vec<Delivery>,
        cause: impl Fn(&Delivery) -> Cause + Send,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let cancelled: Vec<DeliveryEvent> = waiting.iter().filter_map(|it| it.cancel(cause(it), now)).collect();
        self.rewrite_deliveries(transaction, &cancelled, now).await.map(drop)
    }

    /// Writes what became of deliveries that are locked, and tells it; returns the ids of the events.
    pub(super) async fn rewrite_deliveries(
        &self,
        transaction: &Transaction,
        events: &[DeliveryEvent],
        now: Timestamp,
    ) -> Result<Vec<Uuid>, StoreError> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Value = events.iter().map(|event| changeable(&event.after)).collect();
        REWRITE.run(transaction, [rows.to_string().into()]).await?;
        events.iter().filter(|event| event.ends()).for_each(count_ended);
        self.append(transaction, &self.codec.delivery, events, now).await
    }
}

fn count_ended(event: &DeliveryEvent) {
    metrics::counter!("notify_deliveries_ended_total", "state" => event.after.state.as_str()).increment(1);
}

/// Inserts those that are not there yet, and returns these.
async fn insert(transaction: &Transaction, planned: Vec<DeliveryEvent>) -> Result<Vec<DeliveryEvent>, StoreError> {
    if planned.is_empty() {
        return Ok(planned);
    }
    let rows: Value = planned.iter().map(|event| row(&event.after)).collect();
    let rows = INSERT.all(transaction, [rows.to_string().into()]).await?;
    let inserted: Vec<Uuid> = rows.iter().map(|row| row.try_get("", "id")).collect::<Result<_, _>>()?;
    if inserted.len() == planned.len() {
        return Ok(planned);
    }
    Ok(planned.into_iter().filter(|event| inserted.contains(&event.after.id)).collect())
}

fn row(it: &Delivery) -> Value {
    let mut row = changeable(it);
    row["workspace_id"] = json!(it.workspace_id);
    row["user_id"] = json!(it.user_id);
    row["notification_id"] = json!(it.notification_id);
    row["channel_id"] = json!(it.channel_id);
    row["create_us"] = json!(it.create_time.as_micros());
    row["created_by"] = json!(it.created_by);
    row["trace_parent"] = json!(it.trace_parent);
    row
}

fn changeable(it: &Delivery) -> Value {
    json!({
        "id": it.id,
        "state": it.state.code(),
        "next_us": it.next_attempt_time.map(Timestamp::as_micros),
        "attempt_count": it.attempt_count,
        "failures": it.failures,
        // JSON in JSON: the column holds text.
        "attempts": json!(it.attempts).to_string(),
        "deliver_us": it.deliver_time.map(Timestamp::as_micros),
        "update_us": it.update_time.as_micros(),
        "version": it.version,
    })
}

/// What waits of these notifications, locked.
async fn lock_waiting_for_notifications(
    transaction: &Transaction,
    notifications: impl Iterator<Item = &NotificationId>,
) -> Result<Vec<Delivery>, StoreError> {
    let notifications: Value = notifications.map(|id| json!(id)).collect();
    let statement = WAITING.bind(transaction, [notifications.to_string().into()]);
    let waiting = delivery::Entity::find().from_raw_sql(statement).all(transaction).await?;
    waiting.into_iter().map(Delivery::try_from).collect()
}

/// What waits for this channel, locked.
pub(super) async fn lock_waiting_for_channel(
    transaction: &Transaction,
    channel: Uuid,
) -> Result<Vec<Delivery>, StoreError> {
    let waiting = delivery::Entity::find()
        .filter(delivery::Column::ChannelId.eq(channel))
        .filter(delivery::Column::NextUs.is_not_null())
        .order_by_asc(delivery::Column::Id)
        .lock_exclusive();
    waiting.all(transaction).await?.into_iter().map(Delivery::try_from).collect()
}

/// The delivery with this id, whosoever it is, kept from other writers until the transaction ends.
pub(super) async fn lock(transaction: &Transaction, id: Uuid) -> Result<Option<Delivery>, StoreError> {
    let found = delivery::Entity::find_by_id(id).lock_exclusive().one(transaction).await?;
    found.map(Delivery::try_from).transpose()
}

/// Deliveries to `user` in these workspaces: where every query for a caller begins.
pub(super) fn of(user: UserId, workspaces: &[WorkspaceId]) -> Select<delivery::Entity> {
    delivery::Entity::find()
        .filter(delivery::Column::UserId.eq(user.0))
        .filter(delivery::Column::WorkspaceId.is_in(workspaces.iter().map(|workspace| workspace.0)))
}

/// The delivery among `deliveries` with this id.
pub(super) async fn find(
    connection: &impl ConnectionTrait,
    deliveries: Select<delivery::Entity>,
    id: Uuid,
) -> Result<Option<Delivery>, StoreError> {
    let found = deliveries.filter(delivery::Column::Id.eq(id)).one(connection).await?;
    found.map(Delivery::try_from).transpose()
}
