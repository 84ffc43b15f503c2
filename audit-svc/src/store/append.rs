//! Appending to the record: the hot path, so its SQL is written by hand, many rows to a statement.

use std::{
    collections::{BTreeSet, HashSet},
    iter,
};

use mesh_store::{StoreError, Transaction};
use mesh_types::Timestamp;
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};
use uuid::Uuid;

use super::{Store, records, without_nul};
use crate::domain::{Entry, Happening};

const COLUMNS: &str = "event_id, workspace_id, sequence, entity, entity_id, epoch, version, verb, user_id, actor, event_us, \
                       record_us, source, trace_parent, event_type, payload";
/// How many columns that are.
const WIDTH: usize = 16;

/// Rows per statement at most.
const MOST_ROWS: usize = 128;

impl Store {
    /// Appends what is not in the record yet, in the order given, and returns how much that was. The records of all
    /// workspaces concerned stay locked until the transaction ends, so places are dense and nobody sees a gap.
    ///
    /// # Errors
    /// What the database says; the transaction is then lost.
    pub async fn append(
        &self,
        transaction: &Transaction,
        happenings: Vec<Happening>,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        let workspaces: BTreeSet<_> = happenings.iter().map(|happening| happening.workspace_id).collect();
        let mut records = records::lock(transaction, workspaces).await?;
        // After the lock: whoever else records an event of these workspaces has committed it by now.
        let mut known = known(transaction, &happenings).await?;
        let mut entries = Vec::with_capacity(happenings.len());
        for happening in happenings.into_iter().filter(|happening| known.insert(happening.event_id)) {
            let workspace = happening.workspace_id;
            let record = records.get_mut(&workspace).ok_or_else(|| StoreError::corrupt("record"))?;
            entries.push(record.append(happening, now));
        }
        if !entries.is_empty() {
            insert(transaction, &entries).await?;
            records::save(transaction, &records).await?;
        }
        Ok(entries.len())
    }
}

/// Which of these are in the record.
async fn known(transaction: &Transaction, happenings: &[Happening]) -> Result<HashSet<Uuid>, StoreError> {
    let (mut happenings, mut known) = (happenings, HashSet::new());
    let backend = transaction.get_database_backend();
    for size in statement_sizes(happenings.len()) {
        let (now, later) = happenings.split_at(size);
        happenings = later;
        let ids: Vec<Value> = now.iter().map(|happening| happening.event_id.into()).collect();
        let text = format!("SELECT event_id FROM audit_event WHERE event_id IN {}", parameters(backend, 1, size));
        let statement = Statement::from_sql_and_values(backend, text, ids);
        for row in transaction.query_all_raw(statement).await? {
            known.insert(row.try_get("", "event_id")?);
        }
    }
    Ok(known)
}

async fn insert(transaction: &Transaction, entries: &[Entry]) -> Result<(), StoreError> {
    let mut entries = entries;
    let backend = transaction.get_database_backend();
    for size in statement_sizes(entries.len()) {
        let (now, later) = entries.split_at(size);
        entries = later;
        let mut values = Vec::with_capacity(size * WIDTH);
        for entry in now {
            values.extend(row(entry)?);
        }
        let text = format!("INSERT INTO audit_event ({COLUMNS}) VALUES {}", parameters(backend, size, WIDTH));
        let statement = Statement::from_sql_and_values(backend, text, values);
        transaction.execute_raw(statement).await?;
    }
    Ok(())
}

fn row(entry: &Entry) -> Result<[Value; WIDTH], StoreError> {
    let happening = &entry.happening;
    // JSON writes a NUL as an escape, which is text like any other.
    let actor = serde_json::to_string(&happening.actor).map_err(|_| StoreError::corrupt("audit_event.actor"))?;
    Ok([
        happening.event_id.into(),
        happening.workspace_id.0.into(),
        entry.sequence.into(),
        without_nul(&happening.entity).into(),
        happening.entity_id.into(),
        happening.epoch.into(),
        happening.version.into(),
        without_nul(&happening.verb).into(),
        happening.actor.user_id.0.into(),
        actor.into(),
        happening.time.as_micros().into(),
        entry.record_time.as_micros().into(),
        without_nul(&happening.source).into(),
        happening.trace_parent.as_deref().map(without_nul).into(),
        without_nul(&happening.event_type).into(),
        happening.payload.clone().into(),
    ])
}

/// Splits `rows` into powers of two: a handful of different statements, each prepared once on a connection.
pub(super) fn statement_sizes(rows: usize) -> impl Iterator<Item = usize> {
    let mut left = rows;
    iter::from_fn(move || {
        let size = 1 << left.min(MOST_ROWS).checked_ilog2()?;
        left -= size;
        Some(size)
    })
}

/// `($1, $2), ($3, $4)`: parameters for `rows` rows of `width` columns. On SQLite `(?, ?), (?, ?)`: it looks a named
/// parameter up by walking over all of them, which in a statement of this size costs more than everything else.
pub(super) fn parameters(backend: DbBackend, rows: usize, width: usize) -> String {
    let parameter = |number: usize| match backend {
        DbBackend::Sqlite => "?".to_owned(),
        _ => format!("${number}"),
    };
    let row = |row: usize| {
        let parameters: Vec<_> = (1..=width).map(|column| parameter(row * width + column)).collect();
        format!("({})", parameters.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_split_into_few_kinds_of_statements() {
        assert_eq!(statement_sizes(0).count(), 0);
        assert_eq!(statement_sizes(300).collect::<Vec<_>>(), [128, 128, 32, 8, 4]);
    }

    #[test]
    fn parameters_are_numbered_row_by_row() {
        assert_eq!(parameters(DbBackend::Postgres, 2, 2), "($1, $2), ($3, $4)");
        assert_eq!(parameters(DbBackend::Sqlite, 2, 1), "(?), (?)");
    }
}
