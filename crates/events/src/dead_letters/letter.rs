//! What came from the bus, as a dead letter keeps it: subject and headers as JSON, the body beside them, so that an event is
//! read again by the one decoder there is.

use mesh_store::StoreError;
use mesh_trace::TraceParent;
use mesh_types::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Envelope, Foreign, Position,
    wire::{self, SUBJECT_PREFIX},
};

/// An event, or something that is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Letter {
    /// An event that could not be applied.
    Event(Box<Envelope>),
    /// Something on the stream that is no event of ours.
    Foreign(Foreign),
}

/// A letter without its body.
#[derive(Serialize, Deserialize)]
struct Stored {
    subject: String,
    headers: Vec<(String, String)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    foreign: Option<StoredForeign>,
}

#[derive(Serialize, Deserialize)]
struct StoredForeign {
    id: Uuid,
    identity: String,
    sequence: u64,
    reason: String,
}

impl Letter {
    /// The event's id, or the one that follows from its place on the stream.
    pub fn id(&self) -> Uuid {
        match self {
            Self::Event(event) => event.id,
            Self::Foreign(foreign) => foreign.id,
        }
    }

    /// When what it tells happened; unknown of what is no event.
    pub(crate) fn time(&self) -> Option<Timestamp> {
        match self {
            Self::Event(event) => Some(event.time),
            Self::Foreign(_) => None,
        }
    }

    /// The trace that it belongs to, as logs show it; empty if to none.
    pub(crate) fn trace_id(&self) -> String {
        let trace_parent = match self {
            Self::Event(event) => event.trace_parent.as_deref(),
            Self::Foreign(_) => None,
        };
        trace_parent.and_then(TraceParent::parse).map(|place| place.trace_id()).unwrap_or_default()
    }

    pub(super) fn write(&self) -> Result<(String, Vec<u8>), StoreError> {
        let (stored, payload) = match self {
            Self::Event(event) => {
                let wire =
                    wire::encode(SUBJECT_PREFIX, event).map_err(|error| StoreError::corrupt(error.to_string()))?;
                let headers = wire.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
                (Stored { subject: wire.subject, headers, foreign: None }, wire.payload)
            }
            Self::Foreign(foreign) => (Stored::from(foreign.clone()), foreign.payload.clone()),
        };
        let text = serde_json::to_string(&stored).map_err(|error| StoreError::corrupt(error.to_string()))?;
        Ok((text, payload.to_vec()))
    }

    pub(super) fn read(text: &str, payload: Vec<u8>) -> Result<Self, StoreError> {
        let stored: Stored = serde_json::from_str(text).map_err(|_| StoreError::corrupt("dead_letter.letter"))?;
        let Stored { subject, headers, foreign } = stored;
        let Some(StoredForeign { id, identity, sequence, reason }) = foreign else {
            let find = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
            let event = wire::decode(&subject, find, payload.into()).map_err(StoreError::Corrupt)?;
            return Ok(Self::Event(Box::new(event)));
        };
        let position = Position { identity, sequence };
        Ok(Self::Foreign(Foreign { id, position, subject, headers, reason, payload: payload.into() }))
    }
}

impl From<Foreign> for Stored {
    fn from(foreign: Foreign) -> Self {
        let Foreign { id, position: Position { identity, sequence }, subject, headers, reason, payload: _ } = foreign;
        Self { subject, headers, foreign: Some(StoredForeign { id, identity, sequence, reason }) }
    }
}
