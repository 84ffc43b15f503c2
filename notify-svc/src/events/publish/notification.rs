//! What happened to a notification, as the event log and the bus carry it.

use bytes::Bytes;
use mesh_events::{Envelope, NewEvent};
use mesh_proto::{event::v1::NotificationChanged, notify::v1 as proto};
use mesh_types::Timestamp;
use prost::Message;
use uuid::Uuid;

use super::NOTIFICATION;
use crate::{
    domain::{Field, Notification, NotificationEvent},
    rpc::convert,
};

const EVENT_TYPE: &str = "taskmesh.event.v1.NotificationChanged";

/// The event as it is appended to the log: `id` is its own, and it happened at `time`.
pub fn encode(event: &NotificationEvent, id: Uuid, time: Timestamp) -> NewEvent {
    let changed = event.changed();
    let body = NotificationChanged {
        after: Some(convert::notification(&event.after)),
        before: event.before.as_ref().map(|before| only(&changed, convert::notification(before))),
        changed: Some(prost_types::FieldMask { paths: changed.iter().map(|field| field.path().to_owned()).collect() }),
    };
    NewEvent {
        id,
        time,
        workspace_id: event.after.workspace_id,
        entity: NOTIFICATION,
        aggregate_id: event.after.id.0,
        version: event.after.version,
        verb: event.verb.as_str(),
        event_type: EVENT_TYPE,
        actor: event.cause.actor.clone(),
        trace_parent: event.cause.trace_parent.clone(),
        payload: Bytes::from(body.encode_to_vec()),
    }
}

/// The notification after an event; `None` if it is not an event of a notification.
pub fn decode(event: &Envelope) -> Option<Notification> {
    if event.event_type != EVENT_TYPE {
        return None;
    }
    let body = NotificationChanged::decode(event.payload.clone()).ok()?;
    convert::kept_notification(body.after?)
}

/// The notification with these fields and no others.
fn only(fields: &[Field], mut it: proto::Notification) -> proto::Notification {
    let mut kept = proto::Notification::default();
    for field in fields {
        match field {
            Field::Category => kept.category = it.category,
            Field::Title => kept.title = std::mem::take(&mut it.title),
            Field::Body => kept.body = std::mem::take(&mut it.body),
            Field::TaskId => kept.task_id = it.task_id.take(),
            Field::ReminderId => kept.reminder_id = it.reminder_id.take(),
            Field::EventTime => kept.event_time = it.event_time,
            Field::Late => kept.late = it.late,
            Field::Urgent => kept.urgent = it.urgent,
            Field::SeenTime => kept.seen_time = it.seen_time,
            Field::ReadTime => kept.read_time = it.read_time,
            Field::WithdrawTime => kept.withdraw_time = it.withdraw_time,
        }
    }
    kept
}
