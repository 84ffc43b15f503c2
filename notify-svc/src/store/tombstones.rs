//! Tombstones: what is void of what a reminder told, in case the voiding comes first. The row is also the lock under
//! which the events of a reminder are handled.

use std::collections::{BTreeMap, HashMap};

use mesh_store::{Sql, StoreError, Transaction};
use serde_json::json;
use uuid::Uuid;

use crate::domain::Revision;

/// Rows are one JSON parameter, so that the statement is the same for every number of them.
const RAISE: Sql = Sql {
    postgres: "
        INSERT INTO reminder_tombstone AS known (reminder_id, epoch, version)
        SELECT reminder_id, epoch, version
        FROM json_to_recordset($1::json) AS new (reminder_id uuid, epoch bigint, version bigint) ORDER BY reminder_id
        ON CONFLICT (reminder_id) DO UPDATE SET
            epoch = CASE WHEN (excluded.epoch, excluded.version) > (known.epoch, known.version)
                    THEN excluded.epoch ELSE known.epoch END,
            version = CASE WHEN (excluded.epoch, excluded.version) > (known.epoch, known.version)
                      THEN excluded.version ELSE known.version END
        RETURNING reminder_id, epoch, version",
    sqlite: "
        INSERT INTO reminder_tombstone AS known (reminder_id, epoch, version)
        SELECT unhex(value->>'reminder_id', '-'), value->>'epoch', value->>'version' FROM json_each($1) WHERE true
        ON CONFLICT (reminder_id) DO UPDATE SET
            epoch = CASE WHEN (excluded.epoch, excluded.version) > (known.epoch, known.version)
                    THEN excluded.epoch ELSE known.epoch END,
            version = CASE WHEN (excluded.epoch, excluded.version) > (known.epoch, known.version)
                      THEN excluded.version ELSE known.version END
        RETURNING reminder_id, epoch, version",
};

/// Notes these revisions as the newest that made something void, unless newer ones are known; and returns the newest
/// known. The reminders stay locked until the transaction ends, also those whose revision is zero.
pub(super) async fn raise(
    transaction: &Transaction,
    revisions: &BTreeMap<Uuid, Revision>,
) -> Result<HashMap<Uuid, Revision>, StoreError> {
    let row = |(id, revision): (&Uuid, &Revision)| json!({ "reminder_id": id, "epoch": revision.epoch, "version": revision.version });
    let rows: serde_json::Value = revisions.iter().map(row).collect();
    let rows = RAISE.all(transaction, [rows.to_string().into()]).await?;
    let read = |row: sea_orm::QueryResult| {
        let revision = Revision { epoch: row.try_get("", "epoch")?, version: row.try_get("", "version")? };
        Ok((row.try_get("", "reminder_id")?, revision))
    };
    rows.into_iter().map(read).collect()
}
