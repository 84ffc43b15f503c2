//! Table `task`.

use mesh_store::StoreError;
use mesh_types::{TaskId, Timestamp, UserId, WorkspaceId};
use sea_orm::entity::prelude::*;

use crate::domain::{
    Description, Occurrence, PlannedTime, Position, Priority, Series, SortValue, Status, Tags, Task, Title, Zone,
};

/// A row. Instants are microseconds; `tags` is a JSON array.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "task")]
pub(crate) struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub(crate) id: Uuid,
    pub(crate) workspace_id: Uuid,
    pub(crate) list_id: Option<Uuid>,
    pub(crate) parent_id: Option<Uuid>,
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    pub(crate) status: i16,
    pub(crate) priority: i16,
    pub(crate) tags: String,
    pub(crate) start_us: Option<i64>,
    pub(crate) start_local: Option<String>,
    pub(crate) start_zone: Option<String>,
    pub(crate) due_us: i64,
    pub(crate) due_local: Option<String>,
    pub(crate) due_zone: Option<String>,
    pub(crate) position: String,
    pub(crate) schedule_id: Option<Uuid>,
    pub(crate) occurrence: Option<String>,
    pub(crate) completed_us: Option<i64>,
    pub(crate) create_us: i64,
    pub(crate) update_us: i64,
    pub(crate) delete_us: Option<i64>,
    pub(crate) version: i64,
    pub(crate) created_by: Uuid,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub(crate) enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl From<&Task> for Model {
    fn from(task: &Task) -> Self {
        let start = TimeColumns::from(task.start.as_ref());
        let due = TimeColumns::from(task.due.as_ref());
        Self {
            id: task.id.0,
            workspace_id: task.workspace_id.0,
            list_id: task.list_id,
            parent_id: task.parent_id.map(|parent| parent.0),
            title: task.title.as_str().to_owned(),
            description: task.description.as_ref().map(|description| description.as_str().to_owned()),
            status: task.status.code(),
            priority: task.priority.rank(),
            tags: serde_json::Value::from(task.tags.as_slice()).to_string(),
            start_us: start.us,
            start_local: start.local,
            start_zone: start.zone,
            due_us: due.us.unwrap_or(SortValue::NEVER_DUE),
            due_local: due.local,
            due_zone: due.zone,
            position: task.position.as_str().to_owned(),
            schedule_id: task.series.as_ref().map(|series| series.schedule_id),
            occurrence: task.series.as_ref().map(|series| series.occurrence.to_string()),
            completed_us: task.completed_time.map(Timestamp::as_micros),
            create_us: task.create_time.as_micros(),
            update_us: task.update_time.as_micros(),
            delete_us: task.delete_time.map(Timestamp::as_micros),
            version: task.version,
            created_by: task.created_by.0,
        }
    }
}

impl TryFrom<Model> for Task {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let due_us = (row.due_us != SortValue::NEVER_DUE).then_some(row.due_us);
        let due = TimeColumns { us: due_us, local: row.due_local, zone: row.due_zone };
        let start = TimeColumns { us: row.start_us, local: row.start_local, zone: row.start_zone };
        Ok(Self {
            id: TaskId(row.id),
            workspace_id: WorkspaceId(row.workspace_id),
            list_id: row.list_id,
            parent_id: row.parent_id.map(TaskId),
            title: Title::kept(row.title),
            description: row.description.map(Description::kept),
            status: Status::coded(row.status).ok_or_else(|| StoreError::corrupt("task.status"))?,
            priority: Priority::ranked(row.priority).ok_or_else(|| StoreError::corrupt("task.priority"))?,
            tags: serde_json::from_str(&row.tags).map(Tags::kept).map_err(|_| StoreError::corrupt("task.tags"))?,
            start: start.read().ok_or_else(|| StoreError::corrupt("task.start"))?,
            due: due.read().ok_or_else(|| StoreError::corrupt("task.due"))?,
            position: Position::kept(row.position),
            series: series(row.schedule_id, row.occurrence).ok_or_else(|| StoreError::corrupt("task.occurrence"))?,
            completed_time: row.completed_us.map(Timestamp::from_micros),
            create_time: Timestamp::from_micros(row.create_us),
            update_time: Timestamp::from_micros(row.update_us),
            delete_time: row.delete_us.map(Timestamp::from_micros),
            version: row.version,
            created_by: UserId(row.created_by),
        })
    }
}

/// A planned time in three columns: what it sorts by; the wall time or day, unless it is an instant; the zone.
#[derive(Default)]
struct TimeColumns {
    us: Option<i64>,
    local: Option<String>,
    zone: Option<String>,
}

impl From<Option<&PlannedTime>> for TimeColumns {
    fn from(time: Option<&PlannedTime>) -> Self {
        let Some(time) = time else { return Self::default() };
        let local = match time {
            PlannedTime::Instant(..) => None,
            PlannedTime::LocalTime(wall, _) => Some(wall.to_string()),
            PlannedTime::Date(date, _) => Some(date.to_string()),
        };
        let zone = time.zone().map(|zone| zone.as_str().to_owned());
        Self { us: Some(time.sort_key().as_micros()), local, zone }
    }
}

impl TimeColumns {
    /// `None` when the columns make no sense.
    fn read(self) -> Option<Option<PlannedTime>> {
        let Some(us) = self.us else { return Some(None) };
        let zone = self.zone.map(Zone::kept);
        let time = match self.local.as_deref() {
            None => PlannedTime::Instant(Timestamp::from_micros(us), zone),
            Some(day) if day.len() == 10 => PlannedTime::date(day, zone).ok()?,
            Some(wall) => PlannedTime::local_time(wall, zone?).ok()?,
        };
        Some(Some(time))
    }
}

/// `None` when the columns make no sense.
fn series(schedule_id: Option<Uuid>, occurrence: Option<String>) -> Option<Option<Series>> {
    match (schedule_id, occurrence) {
        (None, None) => Some(None),
        (Some(schedule_id), Some(text)) => Some(Some(Series { schedule_id, occurrence: Occurrence::parse(&text)? })),
        _ => None,
    }
}
