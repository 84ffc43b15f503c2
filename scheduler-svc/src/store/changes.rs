//! Changes of one reminder: one transaction for the row, its timer, its event and the request id.

use mesh_store::{
    Change, StoreError, Transaction, Worked, conclude,
    request_ids::{Claim, Outcome},
};
use mesh_trace::TraceParent;
use mesh_types::{Caller, Etag, WorkspaceId, new_id};
use uuid::Uuid;

use super::{Error, Near, Store, people, reminders, task_refs, timers};
use crate::domain::{Cause, Decision, PersonDay, Reminder, ReminderError, ReminderEvent, TaskRef, Timer, Told, Verb};

/// Which reminder is to change.
#[derive(Clone, Copy, Debug)]
pub struct Aim<'a> {
    /// Its id.
    pub id: Uuid,
    /// The version that the caller has read, if they care.
    pub etag: Option<&'a Etag>,
    /// Which timers this replica holds.
    pub near: Near,
}

/// What a change made of a reminder.
#[derive(Clone, Debug)]
pub struct Written {
    /// The reminder after it.
    pub reminder: Reminder,
    /// Its event; `None` if nothing had to be done.
    pub change_id: Option<Uuid>,
    /// The timer that was set and is this replica's.
    pub held: Option<Timer>,
}

impl Store {
    /// Stores a new reminder, unless the request has been answered before. `make` is given the newest that is known of the
    /// task, of which `seen` was read by a call, and of how the caller counts their days.
    ///
    /// # Errors
    /// [`Error::TaskForgotten`] when the task has to be looked up again; when `make` says no, there are too many already,
    /// or the request id cannot be taken; or what the database says.
    pub async fn create_reminder(
        &self,
        change: &Change<'_>,
        seen: &TaskRef,
        near: Near,
        make: impl FnOnce(&TaskRef, PersonDay) -> Result<ReminderEvent, ReminderError> + Send,
    ) -> Result<Written, Error> {
        let transaction = self.database.begin().await?;
        let worked = self.insert(&transaction, change, seen, (near, make)).await;
        self.settle(change, conclude(transaction, worked).await?).await
    }

    /// Changes one reminder: locks it and what is known of its task, lets `decide` look at both and say what happens, and
    /// stores that. Nothing is stored when nothing happens.
    ///
    /// # Errors
    /// When it is not the caller's, they may not change it, the etag is stale, `decide` says no, the request id cannot be
    /// taken; or what the database says.
    pub async fn update_reminder(
        &self,
        change: &Change<'_>,
        aim: Aim<'_>,
        decide: impl FnOnce(&Reminder, &TaskRef) -> Decision + Send,
    ) -> Result<Written, Error> {
        let transaction = self.database.begin().await?;
        let worked = self.rewrite(&transaction, change, aim, decide).await;
        self.settle(change, conclude(transaction, worked).await?).await
    }

    async fn insert(
        &self,
        transaction: &Transaction,
        change: &Change<'_>,
        seen: &TaskRef,
        (near, make): (Near, impl FnOnce(&TaskRef, PersonDay) -> Result<ReminderEvent, ReminderError> + Send),
    ) -> Result<Worked<Written>, Error> {
        if let Claim::Replay(outcome) = change.claim(transaction, seen.workspace_id).await? {
            return Ok(Worked::Before(outcome));
        }
        let day = people::day_of(transaction, change.caller).await?;
        let task = task_refs::admit(transaction, seen).await?;
        let event = in_trace(make(&task, day)?, change);
        refuse_one_too_many(transaction, &event.after).await?;
        reminders::insert(transaction, &event.after).await?;
        self.append(transaction, change, event, near).await
    }

    async fn rewrite(
        &self,
        transaction: &Transaction,
        change: &Change<'_>,
        aim: Aim<'_>,
        decide: impl FnOnce(&Reminder, &TaskRef) -> Decision + Send,
    ) -> Result<Worked<Written>, Error> {
        let task = reminders::task_of(transaction, change.caller, aim.id).await?;
        let task = task_refs::lock(transaction, task).await?.ok_or_else(|| StoreError::corrupt("task_ref"))?;
        let reminder = reminders::lock(transaction, change.caller, aim.id).await?;
        change.caller.may_change(reminder.workspace_id).map_err(Error::Forbidden)?;
        if let Claim::Replay(outcome) = change.claim(transaction, reminder.workspace_id).await? {
            return Ok(Worked::Before(outcome));
        }
        reminder.matches(aim.etag)?;
        let Some(event) = decide(&reminder, &task)? else {
            let written = Written { reminder, change_id: None, held: None };
            record(transaction, change, &written).await?;
            return Ok(Worked::Fresh(written));
        };
        let event = in_trace(event, change);
        if event.verb == Verb::Undeleted {
            refuse_one_too_many(transaction, &event.after).await?;
        }
        reminders::rewrite(transaction, &event.after).await?;
        self.append(transaction, change, event, aim.near).await
    }

    /// Sets the timer, appends the event, and notes the request as answered.
    async fn append(
        &self,
        transaction: &Transaction,
        change: &Change<'_>,
        event: ReminderEvent,
        near: Near,
    ) -> Result<Worked<Written>, Error> {
        let held = timers::set(transaction, std::iter::once(&event.after), Some(near)).await?.pop();
        let cause = Cause::of_call(change.caller);
        let id = new_id(change.now);
        let told = (self.codec.reminder)(&event, &Told { id, time: change.now, cause: &cause });
        self.log.append(transaction, &[told]).await?;
        let written = Written { reminder: event.after, change_id: Some(id), held };
        record(transaction, change, &written).await?;
        Ok(Worked::Fresh(written))
    }

    async fn settle(&self, change: &Change<'_>, worked: Worked<Written>) -> Result<Written, Error> {
        match worked {
            Worked::Fresh(written) => {
                if written.change_id.is_some() {
                    self.log.committed();
                }
                Ok(written)
            }
            Worked::Before(outcome) => self.replay(change.caller, outcome).await,
        }
    }

    /// The state after the event that the first request appended. If it changed nothing, or its event is kept no longer,
    /// the reminder as it is.
    async fn replay(&self, caller: &Caller, outcome: Outcome) -> Result<Written, Error> {
        let event = match outcome.event_id {
            Some(id) => self.log.find(id).await?,
            None => None,
        };
        let reminder = match event {
            Some(event) => {
                (self.codec.kept_reminder)(&event).ok_or_else(|| StoreError::corrupt("event_log.payload"))?
            }
            None => self.find_reminder(caller, outcome.aggregate_id).await?,
        };
        Ok(Written { reminder, change_id: outcome.event_id, held: None })
    }
}

/// From here on it fires in the trace of this call.
fn in_trace(mut event: ReminderEvent, change: &Change<'_>) -> ReminderEvent {
    event.after.trace_parent = TraceParent::worth_keeping(change.caller.trace_parent.as_deref());
    event
}

/// Checks, under the lock of its task, that the person may have one more like it.
async fn refuse_one_too_many(transaction: &Transaction, reminder: &Reminder) -> Result<(), Error> {
    let others = reminders::count(transaction, reminder.task_id, reminder.user_id).await?;
    if others >= Reminder::PER_TASK { Err(ReminderError::TooMany.into()) } else { Ok(()) }
}

async fn record(transaction: &Transaction, change: &Change<'_>, written: &Written) -> Result<(), Error> {
    let outcome = Outcome { event_id: written.change_id, aggregate_id: written.reminder.id };
    let workspace: WorkspaceId = written.reminder.workspace_id;
    Ok(change.record(transaction, workspace, outcome).await?)
}
