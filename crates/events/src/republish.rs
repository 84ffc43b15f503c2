//! Publishing again what was published before: when the bus has lost it, or when an operator asks for it.
//!
//! Events keep their ids, so whoever has applied them already skips them.

use mesh_store::{Database, Sql, StoreError, Transaction};
use mesh_types::Timestamp;

/// Puts every event since `since` that the log still has in line for the relay, in their old order and before newer ones.
/// The running relay takes them up within a second. Returns how many events there are to publish now, at most.
///
/// # Errors
/// What the database says.
pub async fn republish(database: &Database, since: Timestamp) -> Result<u64, StoreError> {
    let transaction = database.background().begin().await?;
    let queued = requeue(&transaction, since).await?;
    transaction.commit().await?;
    Ok(queued)
}

async fn requeue(transaction: &Transaction, since: Timestamp) -> Result<u64, StoreError> {
    /// A week of events may take longer than a call may.
    const UNHURRIED: Sql = Sql { postgres: "SET LOCAL statement_timeout = 0", sqlite: "SELECT 1" };
    const REQUEUE: Sql = Sql {
        postgres: "INSERT INTO outbox_pending (seq) SELECT seq FROM event_log WHERE time_us >= $1
                   ON CONFLICT (seq) DO NOTHING",
        sqlite: "UPDATE relay_cursor SET seq = min(seq, coalesce(
                     (SELECT min(seq) - 1 FROM event_log WHERE time_us >= $1), seq))",
    };
    const QUEUED: Sql = Sql {
        postgres: "SELECT count(*) AS queued FROM outbox_pending",
        sqlite: "SELECT count(*) AS queued FROM event_log WHERE seq > (SELECT seq FROM relay_cursor)",
    };
    UNHURRIED.run(transaction, []).await?;
    REQUEUE.run(transaction, [since.as_micros().into()]).await?;
    let row = QUEUED.one(transaction, []).await?.ok_or_else(|| StoreError::corrupt("outbox_pending"))?;
    Ok(u64::try_from(row.try_get::<i64>("", "queued")?).unwrap_or_default())
}

/// Begins a new source epoch: to be done once after a database was restored from a backup, before the service starts.
/// Versions that are given from then on count as newer than all that were given before, also those that the backup
/// does not know of. Returns the epoch.
///
/// # Errors
/// What the database says.
pub async fn begin_epoch(database: &Database, now: Timestamp) -> Result<i64, StoreError> {
    /// By the time, so that a second restore of the same backup gets another epoch than the first.
    const BEGIN: Sql = Sql {
        postgres: "UPDATE source_epoch SET epoch = greatest(epoch + 1, $1) RETURNING epoch",
        sqlite: "UPDATE source_epoch SET epoch = max(epoch + 1, $1) RETURNING epoch",
    };
    let row = BEGIN.one(database.writer(), [now.as_micros().into()]).await?;
    Ok(row.ok_or_else(|| StoreError::corrupt("source_epoch"))?.try_get("", "epoch")?)
}
