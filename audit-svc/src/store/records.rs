//! How far each workspace's record has come: the rows that are locked to append.

use std::collections::BTreeMap;

use mesh_store::{StoreError, Transaction};
use mesh_types::{Timestamp, WorkspaceId};
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};

use super::append::{parameters, statement_sizes};
use crate::domain::Record;

/// The records of some workspaces, in the order in which they are locked.
pub(super) type Records = BTreeMap<WorkspaceId, Record>;

/// Locks the records of these workspaces until the transaction ends, beginning those that are new. Everybody locks in
/// the same order, so nobody waits in a circle.
pub(super) async fn lock(
    transaction: &Transaction,
    workspaces: impl IntoIterator<Item = WorkspaceId>,
) -> Result<Records, StoreError> {
    let new = Record { size: 0, last_time: Timestamp::default() };
    let asked: Records = workspaces.into_iter().map(|workspace| (workspace, new)).collect();
    let mut locked = Records::new();
    // The update changes nothing; it is what locks the row and shows it, in one statement.
    for rows in upsert(transaction, &asked, "size = record.size").await? {
        locked.insert(WorkspaceId(rows.try_get("", "workspace_id")?), record(&rows)?);
    }
    Ok(locked)
}

/// Writes how far the records have come.
pub(super) async fn save(transaction: &Transaction, records: &Records) -> Result<(), StoreError> {
    upsert(transaction, records, "size = excluded.size, last_us = excluded.last_us").await.map(drop)
}

async fn upsert(transaction: &Transaction, records: &Records, set: &str) -> Result<Vec<QueryResult>, StoreError> {
    let mut records: &[(&WorkspaceId, &Record)] = &records.iter().collect::<Vec<_>>();
    let mut rows = Vec::with_capacity(records.len());
    let backend = transaction.get_database_backend();
    for size in statement_sizes(records.len()) {
        let (now, later) = records.split_at(size);
        records = later;
        let values: Vec<Value> = now.iter().flat_map(|(workspace, record)| row(**workspace, **record)).collect();
        let text = format!(
            "INSERT INTO record (workspace_id, size, last_us) VALUES {}
             ON CONFLICT (workspace_id) DO UPDATE SET {set} RETURNING workspace_id, size, last_us",
            parameters(backend, size, 3)
        );
        let statement = Statement::from_sql_and_values(backend, text, values);
        rows.extend(transaction.query_all_raw(statement).await?);
    }
    Ok(rows)
}

fn row(workspace: WorkspaceId, record: Record) -> [Value; 3] {
    [workspace.0.into(), record.size.into(), record.last_time.as_micros().into()]
}

fn record(row: &QueryResult) -> Result<Record, StoreError> {
    Ok(Record { size: row.try_get("", "size")?, last_time: Timestamp::from_micros(row.try_get("", "last_us")?) })
}
