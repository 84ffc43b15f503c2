//! Table `reminder`.

use mesh_store::StoreError;
use mesh_types::{TaskId, Timestamp, UserId, WorkspaceId};
use sea_orm::entity::prelude::*;

use crate::domain::{Anchor, PageKey, PersonDay, Reminder, State, When};

/// A row. Instants and spans are microseconds; `channel_ids` is a JSON array; `offset_us` or `at_us` is set; `fire_us` of
/// one that will not fire is the largest number there is.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reminder")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) workspace_id: Uuid,
    pub(crate) task_id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) offset_us: Option<i64>,
    pub(crate) anchor: i16,
    pub(crate) at_us: Option<i64>,
    pub(crate) repeat_us: Option<i64>,
    pub(crate) repeat_limit: Option<i32>,
    pub(crate) channel_ids: String,
    pub(crate) carry_over: Option<bool>,
    pub(crate) state: i16,
    pub(crate) fire_us: i64,
    pub(crate) last_fire_us: Option<i64>,
    pub(crate) fire_count: i32,
    pub(crate) late: bool,
    pub(crate) snooze_us: Option<i64>,
    pub(crate) base_us: Option<i64>,
    pub(crate) round: i32,
    pub(crate) zone: Option<String>,
    pub(crate) day_start: Option<String>,
    pub(crate) trace_parent: Option<String>,
    pub(crate) create_us: i64,
    pub(crate) update_us: i64,
    pub(crate) delete_us: Option<i64>,
    pub(crate) version: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<&Reminder> for Model {
    fn from(reminder: &Reminder) -> Self {
        let channels: Vec<_> = reminder.channel_ids.iter().map(Uuid::to_string).collect();
        Self {
            id: reminder.id,
            workspace_id: reminder.workspace_id.0,
            task_id: reminder.task_id.0,
            user_id: reminder.user_id.0,
            offset_us: reminder.offset(),
            anchor: reminder.anchor().unwrap_or_default().code(),
            at_us: reminder.at().map(Timestamp::as_micros),
            repeat_us: reminder.repeat_micros,
            repeat_limit: reminder.repeat_limit,
            channel_ids: serde_json::Value::from(channels).to_string(),
            carry_over: reminder.carry_over,
            state: reminder.state.code(),
            fire_us: reminder.fire_time.map_or(PageKey::NEVER, Timestamp::as_micros),
            last_fire_us: reminder.last_fire_time.map(Timestamp::as_micros),
            fire_count: reminder.fire_count,
            late: reminder.late,
            snooze_us: reminder.snooze_until.map(Timestamp::as_micros),
            base_us: reminder.base.map(Timestamp::as_micros),
            round: reminder.round,
            zone: reminder.day.zone.clone(),
            day_start: reminder.day.start.clone(),
            trace_parent: reminder.trace_parent.clone(),
            create_us: reminder.create_time.as_micros(),
            update_us: reminder.update_time.as_micros(),
            delete_us: reminder.delete_time.map(Timestamp::as_micros),
            version: reminder.version,
        }
    }
}

impl TryFrom<Model> for Reminder {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.id,
            workspace_id: WorkspaceId(row.workspace_id),
            task_id: TaskId(row.task_id),
            user_id: UserId(row.user_id),
            when: when(&row).ok_or_else(|| StoreError::corrupt("reminder.offset_us"))?,
            repeat_micros: row.repeat_us,
            repeat_limit: row.repeat_limit,
            channel_ids: serde_json::from_str(&row.channel_ids)
                .map_err(|_| StoreError::corrupt("reminder.channel_ids"))?,
            carry_over: row.carry_over,
            state: State::coded(row.state).ok_or_else(|| StoreError::corrupt("reminder.state"))?,
            fire_time: (row.fire_us != PageKey::NEVER).then(|| Timestamp::from_micros(row.fire_us)),
            last_fire_time: row.last_fire_us.map(Timestamp::from_micros),
            fire_count: row.fire_count,
            late: row.late,
            snooze_until: row.snooze_us.map(Timestamp::from_micros),
            base: row.base_us.map(Timestamp::from_micros),
            round: row.round,
            day: PersonDay { zone: row.zone, start: row.day_start },
            trace_parent: row.trace_parent,
            create_time: Timestamp::from_micros(row.create_us),
            update_time: Timestamp::from_micros(row.update_us),
            delete_time: row.delete_us.map(Timestamp::from_micros),
            version: row.version,
        })
    }
}

fn when(row: &Model) -> Option<When> {
    match (row.offset_us, row.at_us) {
        (Some(micros), None) => Some(When::Offset(micros, Anchor::coded(row.anchor)?)),
        (None, Some(micros)) => Some(When::At(Timestamp::from_micros(micros))),
        _ => None,
    }
}
