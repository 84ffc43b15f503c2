//! Reminders follow their tasks: what is known of a task is brought up to date, and everything that depends on it with it,
//! under the lock of its row.

use std::collections::HashMap;

use mesh_store::Transaction;
use mesh_types::Timestamp;
use uuid::Uuid;

use super::{Error, Store, reminders, task_refs};
use crate::domain::{Cause, ReminderEvent, TaskChange, TaskRef};

impl Store {
    /// Takes over what happened to tasks, in the consumer's transaction. Tasks that nobody here asked for are passed over.
    /// Returns how many reminders changed.
    ///
    /// What follows is worked out from the newest state whether it is news or not: it may have been read by a call before its
    /// event came.
    ///
    /// # Errors
    /// What the database says.
    pub async fn follow_tasks(
        &self,
        transaction: &Transaction,
        changes: &[TaskChange],
        now: Timestamp,
    ) -> Result<usize, Error> {
        let newest = newest(changes);
        let ids: Vec<Uuid> = newest.keys().copied().collect();
        let mut known: HashMap<Uuid, TaskRef> = HashMap::new();
        for task in task_refs::lock_all(transaction, &ids).await? {
            let Some(change) = newest.get(&task.id.0) else { continue };
            let task = task_refs::note(transaction, task, change.task.clone()).await?;
            known.insert(task.id.0, task);
        }
        if known.is_empty() {
            return Ok(0);
        }
        let ids: Vec<Uuid> = known.keys().copied().collect();
        let reminders = reminders::lock_of_tasks(transaction, &ids).await?;
        let follow = |reminder: &crate::domain::Reminder| reminder.follow(known.get(&reminder.task_id.0)?, now);
        let events: Vec<ReminderEvent> = reminders.iter().filter_map(follow).collect();
        let cause = |event: &ReminderEvent| {
            let change = newest.get(&event.after.task_id.0);
            change.map_or_else(|| Cause::acting_for(event.after.user_id), |change| change.cause.clone())
        };
        self.change_all(transaction, &events, now, cause).await?;
        Ok(events.len())
    }

    /// Tells the relay that a transaction that is not this store's own was committed.
    pub fn told(&self) {
        self.log.committed();
    }
}

/// The newest change of each task.
fn newest(changes: &[TaskChange]) -> HashMap<Uuid, &TaskChange> {
    let mut newest: HashMap<Uuid, &TaskChange> = HashMap::new();
    for change in changes {
        let known = newest.entry(change.task.id.0).or_insert(change);
        if (change.task.epoch, change.task.version) > (known.task.epoch, known.task.version) {
            *known = change;
        }
    }
    newest
}
