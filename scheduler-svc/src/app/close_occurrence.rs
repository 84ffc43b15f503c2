//! The tasks of occurrences are closed and reopened, and successors planned.

use mesh_store::Transaction;
use mesh_types::Timestamp;

use super::App;
use crate::{domain::TaskChange, store};

impl App {
    /// Tells occurrences what happened to their tasks, in the consumer's transaction. An occurrence that is completed,
    /// cancelled or deleted gets its one successor, whatever order that is heard of in, and however late. Returns whether
    /// there is anything to tell once that is committed.
    ///
    /// # Errors
    /// When a schedule cannot be read any more, or the database fails.
    pub async fn close_occurrences(
        &self,
        transaction: &Transaction,
        changes: &[TaskChange],
        now: Timestamp,
    ) -> Result<bool, store::Error> {
        self.store.hear_of_tasks(transaction, changes, now).await
    }
}
