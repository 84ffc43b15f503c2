//! The inbox: which events a consumer has taken over, so that none is applied twice.

use std::{collections::HashSet, time::Duration};

use mesh_store::{Database, Sql, StoreError, Transaction};
use mesh_types::Timestamp;
use uuid::Uuid;

/// How long an event is remembered: longer than any log or stream keeps it, three times over.
pub(crate) const KEPT: Duration = Duration::from_secs(21 * 24 * 60 * 60);

/// Ids are one text parameter, so that the statement is the same for every size of batch.
const TAKE: Sql = Sql {
    postgres: "INSERT INTO inbox (consumer, event_id, seen_us)
               SELECT $1, id::uuid, $3 FROM unnest(string_to_array($2, ',')) AS id
               ON CONFLICT DO NOTHING RETURNING event_id",
    sqlite: "INSERT INTO inbox (consumer, event_id, seen_us)
             SELECT $1, unhex(value), $3 FROM json_each('[\"' || replace($2, ',', '\",\"') || '\"]') WHERE true
             ON CONFLICT DO NOTHING RETURNING event_id",
};

const PRUNE: Sql = Sql {
    postgres: "DELETE FROM inbox WHERE ctid IN (SELECT ctid FROM inbox WHERE seen_us <= $1 LIMIT $2)",
    sqlite: "DELETE FROM inbox WHERE (consumer, event_id) IN
             (SELECT consumer, event_id FROM inbox WHERE seen_us <= $1 LIMIT $2)",
};

/// Takes events over and returns those that were not taken before. Whoever else takes the same ones meanwhile waits for
/// the transaction to end.
pub(crate) async fn take(
    transaction: &Transaction,
    consumer: &str,
    ids: impl Iterator<Item = Uuid>,
    now: Timestamp,
) -> Result<HashSet<Uuid>, StoreError> {
    // Sorted, so that two replicas that take overlapping batches wait for each other instead of deadlocking.
    let mut ids: Vec<Uuid> = ids.collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let list = ids.iter().map(|id| id.simple().to_string()).collect::<Vec<_>>().join(",");
    let rows = TAKE.all(transaction, [consumer.into(), list.into(), now.as_micros().into()]).await?;
    rows.iter().map(|row| Ok(row.try_get("", "event_id")?)).collect()
}

/// Forgets up to `limit` events that were taken too long ago to come again; returns how many.
pub(crate) async fn prune(database: &Database, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
    PRUNE.run(database.writer(), [now.minus(KEPT).as_micros().into(), i64::from(limit).into()]).await
}
