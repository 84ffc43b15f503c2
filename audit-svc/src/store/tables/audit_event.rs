//! Table `audit_event`.

use mesh_store::StoreError;
use mesh_types::{Timestamp, WorkspaceId};
use sea_orm::entity::prelude::*;

use crate::domain::{Entry, Happening};

/// A row. Instants are microseconds; `actor` is a JSON object, and `user_id` its user.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_event")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) event_id: Uuid,
    pub(crate) workspace_id: Uuid,
    pub(crate) sequence: i64,
    pub(crate) entity: String,
    pub(crate) entity_id: Uuid,
    pub(crate) epoch: i64,
    pub(crate) version: i64,
    pub(crate) verb: String,
    pub(crate) user_id: Uuid,
    pub(crate) actor: String,
    pub(crate) event_us: i64,
    pub(crate) record_us: i64,
    pub(crate) source: String,
    pub(crate) trace_parent: Option<String>,
    pub(crate) event_type: String,
    pub(crate) payload: Vec<u8>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Entry {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let happening = Happening {
            event_id: row.event_id,
            workspace_id: WorkspaceId(row.workspace_id),
            entity: row.entity,
            entity_id: row.entity_id,
            epoch: row.epoch,
            version: row.version,
            verb: row.verb,
            actor: serde_json::from_str(&row.actor).map_err(|_| StoreError::corrupt("audit_event.actor"))?,
            time: Timestamp::from_micros(row.event_us),
            source: row.source,
            trace_parent: row.trace_parent,
            event_type: row.event_type,
            payload: row.payload,
        };
        Ok(Self { happening, sequence: row.sequence, record_time: Timestamp::from_micros(row.record_us) })
    }
}
