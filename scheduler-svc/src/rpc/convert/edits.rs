//! Which fields an Update changes, and to what.

use mesh_proto::scheduler::v1 as proto;
use mesh_rpc::fields::Checks;
use mesh_types::{ErrorKind, Fault, Reason, Violation};

use super::fields;
use crate::domain::Edit;

/// The edits that `paths` name: of no path, the fields that are present. A named field that is absent is cleared.
pub(super) fn edits(reminder: &proto::Reminder, paths: &[String], checks: &mut Checks) -> Result<Vec<Edit>, Fault> {
    if paths.is_empty() {
        return Ok(present(reminder).into_iter().filter_map(|field| edit(field, reminder, checks)).collect());
    }
    let mut refused = Vec::new();
    let mut named: Vec<Field> = Vec::new();
    for (index, path) in paths.iter().enumerate() {
        match Field::named(path) {
            Ok(Some(field)) if !named.contains(&field) => named.push(field),
            Ok(_) => {}
            Err(rule) => refused.push(violation(index, path, rule)),
        }
    }
    if !refused.is_empty() {
        let message = "the update mask names fields that cannot be written";
        let fault = Fault::new(ErrorKind::InvalidArgument, Reason::UpdateMaskInvalid, message);
        return Err(Fault { violations: refused, ..fault });
    }
    Ok(named.into_iter().filter_map(|field| edit(field, reminder, checks)).collect())
}

/// What Update can write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Offset,
    Anchor,
    At,
    RepeatInterval,
    RepeatLimit,
    ChannelIds,
    CarryOver,
}

/// What it cannot.
const OUTPUT_ONLY: [&str; 16] = [
    "id",
    "workspace_id",
    "task_id",
    "user_id",
    "state",
    "fire_time",
    "last_fire_time",
    "fire_count",
    "late",
    "snooze_until",
    "create_time",
    "update_time",
    "delete_time",
    "version",
    "created_by",
    "change_id",
];

impl Field {
    /// The field at this path. The etag may be named; it is compared, not written.
    fn named(path: &str) -> Result<Option<Self>, &'static str> {
        let field = match path {
            "offset" => Self::Offset,
            "anchor" => Self::Anchor,
            "at" => Self::At,
            "repeat_interval" => Self::RepeatInterval,
            "repeat_limit" => Self::RepeatLimit,
            "channel_ids" => Self::ChannelIds,
            "carry_over" => Self::CarryOver,
            "etag" => return Ok(None),
            known if OUTPUT_ONLY.contains(&known) => return Err("field_mask.output_only"),
            _ => return Err("field_mask.unknown"),
        };
        Ok(Some(field))
    }
}

fn violation(index: usize, path: &str, rule: &str) -> Violation {
    let what = if rule == "field_mask.output_only" { "cannot be written" } else { "is no field of a reminder" };
    Violation::new(format!("update_mask.paths[{index}]"), rule, format!("{path:?} {what}"))
}

fn present(reminder: &proto::Reminder) -> Vec<Field> {
    let fields = [
        (Field::Offset, reminder.offset.is_some()),
        (Field::Anchor, reminder.anchor.is_some()),
        (Field::At, reminder.at.is_some()),
        (Field::RepeatInterval, reminder.repeat_interval.is_some()),
        (Field::RepeatLimit, reminder.repeat_limit.is_some()),
        (Field::ChannelIds, !reminder.channel_ids.is_empty()),
        (Field::CarryOver, reminder.carry_over.is_some()),
    ];
    fields.into_iter().filter(|(_, present)| *present).map(|(field, _)| field).collect()
}

/// The edit of one field, with a note if it cannot be made.
fn edit(field: Field, reminder: &proto::Reminder, checks: &mut Checks) -> Option<Edit> {
    match field {
        Field::Offset => fields::offset(reminder, checks).map(Edit::Offset),
        Field::Anchor => fields::anchor(reminder, checks).map(Edit::Anchor),
        Field::At => fields::at(reminder, checks).map(Edit::At),
        Field::RepeatInterval => fields::repeat_interval(reminder, checks).map(Edit::Repeat),
        Field::RepeatLimit => Some(Edit::RepeatLimit(reminder.repeat_limit)),
        Field::ChannelIds => fields::channels(reminder, checks).map(Edit::Channels),
        Field::CarryOver => Some(Edit::CarryOver(reminder.carry_over)),
    }
}
