//! The writable fields of a reminder, each read from the message into the domain.

use mesh_proto::scheduler::v1 as proto;
use mesh_rpc::fields::{Checks, duration_micros, instant};
use mesh_types::Timestamp;
use uuid::Uuid;

use crate::domain::Anchor;

// A cleared field is `Some(None)`; `None` means that it broke a rule, which is noted.

pub(super) fn offset(reminder: &proto::Reminder, checks: &mut Checks) -> Option<Option<i64>> {
    span("reminder.offset", reminder.offset.as_ref(), checks)
}

pub(super) fn repeat_interval(reminder: &proto::Reminder, checks: &mut Checks) -> Option<Option<i64>> {
    span("reminder.repeat_interval", reminder.repeat_interval.as_ref(), checks)
}

pub(super) fn at(reminder: &proto::Reminder, checks: &mut Checks) -> Option<Option<Timestamp>> {
    let Some(time) = reminder.at.as_ref() else { return Some(None) };
    let at = instant(time);
    if at.is_none() {
        checks.add("reminder.at", "timestamp.range", "must be an instant between the years 1 and 9999");
    }
    at.map(Some)
}

pub(super) fn anchor(reminder: &proto::Reminder, checks: &mut Checks) -> Option<Option<Anchor>> {
    let Some(code) = reminder.anchor else { return Some(None) };
    let anchor = i16::try_from(code).ok().and_then(Anchor::coded);
    if anchor.is_none() {
        checks.add("reminder.anchor", "enum.defined_only", "must be an anchor that is defined");
    }
    anchor.map(Some)
}

pub(super) fn channels(reminder: &proto::Reminder, checks: &mut Checks) -> Option<Vec<Uuid>> {
    let ids = reminder.channel_ids.iter().enumerate();
    let ids: Vec<_> = ids.map(|(index, id)| checks.uuid(&format!("reminder.channel_ids[{index}]"), id)).collect();
    ids.into_iter().collect()
}

fn span(field: &str, duration: Option<&prost_types::Duration>, checks: &mut Checks) -> Option<Option<i64>> {
    let Some(duration) = duration else { return Some(None) };
    let micros = duration_micros(duration);
    if micros.is_none() {
        checks.add(field, "duration", "must be a duration whose seconds and nanoseconds have the same sign");
    }
    micros.map(Some)
}
