//! Table `delivery`.

use mesh_store::StoreError;
use mesh_types::{Timestamp, UserId, WorkspaceId};
use sea_orm::entity::prelude::*;

use crate::domain::{Delivery, DeliveryState, NotificationId};

/// A row, without its lease, which only SQL looks at. Instants are microseconds; `attempts` is a JSON array.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "delivery")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) workspace_id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) notification_id: Uuid,
    pub(crate) channel_id: Uuid,
    pub(crate) state: i16,
    pub(crate) next_us: Option<i64>,
    pub(crate) attempt_count: i32,
    pub(crate) failures: i32,
    pub(crate) attempts: String,
    pub(crate) deliver_us: Option<i64>,
    pub(crate) create_us: i64,
    pub(crate) update_us: i64,
    pub(crate) version: i64,
    pub(crate) created_by: Uuid,
    pub(crate) trace_parent: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Delivery {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            workspace_id: WorkspaceId(row.workspace_id),
            user_id: UserId(row.user_id),
            notification_id: NotificationId(row.notification_id),
            channel_id: row.channel_id,
            state: DeliveryState::coded(row.state).ok_or_else(|| StoreError::corrupt("delivery.state"))?,
            next_attempt_time: row.next_us.map(Timestamp::from_micros),
            attempt_count: row.attempt_count,
            failures: u32::try_from(row.failures).map_err(|_| StoreError::corrupt("delivery.failures"))?,
            attempts: serde_json::from_str(&row.attempts).map_err(|_| StoreError::corrupt("delivery.attempts"))?,
            deliver_time: row.deliver_us.map(Timestamp::from_micros),
            create_time: Timestamp::from_micros(row.create_us),
            update_time: Timestamp::from_micros(row.update_us),
            version: row.version,
            created_by: UserId(row.created_by),
            trace_parent: row.trace_parent,
        })
    }
}
