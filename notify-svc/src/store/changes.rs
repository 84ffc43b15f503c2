//! What people do to their notifications: one transaction for the rows, their events and the request id.

use mesh_store::{
    Change, StoreError, Transaction, Worked, conclude,
    request_ids::{Claim, Outcome},
};
use mesh_types::{Caller, Etag, Timestamp, WorkspaceId};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, sea_query::SelectStatement};
use uuid::Uuid;

use super::{
    Error, Store,
    notifications::{self, inbox},
    tables::notification::Column,
};
use crate::domain::{Cause, Notification, NotificationEvent, NotificationId, NotifyError};

/// How many notifications one call marks at most.
pub const MOST_SEEN: u64 = 1_000;

/// What a change made of a notification.
#[derive(Clone, Debug)]
pub struct Written {
    /// The notification after it.
    pub notification: Notification,
    /// Its event; `None` if nothing had to be done.
    pub change_id: Option<Uuid>,
}

/// Which notifications that were not seen yet.
#[derive(Clone, Debug)]
pub struct Unseen {
    /// Of this workspace.
    pub workspace: WorkspaceId,
    /// Of these; all if there are none.
    pub ids: Vec<NotificationId>,
    /// Created at this instant or before.
    pub up_to: Option<Timestamp>,
}

impl Store {
    /// Changes one of the caller's notifications: locks it, lets `decide` look at it and say what happens, and stores
    /// that with its event. Nothing is stored when nothing happens.
    ///
    /// # Errors
    /// When there is no such notification, the etag is stale, the request id cannot be taken; or what the database says.
    pub async fn update_notification(
        &self,
        change: &Change<'_>,
        id: NotificationId,
        etag: Option<&Etag>,
        decide: impl FnOnce(&Notification) -> Option<NotificationEvent> + Send,
    ) -> Result<Written, Error> {
        let transaction = self.database.begin().await?;
        let decide = |it: &Notification| it.matches(etag).map(|()| decide(it));
        let worked = self.rewrite(&transaction, change, id, decide).await;
        match conclude(transaction, worked).await? {
            Worked::Fresh(written) => {
                self.log.committed();
                Ok(written)
            }
            Worked::Before(outcome) => self.replay(change.caller, outcome).await,
        }
    }

    /// Marks up to [`MOST_SEEN`] of the caller's notifications, oldest first, as seen; returns how many.
    ///
    /// # Errors
    /// When the request id cannot be taken; or what the database says.
    pub async fn see_notifications(&self, change: &Change<'_>, which: &Unseen) -> Result<u64, Error> {
        let transaction = self.database.begin().await?;
        let worked = self.see(&transaction, change, which).await;
        match conclude(transaction, worked).await? {
            Worked::Fresh(count) => {
                self.log.committed();
                Ok(count)
            }
            Worked::Before(outcome) => Ok(counted(outcome)),
        }
    }

    async fn rewrite(
        &self,
        transaction: &Transaction,
        change: &Change<'_>,
        id: NotificationId,
        decide: impl FnOnce(&Notification) -> Result<Option<NotificationEvent>, NotifyError> + Send,
    ) -> Result<Worked<Written>, Error> {
        let notification = notifications::lock(transaction, change.caller, id).await?;
        let workspace = notification.workspace_id;
        if let Claim::Replay(outcome) = change.claim(transaction, workspace).await? {
            return Ok(Worked::Before(outcome));
        }
        let written = match decide(&notification)? {
            None => Written { notification, change_id: None },
            Some(event) => {
                notifications::rewrite(transaction, std::iter::once(&event.after)).await?;
                let events = std::slice::from_ref(&event);
                let ids = self.append(transaction, &self.codec.notification, events, change.now).await?;
                Written { change_id: ids.first().copied(), notification: event.after }
            }
        };
        change.record(transaction, workspace, Outcome { event_id: written.change_id, aggregate_id: id.0 }).await?;
        Ok(Worked::Fresh(written))
    }

    async fn see(&self, transaction: &Transaction, change: &Change<'_>, which: &Unseen) -> Result<Worked<u64>, Error> {
        if let Claim::Replay(outcome) = change.claim(transaction, which.workspace).await? {
            return Ok(Worked::Before(outcome));
        }
        let unseen = notifications::lock_unseen(transaction, candidates(change.caller, which)).await?;
        let see = |it: &Notification| it.see(Cause::from(change.caller), change.now);
        let seen: Vec<NotificationEvent> = unseen.iter().filter_map(see).collect();
        if !seen.is_empty() {
            notifications::rewrite(transaction, seen.iter().map(|event| &event.after)).await?;
            self.append(transaction, &self.codec.notification, &seen, change.now).await?;
        }
        let count = seen.len() as u64;
        change.record(transaction, which.workspace, counting(count)).await?;
        Ok(Worked::Fresh(count))
    }

    /// The state after the event that the first request appended. If it changed nothing, or its event is kept no
    /// longer, the notification as it is.
    async fn replay(&self, caller: &Caller, outcome: Outcome) -> Result<Written, Error> {
        let event = match outcome.event_id {
            Some(id) => self.log.find(id).await?,
            None => None,
        };
        let notification = match event {
            None => self.find_notification(caller, NotificationId(outcome.aggregate_id)).await?,
            Some(event) => {
                let decoded = (self.codec.notification.decode)(&event);
                decoded.ok_or_else(|| StoreError::corrupt("event_log.payload"))?
            }
        };
        Ok(Written { notification, change_id: outcome.event_id })
    }
}

/// The ids of those to mark, oldest first.
fn candidates(caller: &Caller, which: &Unseen) -> SelectStatement {
    let mut query = inbox(caller.actor.user_id, &[which.workspace])
        .filter(Column::SeenUs.is_null())
        .filter(Column::WithdrawUs.is_null());
    if !which.ids.is_empty() {
        query = query.filter(Column::Id.is_in(which.ids.iter().map(|id| id.0)));
    }
    if let Some(up_to) = which.up_to {
        query = query.filter(Column::CreateUs.lte(up_to.as_micros()));
    }
    query = query.order_by_asc(Column::CreateUs).order_by_asc(Column::Id).limit(MOST_SEEN);
    query.select_only().column(Column::Id).into_query()
}

/// What a request id remembers of a call that changed many: there is no one aggregate, so how many they were stands in
/// the place of its id.
fn counting(count: u64) -> Outcome {
    Outcome { event_id: None, aggregate_id: Uuid::from_u128(u128::from(count)) }
}

fn counted(outcome: Outcome) -> u64 {
    outcome.aggregate_id.as_u64_pair().1
}
