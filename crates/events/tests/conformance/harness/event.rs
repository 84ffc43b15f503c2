//! Events to send.

use bytes::Bytes;
use mesh_events::Envelope;
use mesh_types::{Actor, Clock, SystemClock, UserId, WorkspaceId, derived_id, new_id};
use uuid::Uuid;

/// An event of one `entity`: `version` of `aggregate`.
pub(crate) fn event(entity: &str, aggregate: &str, version: i64) -> Envelope {
    let now = SystemClock.now();
    Envelope {
        id: new_id(now),
        source: "conformance".to_owned(),
        time: now,
        workspace_id: WorkspaceId(derived_id("workspace", aggregate)),
        entity: entity.to_owned(),
        aggregate_id: derived_id(entity, aggregate),
        epoch: 1,
        version,
        verb: "changed".to_owned(),
        event_type: "taskmesh.event.v1.TaskChanged".to_owned(),
        actor: Actor {
            user_id: UserId(Uuid::from_u128(7)),
            service: None,
            token_id: None,
            client_address: None,
            user_agent: Some("grüße/1.0".to_owned()),
        },
        trace_parent: None,
        payload: Bytes::from(vec![version as u8; 200]),
    }
}

/// `count` events of one task, versions from 1.
pub(crate) fn events(count: i64) -> Vec<Envelope> {
    (1..=count).map(|version| event("task", "one", version)).collect()
}

/// An event of `bytes` bytes.
pub(crate) fn large_event(bytes: usize) -> Envelope {
    Envelope { payload: Bytes::from(vec![b'x'; bytes]), ..event("task", "large", 1) }
}

/// Their ids.
pub(crate) fn ids(events: &[Envelope]) -> Vec<Uuid> {
    events.iter().map(|event| event.id).collect()
}
