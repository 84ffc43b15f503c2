//! What reminders tell becomes notifications: for many events at once, in the consumer's transaction.

use std::collections::{BTreeMap, HashMap, HashSet};

use mesh_store::{StoreError, Transaction};
use mesh_types::Timestamp;
use uuid::Uuid;

use super::{Store, notifications, tombstones};
use crate::domain::{Cause, Firing, Notification, NotificationEvent, Revision, Voiding};

impl Store {
    /// Tells what fired, each once and for ever, and withdraws what is void; whatever order the two come in.
    ///
    /// # Errors
    /// What the database says; the transaction is then lost.
    pub async fn take_reminders(
        &self,
        transaction: &Transaction,
        firings: &[Firing],
        voidings: &[Voiding],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if firings.is_empty() && voidings.is_empty() {
            return Ok(());
        }
        let newest = tombstones::raise(transaction, &revisions(firings, voidings)).await?;
        let created = create(transaction, firings, &newest, now).await?;
        let withdrawn = withdraw(transaction, voidings, now).await?;
        for events in [&created, &withdrawn] {
            self.append(transaction, &self.codec.notification, events, now).await?;
        }
        let live = created.into_iter().filter(|event| event.after.withdraw_time.is_none()).collect::<Vec<_>>();
        self.plan_deliveries(transaction, &live, firings, now).await?;
        self.cancel_deliveries(transaction, &withdrawn, now).await
    }
}

/// For each reminder concerned the newest revision that voids; zero, the lock alone, for those that only fired.
fn revisions(firings: &[Firing], voidings: &[Voiding]) -> BTreeMap<Uuid, Revision> {
    let mut revisions: BTreeMap<Uuid, Revision> = BTreeMap::new();
    for firing in firings {
        revisions.entry(firing.reminder_id).or_default();
    }
    for voiding in voidings {
        let revision = revisions.entry(voiding.reminder_id).or_default();
        *revision = voiding.revision.max(*revision);
    }
    revisions
}

/// The events of those that were not told before.
async fn create(
    transaction: &Transaction,
    firings: &[Firing],
    newest: &HashMap<Uuid, Revision>,
    now: Timestamp,
) -> Result<Vec<NotificationEvent>, StoreError> {
    if firings.is_empty() {
        return Ok(Vec::new());
    }
    let mut known = HashSet::new();
    let mut events = Vec::with_capacity(firings.len());
    for firing in firings.iter().filter(|firing| known.insert(firing.notification_id())) {
        let void = newest.get(&firing.reminder_id).is_some_and(|newest| firing.is_void(*newest));
        events.push((Notification::of(firing, void, now), firing.revision));
    }
    let rows = events.iter().map(|(event, revision)| (&event.after, *revision));
    let new = notifications::insert(transaction, rows).await?;
    Ok(events.into_iter().map(|(event, _)| event).filter(|event| new.contains(&event.after.id)).collect())
}

/// The events of those that are told no more.
async fn withdraw(
    transaction: &Transaction,
    voidings: &[Voiding],
    now: Timestamp,
) -> Result<Vec<NotificationEvent>, StoreError> {
    if voidings.is_empty() {
        return Ok(Vec::new());
    }
    let causes: HashMap<Uuid, &Cause> = voidings.iter().map(|voiding| (voiding.reminder_id, &voiding.cause)).collect();
    let void = notifications::lock_void(transaction, causes.keys().copied()).await?;
    let withdrawn: Vec<NotificationEvent> = void
        .iter()
        .filter_map(|told| {
            let cause = causes.get(&told.reminder_id?)?;
            told.withdraw((*cause).clone(), now)
        })
        .collect();
    if !withdrawn.is_empty() {
        notifications::rewrite(transaction, withdrawn.iter().map(|event| &event.after)).await?;
    }
    Ok(withdrawn)
}
