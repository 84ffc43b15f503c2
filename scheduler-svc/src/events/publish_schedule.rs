//! What happened to a schedule, as the event log and the bus carry it; and the schedule in such an event.

use bytes::Bytes;
use mesh_events::{Envelope, NewEvent};
use mesh_proto::{event::v1::ScheduleChanged, scheduler::v1 as proto};
use prost::Message;

use crate::{
    domain::{Schedule, ScheduleEvent, ScheduleField, Told},
    rpc::convert,
};

/// What these events are about.
pub const ENTITY: &str = "schedule";

const EVENT_TYPE: &str = "taskmesh.event.v1.ScheduleChanged";

/// The event as it is appended to the log.
pub fn encode(event: &ScheduleEvent, told: &Told<'_>) -> NewEvent {
    let changed = event.changed();
    let body = ScheduleChanged {
        after: Some(convert::schedule(&event.after)),
        before: event.before.as_ref().map(|before| only(&changed, convert::schedule(before))),
        changed: Some(prost_types::FieldMask { paths: changed.iter().map(|field| field.path().to_owned()).collect() }),
        occurrence: event.occurrence.map(|nominal| nominal.to_string()).unwrap_or_default(),
    };
    NewEvent {
        id: told.id,
        time: told.time,
        workspace_id: event.after.workspace_id,
        entity: ENTITY,
        aggregate_id: event.after.id,
        version: event.after.version,
        verb: event.verb.as_str(),
        event_type: EVENT_TYPE,
        actor: told.cause.actor.clone(),
        trace_parent: told.cause.trace_parent.clone(),
        payload: Bytes::from(body.encode_to_vec()),
    }
}

/// The schedule after an event; `None` if it is not an event of a schedule.
pub fn decode(event: &Envelope) -> Option<Schedule> {
    if event.event_type != EVENT_TYPE {
        return None;
    }
    let body = ScheduleChanged::decode(event.payload.clone()).ok()?;
    convert::kept_schedule(body.after?)
}

/// The schedule with these fields and no others.
fn only(fields: &[ScheduleField], mut schedule: proto::Schedule) -> proto::Schedule {
    let mut kept = proto::Schedule::default();
    for field in fields {
        match field {
            ScheduleField::TaskId => kept.task_id = schedule.task_id.take(),
            ScheduleField::Template => kept.template = schedule.template.take(),
            ScheduleField::Rrule => kept.rrule = schedule.rrule.take(),
            ScheduleField::Start => kept.start = schedule.start.take(),
            ScheduleField::TimeZone => kept.time_zone = schedule.time_zone.take(),
            ScheduleField::Policies => kept.policies = schedule.policies.take(),
            ScheduleField::State => kept.state = schedule.state,
            ScheduleField::Text => kept.text = std::mem::take(&mut schedule.text),
            ScheduleField::NextOccurrence => kept.next_occurrence = schedule.next_occurrence.take(),
            ScheduleField::NextTime => kept.next_time = schedule.next_time,
            ScheduleField::PlannedCount => kept.planned_count = schedule.planned_count,
            ScheduleField::SplitFromId => kept.split_from_id = schedule.split_from_id.take(),
            ScheduleField::EndsBefore => kept.ends_before = schedule.ends_before.take(),
            ScheduleField::PauseTime => kept.pause_time = schedule.pause_time,
            ScheduleField::EndTime => kept.end_time = schedule.end_time,
            ScheduleField::DeleteTime => kept.delete_time = schedule.delete_time,
        }
    }
    kept
}
