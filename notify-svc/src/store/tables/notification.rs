//! Table `notification`.

use mesh_store::StoreError;
use mesh_types::{TaskId, Timestamp, UserId, WorkspaceId};
use sea_orm::entity::prelude::*;

use crate::domain::{Category, Notification, NotificationId};

/// A row, without the revision of the reminder, which only SQL looks at. Instants are microseconds.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notification")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) workspace_id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) category: i16,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) task_id: Option<Uuid>,
    pub(crate) reminder_id: Option<Uuid>,
    pub(crate) event_us: i64,
    pub(crate) late: bool,
    pub(crate) urgent: bool,
    pub(crate) seen_us: Option<i64>,
    pub(crate) read_us: Option<i64>,
    pub(crate) withdraw_us: Option<i64>,
    pub(crate) create_us: i64,
    pub(crate) update_us: i64,
    pub(crate) version: i64,
    pub(crate) created_by: Uuid,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl TryFrom<Model> for Notification {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let category = Category::coded(row.category);
        Ok(Self {
            id: NotificationId(row.id),
            workspace_id: WorkspaceId(row.workspace_id),
            user_id: UserId(row.user_id),
            category: category.ok_or_else(|| StoreError::corrupt("notification.category"))?,
            title: row.title,
            body: row.body,
            task_id: row.task_id.map(TaskId),
            reminder_id: row.reminder_id,
            event_time: Timestamp::from_micros(row.event_us),
            late: row.late,
            urgent: row.urgent,
            seen_time: row.seen_us.map(Timestamp::from_micros),
            read_time: row.read_us.map(Timestamp::from_micros),
            withdraw_time: row.withdraw_us.map(Timestamp::from_micros),
            create_time: Timestamp::from_micros(row.create_us),
            update_time: Timestamp::from_micros(row.update_us),
            version: row.version,
            created_by: UserId(row.created_by),
        })
    }
}
