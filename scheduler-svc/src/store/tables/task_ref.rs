//! Table `task_ref`: what is known of tasks.

use mesh_store::StoreError;
use mesh_types::{TaskId, Timestamp, WorkspaceId};
use sea_orm::entity::prelude::*;

use crate::domain::{PlannedTime, TaskRef, TaskStatus};

/// A row. Version 0 is a task that is about to be known: nothing else of it means anything.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "task_ref")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) task_id: Uuid,
    pub(crate) workspace_id: Option<Uuid>,
    pub(crate) epoch: i64,
    pub(crate) version: i64,
    pub(crate) title: String,
    pub(crate) status: i16,
    pub(crate) deleted: bool,
    pub(crate) start_us: Option<i64>,
    pub(crate) start_local: Option<String>,
    pub(crate) start_zone: Option<String>,
    pub(crate) due_us: Option<i64>,
    pub(crate) due_local: Option<String>,
    pub(crate) due_zone: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<&TaskRef> for Model {
    fn from(task: &TaskRef) -> Self {
        let (start, due) = (TimeColumns::from(task.start.as_ref()), TimeColumns::from(task.due.as_ref()));
        Self {
            task_id: task.id.0,
            workspace_id: Some(task.workspace_id.0),
            epoch: task.epoch,
            version: task.version,
            title: task.title.clone(),
            status: task.status.code(),
            deleted: task.deleted,
            start_us: start.us,
            start_local: start.local,
            start_zone: start.zone,
            due_us: due.us,
            due_local: due.local,
            due_zone: due.zone,
        }
    }
}

impl TryFrom<Model> for TaskRef {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let start = TimeColumns { us: row.start_us, local: row.start_local, zone: row.start_zone };
        let due = TimeColumns { us: row.due_us, local: row.due_local, zone: row.due_zone };
        Ok(Self {
            id: TaskId(row.task_id),
            workspace_id: WorkspaceId(row.workspace_id.unwrap_or_default()),
            epoch: row.epoch,
            version: row.version,
            title: row.title,
            status: TaskStatus::coded(row.status).ok_or_else(|| StoreError::corrupt("task_ref.status"))?,
            deleted: row.deleted,
            start: start.read().ok_or_else(|| StoreError::corrupt("task_ref.start"))?,
            due: due.read().ok_or_else(|| StoreError::corrupt("task_ref.due"))?,
        })
    }
}

/// A planned time in three columns: the instant, or the wall time or day; the zone.
#[derive(Default)]
struct TimeColumns {
    us: Option<i64>,
    local: Option<String>,
    zone: Option<String>,
}

impl From<Option<&PlannedTime>> for TimeColumns {
    fn from(time: Option<&PlannedTime>) -> Self {
        let Some(time) = time else { return Self::default() };
        let zone = time.zone().map(str::to_owned);
        match time {
            PlannedTime::Instant(instant, _) => Self { us: Some(instant.as_micros()), local: None, zone },
            PlannedTime::LocalTime(wall, _) => Self { us: None, local: Some(wall.to_string()), zone },
            PlannedTime::Date(date, _) => Self { us: None, local: Some(date.to_string()), zone },
        }
    }
}

impl TimeColumns {
    /// `None` when the columns make no sense.
    fn read(self) -> Option<Option<PlannedTime>> {
        let time = match (self.us, self.local) {
            (None, None) => return Some(None),
            (Some(us), None) => PlannedTime::Instant(Timestamp::from_micros(us), self.zone),
            (None, Some(day)) if day.len() == 10 => PlannedTime::date(&day, self.zone)?,
            (None, Some(wall)) => PlannedTime::local_time(&wall, self.zone?)?,
            (Some(_), Some(_)) => return None,
        };
        Some(Some(time))
    }
}
