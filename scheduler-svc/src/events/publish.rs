//! What happened to a reminder, as the event log and the bus carry it; and the reminder in such an event.

use bytes::Bytes;
use mesh_events::{Envelope, NewEvent};
use mesh_proto::{
    event::v1::{ReminderChanged, ReminderFired},
    scheduler::v1 as proto,
};
use mesh_rpc::fields;
use prost::Message;

use crate::{
    domain::{Field, Firing, Reminder, ReminderEvent, Told},
    rpc::convert,
};

const ENTITY: &str = "reminder";
const CHANGED: &str = "taskmesh.event.v1.ReminderChanged";
const FIRED: &str = "taskmesh.event.v1.ReminderFired";

/// The event as it is appended to the log.
pub fn reminder(event: &ReminderEvent, told: &Told<'_>) -> NewEvent {
    let (event_type, payload) = match &event.firing {
        Some(firing) => (FIRED, fired(event, firing).encode_to_vec()),
        None => (CHANGED, changed(event).encode_to_vec()),
    };
    NewEvent {
        id: told.id,
        time: told.time,
        workspace_id: event.after.workspace_id,
        entity: ENTITY,
        aggregate_id: event.after.id,
        version: event.after.version,
        verb: event.verb.as_str(),
        event_type,
        actor: told.cause.actor.clone(),
        trace_parent: told.cause.trace_parent.clone(),
        payload: Bytes::from(payload),
    }
}

/// The reminder after an event; `None` if it is not an event of a reminder.
pub fn kept_reminder(event: &Envelope) -> Option<Reminder> {
    let after = match event.event_type.as_str() {
        CHANGED => ReminderChanged::decode(event.payload.clone()).ok()?.after,
        FIRED => ReminderFired::decode(event.payload.clone()).ok()?.after,
        _ => None,
    };
    convert::kept_reminder(after?)
}

fn changed(event: &ReminderEvent) -> ReminderChanged {
    let changed = event.changed();
    ReminderChanged {
        after: Some(convert::reminder(&event.after)),
        before: event.before.as_ref().map(|before| only(&changed, convert::reminder(before))),
        changed: Some(prost_types::FieldMask { paths: changed.iter().map(|field| field.path().to_owned()).collect() }),
    }
}

fn fired(event: &ReminderEvent, firing: &Firing) -> ReminderFired {
    ReminderFired {
        after: Some(convert::reminder(&event.after)),
        generation: event.before.as_ref().map_or(event.after.version, |before| before.version),
        due_time: Some(fields::timestamp(firing.due)),
        lateness: Some(fields::duration(i64::try_from(firing.lateness.as_micros()).unwrap_or(i64::MAX))),
        late: firing.late,
        task_title: firing.task_title.clone(),
    }
}

/// The reminder with these fields and no others.
fn only(fields: &[Field], mut reminder: proto::Reminder) -> proto::Reminder {
    let mut kept = proto::Reminder::default();
    for field in fields {
        match field {
            Field::Offset => kept.offset = reminder.offset,
            Field::Anchor => kept.anchor = reminder.anchor,
            Field::At => kept.at = reminder.at,
            Field::RepeatInterval => kept.repeat_interval = reminder.repeat_interval,
            Field::RepeatLimit => kept.repeat_limit = reminder.repeat_limit,
            Field::ChannelIds => kept.channel_ids = std::mem::take(&mut reminder.channel_ids),
            Field::CarryOver => kept.carry_over = reminder.carry_over,
            Field::State => kept.state = reminder.state,
            Field::FireTime => kept.fire_time = reminder.fire_time,
            Field::LastFireTime => kept.last_fire_time = reminder.last_fire_time,
            Field::FireCount => kept.fire_count = reminder.fire_count,
            Field::Late => kept.late = reminder.late,
            Field::SnoozeUntil => kept.snooze_until = reminder.snooze_until,
            Field::DeleteTime => kept.delete_time = reminder.delete_time,
        }
    }
    kept
}
