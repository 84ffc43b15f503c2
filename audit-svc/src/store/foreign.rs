//! What came over the bus and is no event: kept beside the record.

use mesh_store::{Sql, StoreError, Transaction};
use mesh_types::Timestamp;

use super::{Store, without_nul};
use crate::domain::ForeignMessage;

impl Store {
    /// Keeps a message, once.
    ///
    /// # Errors
    /// What the database says.
    pub async fn keep_foreign(
        &self,
        transaction: &Transaction,
        message: &ForeignMessage,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        const KEEP: Sql = Sql::both(
            "INSERT INTO foreign_message (id, stream, stream_sequence, subject, headers, reason, payload, record_us)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING",
        );
        let headers =
            serde_json::to_string(&message.headers).map_err(|error| StoreError::corrupt(error.to_string()))?;
        let values = [
            message.id.into(),
            without_nul(&message.stream).into(),
            i64::try_from(message.stream_sequence).unwrap_or(i64::MAX).into(),
            without_nul(&message.subject).into(),
            headers.into(),
            without_nul(&message.reason).into(),
            message.payload.clone().into(),
            now.as_micros().into(),
        ];
        KEEP.run(transaction, values).await.map(drop)
    }
}
