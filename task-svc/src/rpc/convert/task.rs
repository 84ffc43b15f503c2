//! A task as the contract tells it, and back.

use mesh_proto::task::v1 as proto;
use mesh_rpc::fields::timestamp;
use mesh_types::{TaskId, Timestamp};

use crate::{
    app::Written,
    domain::{Description, Occurrence, PlannedTime, Position, Priority, Series, Status, Tags, Task, Title, Zone},
};

/// The task as answers and events tell it.
pub(crate) fn task(task: &Task) -> proto::Task {
    proto::Task {
        id: task.id.to_string(),
        workspace_id: task.workspace_id.to_string(),
        list_id: task.list_id.map(|id| id.to_string()),
        parent_id: task.parent_id.map(|id| id.to_string()),
        title: Some(task.title.as_str().to_owned()),
        description: task.description.as_ref().map(|description| description.as_str().to_owned()),
        status: Some(task.status.code().into()),
        priority: Some(task.priority.rank().into()),
        tags: task.tags.as_slice().to_vec(),
        start: task.start.as_ref().map(task_time),
        due: task.due.as_ref().map(task_time),
        position: task.position.as_str().to_owned(),
        schedule_id: task.series.as_ref().map(|series| series.schedule_id.to_string()),
        occurrence: task.series.as_ref().map(|series| series.occurrence.to_string()),
        completed_time: task.completed_time.map(timestamp),
        create_time: Some(timestamp(task.create_time)),
        update_time: Some(timestamp(task.update_time)),
        delete_time: task.delete_time.map(timestamp),
        version: task.version,
        etag: task.etag().to_string(),
        created_by: task.created_by.to_string(),
        change_id: String::new(),
    }
}

/// The answer to a mutation.
pub(in crate::rpc) fn written(written: &Written) -> proto::Task {
    let change_id = written.change_id.map(|id| id.to_string()).unwrap_or_default();
    proto::Task { change_id, ..task(&written.task) }
}

/// The task that an event of ours tells of; `None` if it is none. The rules of requests do not apply: what was accepted
/// once is believed.
pub(crate) fn kept_task(task: proto::Task) -> Option<Task> {
    Some(Task {
        id: task.id.parse().ok()?,
        workspace_id: task.workspace_id.parse().ok()?,
        list_id: parsed(task.list_id)?,
        parent_id: parsed::<TaskId>(task.parent_id)?,
        title: Title::kept(task.title?),
        description: task.description.map(Description::kept),
        status: Status::coded(i16::try_from(task.status?).ok()?)?,
        priority: Priority::ranked(i16::try_from(task.priority?).ok()?)?,
        tags: Tags::kept(task.tags),
        start: kept_time(task.start)?,
        due: kept_time(task.due)?,
        position: Position::kept(task.position),
        series: kept_series(task.schedule_id, task.occurrence)?,
        completed_time: task.completed_time.map(kept_timestamp),
        create_time: kept_timestamp(task.create_time?),
        update_time: kept_timestamp(task.update_time?),
        delete_time: task.delete_time.map(kept_timestamp),
        version: task.version,
        created_by: task.created_by.parse().ok()?,
    })
}

fn task_time(time: &PlannedTime) -> proto::TaskTime {
    use proto::task_time::Value;
    let value = match time {
        PlannedTime::Instant(instant, _) => Value::Time(timestamp(*instant)),
        PlannedTime::LocalTime(wall, _) => Value::LocalTime(wall.to_string()),
        PlannedTime::Date(date, _) => Value::Date(date.to_string()),
    };
    let time_zone = time.zone().map(|zone| zone.as_str().to_owned()).unwrap_or_default();
    proto::TaskTime { value: Some(value), time_zone }
}

fn kept_timestamp(time: prost_types::Timestamp) -> Timestamp {
    Timestamp::from_parts(time.seconds, time.nanos).unwrap_or_default()
}

// `Some(None)` is unset; `None` makes no sense.

fn parsed<T: std::str::FromStr>(text: Option<String>) -> Option<Option<T>> {
    text.map(|text| text.parse().ok()).map_or(Some(None), |id| id.map(Some))
}

fn kept_time(time: Option<proto::TaskTime>) -> Option<Option<PlannedTime>> {
    use proto::task_time::Value;
    let Some(time) = time else { return Some(None) };
    let zone = (!time.time_zone.is_empty()).then(|| Zone::kept(time.time_zone));
    let time = match time.value? {
        Value::Time(time) => PlannedTime::Instant(kept_timestamp(time), zone),
        Value::LocalTime(text) => PlannedTime::local_time(&text, zone?).ok()?,
        Value::Date(text) => PlannedTime::date(&text, zone).ok()?,
    };
    Some(Some(time))
}

fn kept_series(schedule_id: Option<String>, occurrence: Option<String>) -> Option<Option<Series>> {
    let (Some(schedule_id), Some(occurrence)) = (schedule_id, occurrence) else { return Some(None) };
    Some(Some(Series { schedule_id: schedule_id.parse().ok()?, occurrence: Occurrence::parse(&occurrence)? }))
}
