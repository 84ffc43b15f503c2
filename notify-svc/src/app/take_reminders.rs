//! What reminders tell becomes notifications.

use mesh_store::{StoreError, Transaction};

use super::App;
use crate::domain::{Firing, Voiding};

impl App {
    /// Tells what fired, each once and for ever, and withdraws what is void, in the transaction of whoever calls.
    ///
    /// # Errors
    /// What the database says.
    pub async fn take_reminders(
        &self,
        transaction: &Transaction,
        firings: &[Firing],
        voidings: &[Voiding],
    ) -> Result<(), StoreError> {
        self.store.take_reminders(transaction, firings, voidings, self.clock.now()).await
    }

    /// Wakes whoever goes on from there, once that transaction is committed.
    pub fn reminders_taken(&self) {
        self.store.committed();
        self.deliveries_due.notify_one();
    }
}
