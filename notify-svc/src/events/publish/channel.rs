//! What happened to a channel, as the event log and the bus carry it: without its keys.

use bytes::Bytes;
use mesh_events::{Envelope, NewEvent};
use mesh_proto::{event::v1::ChannelChanged, notify::v1 as proto};
use mesh_types::Timestamp;
use prost::Message;
use uuid::Uuid;

use crate::{
    domain::{Channel, ChannelEvent, ChannelField},
    rpc::convert,
};

/// What these events are about.
pub const ENTITY: &str = "channel";

const EVENT_TYPE: &str = "taskmesh.event.v1.ChannelChanged";

/// The event as it is appended to the log: `id` is its own, and it happened at `time`.
pub fn encode(event: &ChannelEvent, id: Uuid, time: Timestamp) -> NewEvent {
    let changed = event.changed();
    let body = ChannelChanged {
        after: Some(convert::channel(&event.after)),
        before: event.before.as_ref().map(|before| only(&changed, convert::channel(before))),
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

/// The channel after an event; `None` if it is not an event of a channel.
pub fn decode(event: &Envelope) -> Option<Channel> {
    if event.event_type != EVENT_TYPE {
        return None;
    }
    let body = ChannelChanged::decode(event.payload.clone()).ok()?;
    convert::kept_channel(body.after?)
}

/// The channel with these fields and no others.
fn only(fields: &[ChannelField], mut it: proto::Channel) -> proto::Channel {
    let mut kept = proto::Channel::default();
    let mut webhook = it.webhook.take().unwrap_or_default();
    for field in fields {
        match field {
            ChannelField::Name => kept.name = it.name.take(),
            ChannelField::WebhookUrl => kept.webhook.get_or_insert_default().url = webhook.url.take(),
            ChannelField::SecretCreateTime => {
                kept.webhook.get_or_insert_default().secret_create_time = webhook.secret_create_time.take();
            }
            ChannelField::Enabled => kept.enabled = it.enabled,
            ChannelField::State => kept.state = it.state,
            ChannelField::SuspendReason => kept.suspend_reason = std::mem::take(&mut it.suspend_reason),
            ChannelField::DeleteTime => kept.delete_time = it.delete_time,
        }
    }
    kept
}
