//! What people ask of their deliveries: a page of them, or to try one again.

use mesh_store::{
    Change, StoreError, Transaction, Worked, conclude,
    request_ids::{Claim, Outcome},
};
use mesh_types::{Caller, Etag, Timestamp, UserId, WorkspaceId};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::ExprTrait};
use uuid::Uuid;

use super::{
    Error, Store, channels, deliveries,
    tables::{delivery, notification},
};
use crate::domain::{Cause, Delivery};

/// Which page of the deliveries to a person, newest first.
#[derive(Clone, Debug)]
pub struct DeliveriesPage {
    /// To whom.
    pub user: UserId,
    /// In these workspaces.
    pub workspaces: Vec<WorkspaceId>,
    /// After the delivery that was planned then, with this id.
    pub after: Option<(Timestamp, Uuid)>,
    /// At most so many.
    pub limit: u64,
}

/// What a change made of a delivery.
#[derive(Clone, Debug)]
pub struct WrittenDelivery {
    /// The delivery after it.
    pub delivery: Delivery,
    /// Its event; `None` if nothing had to be done.
    pub change_id: Option<Uuid>,
}

impl Store {
    /// The deliveries of one page.
    ///
    /// # Errors
    /// What the database says.
    pub async fn list_deliveries(&self, page: &DeliveriesPage) -> Result<Vec<Delivery>, Error> {
        let mut query = deliveries::of(page.user, &page.workspaces);
        if let Some((time, id)) = page.after {
            let earlier = delivery::Column::CreateUs.lt(time.as_micros());
            let same = delivery::Column::CreateUs.eq(time.as_micros()).and(delivery::Column::Id.lt(id));
            query = query.filter(earlier.or(same));
        }
        let query = query.order_by_desc(delivery::Column::CreateUs).order_by_desc(delivery::Column::Id);
        let rows = query.limit(page.limit).all(self.database.reader()).await.map_err(StoreError::from)?;
        Ok(rows.into_iter().map(Delivery::try_from).collect::<Result<_, _>>()?)
    }

    /// Makes one of the caller's deliveries due now.
    ///
    /// # Errors
    /// When there is no such delivery, the etag is stale, it is not wanted any more, the request id cannot be taken; or
    /// what the database says.
    pub async fn retry_delivery(
        &self,
        change: &Change<'_>,
        id: Uuid,
        etag: Option<&Etag>,
    ) -> Result<WrittenDelivery, Error> {
        let transaction = self.database.begin().await?;
        let worked = self.make_due(&transaction, change, id, etag).await;
        match conclude(transaction, worked).await? {
            Worked::Fresh(written) => {
                self.log.committed();
                Ok(written)
            }
            Worked::Before(outcome) => self.replay_delivery(change.caller, outcome).await,
        }
    }

    async fn make_due(
        &self,
        transaction: &Transaction,
        change: &Change<'_>,
        id: Uuid,
        etag: Option<&Etag>,
    ) -> Result<Worked<WrittenDelivery>, Error> {
        let found = deliveries::find(transaction, own(change.caller).lock_exclusive(), id).await?;
        let delivery = found.ok_or(Error::NotFound { kind: "delivery", id })?;
        let workspace = delivery.workspace_id;
        if let Claim::Replay(outcome) = change.claim(transaction, workspace).await? {
            return Ok(Worked::Before(outcome));
        }
        delivery.matches(etag)?;
        let wanted = is_wanted(transaction, &delivery).await?;
        let written = match delivery.retry(wanted, Cause::from(change.caller), change.now)? {
            None => WrittenDelivery { delivery, change_id: None },
            Some(event) => {
                let change_id = self.rewrite_deliveries(transaction, std::slice::from_ref(&event), change.now).await?;
                WrittenDelivery { delivery: event.after, change_id: change_id.first().copied() }
            }
        };
        change.record(transaction, workspace, Outcome { event_id: written.change_id, aggregate_id: id }).await?;
        Ok(Worked::Fresh(written))
    }

    /// The state after the event that the first request appended. If it changed nothing, or its event is kept no
    /// longer, the delivery as it is.
    async fn replay_delivery(&self, caller: &Caller, outcome: Outcome) -> Result<WrittenDelivery, Error> {
        let event = match outcome.event_id {
            Some(id) => self.log.find(id).await?,
            None => None,
        };
        let id = outcome.aggregate_id;
        let delivery = match event {
            None => {
                let found = deliveries::find(self.database.reader(), own(caller), id).await?;
                found.ok_or(Error::NotFound { kind: "delivery", id })?
            }
            Some(event) => {
                let decoded = (self.codec.delivery.decode)(&event);
                decoded.ok_or_else(|| StoreError::corrupt("event_log.payload"))?
            }
        };
        Ok(WrittenDelivery { delivery, change_id: outcome.event_id })
    }
}

fn own(caller: &Caller) -> sea_orm::Select<delivery::Entity> {
    deliveries::of(caller.actor.user_id, &caller.readable())
}

/// Whether what it tells still holds, and where it goes is used.
async fn is_wanted(transaction: &Transaction, delivery: &Delivery) -> Result<bool, StoreError> {
    let channels = channels::with_ids(transaction, std::iter::once(delivery.channel_id)).await?;
    let told = notification::Entity::find_by_id(delivery.notification_id.0).one(transaction).await?;
    let holds = told.is_some_and(|notification| notification.withdraw_us.is_none());
    Ok(holds && channels.first().is_some_and(crate::domain::Channel::takes_deliveries))
}
