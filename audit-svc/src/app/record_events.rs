//! What happened is recorded, once and for ever.

use mesh_store::{StoreError, Transaction};

use super::App;
use crate::domain::{ForeignMessage, Happening};

impl App {
    /// Records what is not in the record yet, in the order of arrival.
    ///
    /// # Errors
    /// What the database says.
    pub async fn record_events(&self, transaction: &Transaction, happenings: Vec<Happening>) -> Result<(), StoreError> {
        let recorded = self.store.append(transaction, happenings, self.clock.now()).await?;
        metrics::counter!("taskmesh_audit_recorded_events_total").increment(recorded as u64);
        Ok(())
    }

    /// Keeps what came over the bus and is no event.
    ///
    /// # Errors
    /// What the database says.
    pub async fn record_foreign(&self, transaction: &Transaction, message: &ForeignMessage) -> Result<(), StoreError> {
        tracing::warn!(
            message.id = %message.id,
            message.subject = %message.subject,
            failure.reason = %message.reason,
            "a message that is no event is kept beside the record"
        );
        self.store.keep_foreign(transaction, message, self.clock.now()).await
    }
}
