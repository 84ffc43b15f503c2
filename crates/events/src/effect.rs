//! What a consumer does with events. There are two kinds of effect, and each owes its table something:
//!
//! - a **projection** keeps the newest state it has seen and ignores older ones: see [`crate::projection`];
//! - a **once-only effect** (a successor, a notification, an audit entry) has a natural unique key in its table that stays
//!   for ever, inserts with `ON CONFLICT DO NOTHING`, and is never skipped because a newer version was seen first.
//!
//! The inbox keeps an event from being applied twice for 21 days; the two rules above hold for ever, also when a dead letter
//! is replayed weeks later or a whole log is published again.

use async_trait::async_trait;
use bytes::Bytes;
use mesh_store::{StoreError, Transaction};
use mesh_types::{ErrorKind, Fault};
use uuid::Uuid;

use crate::{Envelope, Position};

/// Applies events in the consumer's transaction.
#[async_trait]
pub trait Effect: Send + Sync + 'static {
    /// Applies events that this consumer has not applied before, in the order of their arrival. All or nothing: when it
    /// fails the transaction is rolled back, and the events come again one by one.
    ///
    /// # Errors
    /// [`EffectError::Event`] when an event itself cannot be applied, [`EffectError::Dependency`] when something that is
    /// needed is down.
    async fn apply(&self, transaction: &Transaction, events: &[Envelope]) -> Result<(), EffectError>;

    /// Takes something on the stream that is no event of ours. Unless an effect knows better, it becomes a dead letter.
    ///
    /// # Errors
    /// As [`Effect::apply`].
    async fn foreign(&self, _transaction: &Transaction, foreign: &Foreign) -> Result<(), EffectError> {
        Err(EffectError::Event(foreign.reason.clone()))
    }

    /// Runs after a commit that applied something: to wake a worker, say. May be missed in a crash.
    fn after_commit(&self) {}
}

/// Something on the stream that is no event of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// An id that follows from its place, so that it is known when it comes again.
    pub id: Uuid,
    /// Its place.
    pub position: Position,
    /// Where it was published.
    pub subject: String,
    /// Its headers, in the order of their names.
    pub headers: Vec<(String, String)>,
    /// Why it is not an event.
    pub reason: String,
    /// Its body.
    pub payload: Bytes,
}

/// Why an effect was not applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EffectError {
    /// The event cannot be applied. It is tried again with growing pauses, then set aside.
    #[error("the event cannot be applied: {0}")]
    Event(String),
    /// Something that is needed is down. The consumer waits; nothing is counted against the event.
    #[error("a dependency is down: {0}")]
    Dependency(String),
}

impl From<StoreError> for EffectError {
    /// A value or a state that the database refuses is the event's fault; anything else would fail other events as well.
    fn from(error: StoreError) -> Self {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        let text = format!("{error}{cause}");
        match error {
            StoreError::Conflict { .. } | StoreError::Rejected(_) | StoreError::Corrupt(_) => Self::Event(text),
            StoreError::Contended(_) | StoreError::Unavailable(_) | StoreError::Database(_) => Self::Dependency(text),
        }
    }
}

impl From<sea_orm::DbErr> for EffectError {
    fn from(error: sea_orm::DbErr) -> Self {
        StoreError::from(error).into()
    }
}

impl From<Fault> for EffectError {
    /// What a call to another service answered.
    fn from(fault: Fault) -> Self {
        match fault.kind {
            ErrorKind::Unavailable
            | ErrorKind::DeadlineExceeded
            | ErrorKind::Aborted
            | ErrorKind::ResourceExhausted
            | ErrorKind::Unauthenticated
            | ErrorKind::Unimplemented => Self::Dependency(fault.to_string()),
            _ => Self::Event(fault.to_string()),
        }
    }
}
