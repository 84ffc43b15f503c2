//! Tasks changed: what depends on them follows.

use mesh_store::Transaction;

use super::{App, Error};
use crate::domain::TaskChange;

impl App {
    /// Takes over what happened to tasks, in the consumer's transaction: reminders move, are withdrawn or come back,
    /// and occurrences get their successors. Returns whether there is anything to tell once that is committed.
    ///
    /// # Errors
    /// What the database says.
    pub async fn follow_tasks(&self, transaction: &Transaction, changes: &[TaskChange]) -> Result<bool, Error> {
        let now = self.clock.now();
        let moved = self.store.follow_tasks(transaction, changes, now).await?;
        let planned = self.close_occurrences(transaction, changes, now).await?;
        Ok(moved > 0 || planned)
    }

    /// Wakes whoever has something to do after that was committed.
    pub fn tasks_followed(&self) {
        self.store.told();
        self.timers.look();
        self.planned.notify_one();
    }
}
