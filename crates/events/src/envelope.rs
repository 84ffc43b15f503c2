//! The envelope of an event: CloudEvents 1.0 in binary mode. Attributes travel as headers, the body is the event's
//! protobuf message from `taskmesh.event.v1`.

use bytes::Bytes;
use mesh_trace::Span;
use mesh_types::{Actor, Timestamp, WorkspaceId};
use uuid::Uuid;

/// What a service says when one of its aggregates has changed, before the log gives it its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// UUID v7; also `Nats-Msg-Id`, and the `change_id` of the mutation's answer.
    pub id: Uuid,
    /// When it happened.
    pub time: Timestamp,
    /// The workspace it happened in.
    pub workspace_id: WorkspaceId,
    /// What kind of thing changed, such as `task`: lower case, `[a-z_]+`.
    pub entity: &'static str,
    /// Which one.
    pub aggregate_id: Uuid,
    /// Its version after the change, from 1.
    pub version: i64,
    /// What happened, in the past tense, such as `completed`: lower case, `[a-z_]+`.
    pub verb: &'static str,
    /// The body's message type, such as `taskmesh.event.v1.TaskChanged`.
    pub event_type: &'static str,
    /// Who did it.
    pub actor: Actor,
    /// The W3C `traceparent` of the call that did it.
    pub trace_parent: Option<String>,
    /// The encoded message.
    pub payload: Bytes,
}

/// An event as it travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// `ce-id`.
    pub id: Uuid,
    /// `ce-source`: the service that told it, such as `task-svc`.
    pub source: String,
    /// `ce-time`.
    pub time: Timestamp,
    /// The workspace it happened in.
    pub workspace_id: WorkspaceId,
    /// What kind of thing changed.
    pub entity: String,
    /// Which one; `ce-subject` is `<entity>/<aggregate_id>`.
    pub aggregate_id: Uuid,
    /// The source's epoch: starts anew when its database is restored from a backup. Versions compare as
    /// (epoch, version).
    pub epoch: i64,
    /// The thing's version after the change.
    pub version: i64,
    /// What happened.
    pub verb: String,
    /// `ce-type`: the body's message type.
    pub event_type: String,
    /// Who did it.
    pub actor: Actor,
    /// The W3C `traceparent` of the call that did it.
    pub trace_parent: Option<String>,
    /// The body.
    pub payload: Bytes,
}

/// Which state of an aggregate an event tells of. Later ones compare greater, also across a restored backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision {
    /// The source's epoch.
    pub epoch: i64,
    /// The aggregate's version in it.
    pub version: i64,
}

impl Envelope {
    /// The state of the aggregate that this event tells of.
    pub fn revision(&self) -> Revision {
        Revision { epoch: self.epoch, version: self.version }
    }
}

/// Says in a trace which event it is about, by OpenTelemetry's conventions for messaging.
pub(crate) fn describe(span: &mut Span, event: &Envelope) {
    span.set("messaging.system", "taskmesh");
    span.set("messaging.message.id", event.id.to_string());
    span.set("messaging.destination.name", format!("{}.{}", event.entity, event.verb));
    span.set("taskmesh.aggregate.id", event.aggregate_id.to_string());
    span.set("taskmesh.aggregate.version", event.version);
}
