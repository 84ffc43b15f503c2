//! Which fields an Update or a Split of a schedule changes, and to what.

use mesh_proto::scheduler::v1 as proto;
use mesh_rpc::fields::{Checks, Unwritable, masked};
use mesh_types::Fault;

use super::{schedule::stored_policies, schedule_fields as fields};
use crate::domain::{PolicyField, ScheduleEdit, TemplateField};

/// The edits that `paths` name: of no path, the fields that are present. A named field that is absent is cleared, which
/// only policies and parts of the template can be.
pub(super) fn edits(
    schedule: &proto::Schedule,
    paths: &[String],
    checks: &mut Checks,
) -> Result<Vec<ScheduleEdit>, Fault> {
    if paths.is_empty() {
        return Ok(present(schedule).into_iter().filter_map(|field| edit(field, schedule, checks)).collect());
    }
    let named = masked("schedule", paths, Field::named)?;
    Ok(named.into_iter().filter_map(|field| edit(field, schedule, checks)).collect())
}

/// What can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Template,
    PartOfTemplate(TemplateField),
    Rrule,
    Start,
    TimeZone,
    Policies,
    Policy(PolicyField),
}

/// What cannot.
const OUTPUT_ONLY: [&str; 18] = [
    "id",
    "workspace_id",
    "task_id",
    "state",
    "text",
    "next_occurrence",
    "next_time",
    "planned_count",
    "split_from_id",
    "ends_before",
    "pause_time",
    "end_time",
    "create_time",
    "update_time",
    "delete_time",
    "version",
    "created_by",
    "change_id",
];

impl Field {
    /// The field at this path. The etag may be named; it is compared, not written.
    fn named(path: &str) -> Result<Option<Self>, Unwritable> {
        let part = |prefix: &str| path.strip_prefix(prefix);
        let field = match path {
            "template" => Self::Template,
            "rrule" => Self::Rrule,
            "start" => Self::Start,
            "time_zone" => Self::TimeZone,
            "policies" => Self::Policies,
            "etag" => return Ok(None),
            known if OUTPUT_ONLY.contains(&known) => return Err(Unwritable::OutputOnly),
            _ => {
                let of_template = part("template.").and_then(TemplateField::named).map(Self::PartOfTemplate);
                let of_policies = || part("policies.").and_then(PolicyField::named).map(Self::Policy);
                of_template.or_else(of_policies).ok_or(Unwritable::Unknown)?
            }
        };
        Ok(Some(field))
    }
}

fn present(schedule: &proto::Schedule) -> Vec<Field> {
    let fields = [
        (Field::Template, schedule.template.is_some()),
        (Field::Rrule, schedule.rrule.is_some()),
        (Field::Start, schedule.start.is_some()),
        (Field::TimeZone, schedule.time_zone.is_some()),
        (Field::Policies, schedule.policies.is_some()),
    ];
    fields.into_iter().filter(|(_, present)| *present).map(|(field, _)| field).collect()
}

/// The edit of one field, with a note if it cannot be made.
fn edit(field: Field, schedule: &proto::Schedule, checks: &mut Checks) -> Option<ScheduleEdit> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    match field {
        Field::Template => {
            let template = fields::template(schedule.template.clone().unwrap_or_default(), checks);
            template.map(ScheduleEdit::Template)
        }
        Field::PartOfTemplate(part) => {
            let given = schedule.template.clone().unwrap_or_default();
            let template = fields::template_part(part, given, checks);
            template.map(|template| ScheduleEdit::PartOfTemplate(part, template))
        }
        Field::Rrule => fields::rrule("schedule.rrule", &text(&schedule.rrule), checks).map(ScheduleEdit::Rrule),
        Field::Start => fields::start("schedule.start", &text(&schedule.start), checks).map(ScheduleEdit::Start),
        Field::TimeZone => {
            let zone = fields::time_zone("schedule.time_zone", &text(&schedule.time_zone), checks);
            zone.map(ScheduleEdit::TimeZone)
        }
        Field::Policies => {
            let policies = fields::policies("schedule.policies", schedule.policies.as_ref(), checks);
            policies.map(ScheduleEdit::Policies)
        }
        Field::Policy(part) => {
            let given = stored_policies(&schedule.policies.clone().unwrap_or_default());
            Some(ScheduleEdit::Policy(part, given))
        }
    }
}
