//! The writable fields of a schedule, each read from the message into the domain.

use mesh_proto::scheduler::v1 as proto;
use mesh_recurrence::Nominal;
use mesh_rpc::fields::{Checks, duration_micros};
use mesh_types::TaskId;

use crate::domain::{Coded, Generation, ScheduleDraft, SchedulePolicies, SeriesEnd, Template, TemplateField};

// A field that is not said is `Some(None)`; `None` means that it broke a rule, which is noted.

/// What a new schedule says of itself.
pub(super) fn draft(schedule: proto::Schedule, checks: &mut Checks) -> Option<ScheduleDraft> {
    // Every field is read before any is needed, so that all that is wrong is noted.
    let task_id = task_id(&schedule, checks);
    let rrule = rrule("schedule.rrule", schedule.rrule.as_deref().unwrap_or_default(), checks);
    let start = optional(schedule.start.as_deref(), |text| start("schedule.start", text, checks));
    let time_zone = optional(schedule.time_zone.as_deref(), |name| time_zone("schedule.time_zone", name, checks));
    let policies = policies("schedule.policies", schedule.policies.as_ref(), checks);
    let template = optional(schedule.template, |message| template(message, checks));
    Some(ScheduleDraft {
        task_id: task_id?,
        template: template?,
        rrule: rrule?,
        start: start?,
        time_zone: time_zone?,
        policies: policies?,
    })
}

fn task_id(schedule: &proto::Schedule, checks: &mut Checks) -> Option<Option<TaskId>> {
    if schedule.task_id.is_none() && schedule.template.is_none() {
        checks.add("schedule.task_id", "required", "a task or a template is needed");
        return None;
    }
    optional(schedule.task_id.as_deref(), |text| checks.uuid("schedule.task_id", text).map(TaskId))
}

/// Whether these are rules depends on their start, so that is not decided here.
pub(super) fn rrule(field: &str, text: &str, checks: &mut Checks) -> Option<String> {
    if text.is_empty() {
        checks.add(field, "required", "is needed");
        return None;
    }
    if text.contains('\0') {
        checks.add(field, "string.no_nul", "must not hold the character NUL");
        return None;
    }
    Some(text.to_owned())
}

pub(super) fn start(field: &str, text: &str, checks: &mut Checks) -> Option<Nominal> {
    let start = text.parse::<Nominal>().ok().filter(|start| start.date().year() >= 1);
    if start.is_none() {
        checks.add(field, "string.nominal", "must be a day, YYYY-MM-DD, or a wall time, YYYY-MM-DDTHH:MM:SS");
    }
    start
}

pub(super) fn time_zone(field: &str, name: &str, checks: &mut Checks) -> Option<String> {
    let zone = mesh_recurrence::zone(name);
    if zone.is_none() {
        checks.add(field, "string.time_zone", "must be an IANA time zone such as Europe/Berlin");
    }
    zone.map(|(name, _)| name)
}

/// The policies in the field at `path`.
pub(super) fn policies(
    path: &str,
    message: Option<&proto::SchedulePolicies>,
    checks: &mut Checks,
) -> Option<SchedulePolicies> {
    let Some(message) = message else { return Some(SchedulePolicies::default()) };
    let field = |name: &str| format!("{path}.{name}");
    let horizon = message.ahead_horizon.as_ref().and_then(duration_micros).map(|micros| micros / 1_000_000);
    let generation = Generation::read(message.generation, message.ahead_count, horizon);
    if generation.is_none() {
        let description = "how far ahead goes with SCHEDULE_GENERATION_AHEAD only";
        checks.add(field("generation"), "policies.ahead", description);
    }
    let placing = mesh_recurrence::Policies {
        weekend: choice(&field("weekend"), message.weekend, checks)?,
        month_end: choice(&field("month_end"), message.month_end, checks)?,
        dst_gap: choice(&field("dst_gap"), message.dst_gap, checks)?,
        dst_overlap: choice(&field("dst_overlap"), message.dst_overlap, checks)?,
    };
    let end = match (message.end_date.as_deref(), message.end_count) {
        (None, None) => Some(SeriesEnd::Never),
        (Some(text), None) => end_date(&field("end_date"), text, checks),
        (None, Some(count)) if (1..=10_000).contains(&count) => Some(SeriesEnd::Count(count)),
        (None, Some(_)) => {
            checks.add(field("end_count"), "int32.range", "must be between 1 and 10000");
            None
        }
        (Some(_), Some(_)) => {
            checks.add(field("end_count"), "message.oneof", "excludes end_date");
            None
        }
    };
    Some(SchedulePolicies {
        advance: choice(&field("advance"), message.advance, checks)?,
        generation: generation?,
        missed: choice(&field("missed"), message.missed, checks)?,
        placing,
        end: end?,
    })
}

fn end_date(field: &str, text: &str, checks: &mut Checks) -> Option<SeriesEnd> {
    match text.parse::<Nominal>() {
        Ok(Nominal::Date(date)) => Some(SeriesEnd::After(date)),
        _ => {
            checks.add(field, "string.date", "must be a day of the calendar, YYYY-MM-DD");
            None
        }
    }
}

pub(super) fn choice<T: Coded + Default>(field: &str, code: Option<i32>, checks: &mut Checks) -> Option<T> {
    let Some(code) = code else { return Some(T::default()) };
    let choice = T::coded(code);
    if choice.is_none() {
        checks.add(field, "enum.defined_only", "must be a value that is defined");
    }
    choice
}

/// A whole template.
pub(super) fn template(message: proto::TaskTemplate, checks: &mut Checks) -> Option<Template> {
    line("schedule.template.title", message.title.as_deref().unwrap_or_default(), checks);
    any_template(message, checks)
}

/// A template of which only this part counts.
pub(super) fn template_part(
    part: TemplateField,
    message: proto::TaskTemplate,
    checks: &mut Checks,
) -> Option<Template> {
    if part == TemplateField::Title { template(message, checks) } else { any_template(message, checks) }
}

fn any_template(message: proto::TaskTemplate, checks: &mut Checks) -> Option<Template> {
    let title = message.title.unwrap_or_default();
    if message.description.as_deref().is_some_and(|text| text.contains('\0')) {
        checks.add("schedule.template.description", "string.no_nul", "must not hold the character NUL");
    }
    for (index, tag) in message.tags.iter().enumerate() {
        line(&format!("schedule.template.tags[{index}]"), tag, checks);
    }
    let id = |field: &str, text: Option<&str>, checks: &mut Checks| optional(text, |text| checks.uuid(field, text));
    let list_id = id("schedule.template.list_id", message.list_id.as_deref(), checks);
    let parent_id = id("schedule.template.parent_id", message.parent_id.as_deref(), checks);
    let start_before = optional(message.start_before, |before| start_before(&before, checks));
    Some(Template {
        title,
        description: message.description.filter(|text| !text.is_empty()),
        priority: message.priority,
        tags: message.tags,
        list_id: list_id?,
        parent_id: parent_id?.map(TaskId),
        start_before_seconds: start_before?,
    })
}

fn start_before(before: &prost_types::Duration, checks: &mut Checks) -> Option<i64> {
    let seconds = duration_micros(before).map(|micros| micros / 1_000_000).filter(|seconds| *seconds >= 0);
    if seconds.is_none() {
        checks.add("schedule.template.start_before", "duration.gte", "must not be negative");
    }
    seconds
}

/// One line that something can be seen of: what the task service takes as a title or a tag.
fn line(field: &str, text: &str, checks: &mut Checks) {
    if text.trim().is_empty() {
        checks.add(field, "string.not_blank", "must hold more than white space");
    } else if text.chars().any(|letter| letter.is_control() && letter != '\t') {
        checks.add(field, "string.no_control_characters", "must not hold control characters");
    }
}

pub(super) fn optional<T, U>(value: Option<T>, read: impl FnOnce(T) -> Option<U>) -> Option<Option<U>> {
    match value {
        None => Some(None),
        Some(value) => read(value).map(Some),
    }
}
