//! One thing that happened, and its place in the record.

use mesh_types::{Actor, Timestamp, WorkspaceId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What an entry weighs in an answer beside its payload, in bytes.
const FIXED_WEIGHT: usize = 1_500;
/// How much heavier than its payload its decoded form may be.
const DECODED_WEIGHT: usize = 2;

/// One thing that happened, as the event told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// The event's id.
    pub event_id: Uuid,
    /// Where it happened.
    pub workspace_id: WorkspaceId,
    /// What kind of thing it happened to.
    pub entity: String,
    /// Which one.
    pub entity_id: Uuid,
    /// The source's epoch; versions compare as (epoch, version).
    pub epoch: i64,
    /// The thing's version after it.
    pub version: i64,
    /// What happened.
    pub verb: String,
    /// Who did it.
    pub actor: Actor,
    /// When it happened.
    pub time: Timestamp,
    /// The service that told it.
    pub source: String,
    /// The W3C `traceparent` of the call.
    pub trace_parent: Option<String>,
    /// The payload's message type.
    pub event_type: String,
    /// The encoded message, as it came.
    pub payload: Vec<u8>,
}

/// A thing that happened, at its place in its workspace's record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What happened.
    pub happening: Happening,
    /// Its place: dense, from 0, in order of arrival.
    pub sequence: i64,
    /// When it was recorded: never earlier than the place before.
    pub record_time: Timestamp,
}

/// Where an entry stands among those of several workspaces, in order of arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListKey {
    /// When it was recorded.
    pub record_time: Timestamp,
    /// Its place in its workspace.
    pub sequence: i64,
    /// Tells apart what else is alike.
    pub event_id: Uuid,
}

/// Where an entry stands in the history of one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryKey {
    /// The source's epoch.
    pub epoch: i64,
    /// The thing's version.
    pub version: i64,
    /// Tells apart what else is alike.
    pub event_id: Uuid,
}

impl Entry {
    /// Its place in lists.
    pub fn list_key(&self) -> ListKey {
        ListKey { record_time: self.record_time, sequence: self.sequence, event_id: self.happening.event_id }
    }

    /// Its place in the history of its thing.
    pub fn history_key(&self) -> HistoryKey {
        let Happening { epoch, version, event_id, .. } = self.happening;
        HistoryKey { epoch, version, event_id }
    }

    /// About how many bytes it adds to an answer.
    pub fn weight(&self) -> usize {
        FIXED_WEIGHT + DECODED_WEIGHT * self.happening.payload.len()
    }
}

impl Happening {
    /// The trace id within the `traceparent` (W3C Trace Context, section 3.2.2), if there is a well-formed one.
    pub fn trace_id(&self) -> Option<&str> {
        let id = self.trace_parent.as_deref()?.split('-').nth(1)?;
        (id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(id)
    }
}
