//! Table `channel`.

use mesh_store::StoreError;
use mesh_types::{Timestamp, UserId, WorkspaceId};
use sea_orm::entity::prelude::*;

use crate::domain::{Channel, ChannelName, WebhookUrl};

/// A row. Instants are microseconds. Keys are in a table of their own.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "channel")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) workspace_id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) host: String,
    pub(crate) secret_create_us: i64,
    pub(crate) enabled: bool,
    pub(crate) suspend_reason: Option<String>,
    pub(crate) last_success_us: Option<i64>,
    pub(crate) last_failure_us: Option<i64>,
    pub(crate) create_us: i64,
    pub(crate) update_us: i64,
    pub(crate) delete_us: Option<i64>,
    pub(crate) version: i64,
    pub(crate) created_by: Uuid,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<&Channel> for Model {
    fn from(channel: &Channel) -> Self {
        Self {
            id: channel.id,
            workspace_id: channel.workspace_id.0,
            user_id: channel.user_id.0,
            name: channel.name.as_str().to_owned(),
            url: channel.url.as_str().to_owned(),
            host: channel.url.host().to_owned(),
            secret_create_us: channel.secret_create_time.as_micros(),
            enabled: channel.enabled,
            suspend_reason: channel.suspend_reason.clone(),
            last_success_us: channel.last_success_time.map(Timestamp::as_micros),
            last_failure_us: channel.last_failure_time.map(Timestamp::as_micros),
            create_us: channel.create_time.as_micros(),
            update_us: channel.update_time.as_micros(),
            delete_us: channel.delete_time.map(Timestamp::as_micros),
            version: channel.version,
            created_by: channel.created_by.0,
        }
    }
}

impl TryFrom<Model> for Channel {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            workspace_id: WorkspaceId(row.workspace_id),
            user_id: UserId(row.user_id),
            name: ChannelName::kept(row.name),
            url: WebhookUrl::kept(row.url).ok_or_else(|| StoreError::corrupt("channel.url"))?,
            secret_create_time: Timestamp::from_micros(row.secret_create_us),
            enabled: row.enabled,
            suspend_reason: row.suspend_reason,
            last_success_time: row.last_success_us.map(Timestamp::from_micros),
            last_failure_time: row.last_failure_us.map(Timestamp::from_micros),
            create_time: Timestamp::from_micros(row.create_us),
            update_time: Timestamp::from_micros(row.update_us),
            delete_time: row.delete_us.map(Timestamp::from_micros),
            version: row.version,
            created_by: UserId(row.created_by),
        })
    }
}
