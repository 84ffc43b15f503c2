//! The writable fields of a task, each read from the message into the domain.

use mesh_proto::task::v1 as proto;
use mesh_rpc::fields::{Broken, Checks, instant};
use mesh_types::TaskId;
use uuid::Uuid;

use crate::domain::{
    Description, Occurrence, PlannedTime, PlannedTimeError, Priority, Series, Status, Tags, TextError, Title, Zone,
};

impl Broken for TextError {
    fn rule(&self) -> &'static str {
        Self::rule(*self)
    }
}

impl Broken for PlannedTimeError {
    fn rule(&self) -> &'static str {
        Self::rule(*self)
    }
}

/// The id of a task.
pub(super) fn task_id(field: &str, text: &str, checks: &mut Checks) -> Option<TaskId> {
    checks.uuid(field, text).map(TaskId)
}

// A cleared field is `Some(None)`; `None` means that it broke a rule, which is noted.

pub(super) fn title(task: &mut proto::Task, checks: &mut Checks) -> Option<Title> {
    let Some(text) = task.title.take() else {
        checks.add("task.title", "required", "is needed");
        return None;
    };
    checks.keep("task.title", Title::new(text))
}

pub(super) fn description(task: &mut proto::Task, checks: &mut Checks) -> Option<Option<Description>> {
    checks.keep("task.description", Description::new(task.description.take().unwrap_or_default()))
}

/// What is not said is `None`, without a note.
pub(super) fn status(task: &proto::Task, checks: &mut Checks) -> Option<Status> {
    let code = task.status?;
    let status = i16::try_from(code).ok().and_then(Status::coded);
    if status.is_none() {
        checks.add("task.status", "enum.defined_only", "must be a status that is defined");
    }
    status
}

pub(super) fn priority(task: &proto::Task, checks: &mut Checks) -> Option<Priority> {
    let Some(rank) = task.priority else { return Some(Priority::None) };
    let priority = i16::try_from(rank).ok().and_then(Priority::ranked);
    if priority.is_none() {
        checks.add("task.priority", "enum.defined_only", "must be a priority that is defined");
    }
    priority
}

pub(super) fn tags(task: &mut proto::Task, checks: &mut Checks) -> Option<Tags> {
    match Tags::new(std::mem::take(&mut task.tags)) {
        Ok(tags) => Some(tags),
        Err((index, error)) => {
            checks.add(format!("task.tags[{index}]"), error.rule(), error.to_string());
            None
        }
    }
}

pub(super) fn list_id(task: &proto::Task, checks: &mut Checks) -> Option<Option<Uuid>> {
    optional(task.list_id.as_deref(), |text| checks.uuid("task.list_id", text))
}

pub(super) fn parent_id(task: &proto::Task, checks: &mut Checks) -> Option<Option<TaskId>> {
    optional(task.parent_id.as_deref(), |text| task_id("task.parent_id", text, checks))
}

pub(super) fn start(task: &mut proto::Task, checks: &mut Checks) -> Option<Option<PlannedTime>> {
    optional(task.start.take(), |time| planned_time("task.start", time, checks))
}

pub(super) fn due(task: &mut proto::Task, checks: &mut Checks) -> Option<Option<PlannedTime>> {
    optional(task.due.take(), |time| planned_time("task.due", time, checks))
}

/// Both of its fields, or neither.
pub(super) fn series(task: &proto::Task, checks: &mut Checks) -> Option<Option<Series>> {
    match (task.schedule_id.as_deref(), task.occurrence.as_deref()) {
        (None, None) => Some(None),
        (Some(schedule), Some(text)) => {
            let occurrence = Occurrence::parse(text);
            if occurrence.is_none() {
                checks.add("task.occurrence", "occurrence", "must be YYYY-MM-DD or YYYY-MM-DDTHH:MM:SS");
            }
            let schedule_id = checks.uuid("task.schedule_id", schedule);
            Some(Some(Series { schedule_id: schedule_id?, occurrence: occurrence? }))
        }
        (schedule, _) => {
            let missing = if schedule.is_none() { "task.schedule_id" } else { "task.occurrence" };
            checks.add(missing, "required", "schedule_id and occurrence go together");
            None
        }
    }
}

fn optional<T, U>(value: Option<T>, read: impl FnOnce(T) -> Option<U>) -> Option<Option<U>> {
    match value {
        None => Some(None),
        Some(value) => read(value).map(Some),
    }
}

fn planned_time(field: &str, time: proto::TaskTime, checks: &mut Checks) -> Option<PlannedTime> {
    use proto::task_time::Value;
    let zone = (!time.time_zone.is_empty()).then_some(time.time_zone);
    let zone = optional(zone, |name| checks.keep(&format!("{field}.time_zone"), Zone::new(&name)));
    match time.value {
        Some(Value::Time(time)) => {
            let instant = instant(&time).ok_or(PlannedTimeError::NotAnInstant);
            let instant = checks.keep(&format!("{field}.time"), instant);
            Some(PlannedTime::Instant(instant?, zone?))
        }
        Some(Value::LocalTime(text)) => {
            let zone = checks.keep(&format!("{field}.time_zone"), zone?.ok_or(PlannedTimeError::ZoneMissing));
            checks.keep(&format!("{field}.local_time"), PlannedTime::local_time(&text, zone?))
        }
        Some(Value::Date(text)) => checks.keep(&format!("{field}.date"), PlannedTime::date(&text, zone?)),
        None => {
            checks.add(field, "required", "must hold a time, a local_time or a date");
            None
        }
    }
}
