//! Which fields an Update changes, and to what.

use mesh_proto::scheduler::v1 as proto;
use mesh_rpc::fields::{Checks, Unwritable, masked};
use mesh_types::Fault;

use super::fields;
use crate::domain::Edit;

/// The edits that `paths` name: of no path, the fields that are present. A named field that is absent is cleared.
pub(super) fn edits(reminder: &proto::Reminder, paths: &[String], checks: &mut Checks) -> Result<Vec<Edit>, Fault> {
    if paths.is_empty() {
        return Ok(present(reminder).into_iter().filter_map(|field| edit(field, reminder, checks)).collect());
    }
    let named = masked("reminder", paths, Field::named)?;
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
    fn named(path: &str) -> Result<Option<Self>, Unwritable> {
        let field = match path {
            "offset" => Self::Offset,
            "anchor" => Self::Anchor,
            "at" => Self::At,
            "repeat_interval" => Self::RepeatInterval,
            "repeat_limit" => Self::RepeatLimit,
            "channel_ids" => Self::ChannelIds,
            "carry_over" => Self::CarryOver,
            "etag" => return Ok(None),
            known if OUTPUT_ONLY.contains(&known) => return Err(Unwritable::OutputOnly),
            _ => return Err(Unwritable::Unknown),
        };
        Ok(Some(field))
    }
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
