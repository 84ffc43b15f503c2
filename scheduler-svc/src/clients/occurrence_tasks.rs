//! The tasks of occurrences, as the task service is told of them.

use jiff::tz::TimeZone;
use mesh_proto::task::v1 as proto;
use mesh_recurrence::Nominal;
use mesh_rpc::fields::timestamp;

use crate::domain::{Occurrence, Place, Schedule, Template};

/// What the tasks of a schedule have in common with this one.
pub(crate) fn template(task: &proto::Task) -> Template {
    Template {
        title: task.title.clone().unwrap_or_default(),
        description: task.description.clone(),
        priority: task.priority,
        tags: task.tags.clone(),
        list_id: task.list_id.as_deref().and_then(|id| id.parse().ok()),
        parent_id: task.parent_id.as_deref().and_then(|id| id.parse().ok()),
        start_before_seconds: None,
    }
}

/// The task that is this occurrence.
pub(crate) fn message(schedule: &Schedule, occurrence: &Occurrence) -> proto::Task {
    let Template { title, description, priority, tags, list_id, parent_id, .. } = schedule.template.clone();
    let start = schedule.template.start_for(occurrence.place.local);
    proto::Task {
        workspace_id: schedule.workspace_id.to_string(),
        title: Some(title),
        description,
        priority,
        tags,
        list_id: list_id.map(|id| id.to_string()),
        parent_id: parent_id.map(|id| id.to_string()),
        due: Some(due(&occurrence.place, &schedule.time_zone)),
        start: start.map(|start| wall_time(start, &schedule.time_zone)),
        schedule_id: Some(schedule.id.to_string()),
        occurrence: Some(occurrence.nominal.to_string()),
        ..proto::Task::default()
    }
}

/// The same task, in no list and a part of nothing.
pub(crate) fn without_places(task: proto::Task) -> proto::Task {
    proto::Task { list_id: None, parent_id: None, ..task }
}

/// What makes a task that is there already this occurrence.
pub(crate) fn link(occurrence: &Occurrence) -> proto::Task {
    proto::Task {
        id: occurrence.task_id.to_string(),
        schedule_id: Some(occurrence.schedule_id.to_string()),
        occurrence: Some(occurrence.nominal.to_string()),
        ..proto::Task::default()
    }
}

/// The fields that [`link`] sets.
pub(crate) const LINK_PATHS: [&str; 2] = ["schedule_id", "occurrence"];

/// What makes a task that is there already this occurrence, and lets it say what the schedule says.
pub(crate) fn adopted(schedule: &Schedule, occurrence: &Occurrence) -> proto::Task {
    proto::Task { id: occurrence.task_id.to_string(), ..message(schedule, occurrence) }
}

/// The fields that [`adopted`] sets.
pub(crate) const ADOPT_PATHS: [&str; 10] =
    ["title", "description", "priority", "tags", "list_id", "parent_id", "due", "start", "schedule_id", "occurrence"];

/// The same, but for where it is.
pub(crate) const ADOPT_IN_PLACE_PATHS: [&str; 8] =
    ["title", "description", "priority", "tags", "due", "start", "schedule_id", "occurrence"];

/// The wall time is what was meant. Only where it would be read as another instant (the second of two that a clock shows
/// alike) the instant is told.
fn due(place: &Place, zone: &str) -> proto::TaskTime {
    let rules = mesh_recurrence::zone(zone).map_or(TimeZone::UTC, |(_, rules)| rules);
    let read = Place::of(place.local, &rules).map(|read| read.instant);
    if place.local.is_date() || read == Some(place.instant) {
        return wall_time(place.local, zone);
    }
    let value = Some(proto::task_time::Value::Time(timestamp(place.instant)));
    proto::TaskTime { value, time_zone: zone.to_owned() }
}

fn wall_time(time: Nominal, zone: &str) -> proto::TaskTime {
    let value = match time {
        Nominal::Date(_) => proto::task_time::Value::Date(time.to_string()),
        Nominal::Local(_) => proto::task_time::Value::LocalTime(time.to_string()),
    };
    proto::TaskTime { value: Some(value), time_zone: zone.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(local: &str, instant: &str) -> Place {
        let instant: jiff::Timestamp = instant.parse().expect("an instant");
        Place {
            instant: crate::domain::from_jiff(instant),
            local: local.parse().expect("a nominal start"),
            offset_seconds: 0,
            adjustments: Vec::new(),
        }
    }

    #[test]
    fn a_task_is_due_by_the_clock_on_the_wall_unless_that_is_ambiguous() {
        use proto::task_time::Value;
        let due = |local, instant| due(&place(local, instant), "Europe/Berlin").value;
        let first = due("2026-10-25T02:30:00", "2026-10-25T00:30:00Z");
        assert_eq!(first, Some(Value::LocalTime("2026-10-25T02:30:00".to_owned())));
        assert!(matches!(due("2026-10-25T02:30:00", "2026-10-25T01:30:00Z"), Some(Value::Time(_))));
        assert_eq!(due("2026-10-25", "2026-10-24T22:00:00Z"), Some(Value::Date("2026-10-25".to_owned())));
    }
}
