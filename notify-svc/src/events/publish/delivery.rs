//! What happened to a delivery, as the event log and the bus carry it.

use bytes::Bytes;
use mesh_events::{Envelope, NewEvent};
use mesh_proto::{event::v1::DeliveryChanged, notify::v1 as proto};
use mesh_types::Timestamp;
use prost::Message;
use uuid::Uuid;

use crate::{
    domain::{Delivery, DeliveryEvent, DeliveryField},
    rpc::convert,
};

/// What these events are about.
pub const ENTITY: &str = "delivery";

const EVENT_TYPE: &str = "taskmesh.event.v1.DeliveryChanged";

/// The event as it is appended to the log: `id` is its own, and it happened at `time`.
pub fn encode(event: &DeliveryEvent, id: Uuid, time: Timestamp) -> NewEvent {
    let changed = event.changed();
    let body = DeliveryChanged {
        after: Some(convert::delivery(&event.after)),
        before: event.before.as_ref().map(|before| only(&changed, convert::delivery(before))),
        changed: Some(prost_types::FieldMask { paths: changed.iter().map(|field| field.path().to_owned()).collect() }),
    };
    NewEvent {
        id,
        time,
        workspace_id: event.after.workspace_id,
        entity: ENTITY,
        aggregate_id: event.after.id,
        version: event.after.version,
        verb: event.verb.as_str(),
        event_type: EVENT_TYPE,
        actor: event.cause.actor.clone(),
        trace_parent: event.cause.trace_parent.clone(),
        payload: Bytes::from(body.encode_to_vec()),
    }
}

/// The delivery after an event; `None` if it is not an event of a delivery.
pub fn decode(event: &Envelope) -> Option<Delivery> {
    if event.event_type != EVENT_TYPE {
        return None;
    }
    let body = DeliveryChanged::decode(event.payload.clone()).ok()?;
    convert::kept_delivery(body.after?)
}

/// The delivery with these fields and no others.
fn only(fields: &[DeliveryField], mut it: proto::Delivery) -> proto::Delivery {
    let mut kept = proto::Delivery::default();
    for field in fields {
        match field {
            DeliveryField::NotificationIds => kept.notification_ids = std::mem::take(&mut it.notification_ids),
            DeliveryField::ChannelId => kept.channel_id = std::mem::take(&mut it.channel_id),
            DeliveryField::ChannelKind => kept.channel_kind = it.channel_kind,
            DeliveryField::State => kept.state = it.state,
            DeliveryField::NextAttemptTime => kept.next_attempt_time = it.next_attempt_time,
            DeliveryField::AttemptCount => kept.attempt_count = it.attempt_count,
            DeliveryField::Attempts => kept.attempts = std::mem::take(&mut it.attempts),
            DeliveryField::DeliverTime => kept.deliver_time = it.deliver_time,
        }
    }
    kept
}
