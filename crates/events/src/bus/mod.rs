//! The event bus: transport between services. The database is the truth; what a bus loses is published again.

pub(crate) mod backoff;
mod embedded;
mod jetstream;

use std::{pin::Pin, sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::Stream;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub use self::{
    embedded::{EmbeddedBus, EmbeddedSettings},
    jetstream::{JetStreamBus, NatsConfig},
};
use crate::Envelope;

/// The largest event a bus carries, headers and body together, in bytes.
pub const MAX_EVENT_BYTES: usize = 256 * 1024;

/// Carries events. Two implementations: [`crate::JetStreamBus`] and [`crate::EmbeddedBus`]; one suite of tests
/// (`tests/conformance`) says what both must do.
#[async_trait]
pub trait EventBus: Send + Sync + 'static {
    /// Publishes events in order and returns how many of them, from the first, are durable. Fewer than given means
    /// that the next one failed; the caller sends again from there. An id that was published within the last minutes
    /// is stored once.
    ///
    /// # Errors
    /// When not even the first could be published.
    async fn publish(&self, events: &[Envelope]) -> Result<usize, BusError> {
        Ok(self.publish_placed(events).await?.events)
    }

    /// The same, for whoever needs to know where they were stored.
    ///
    /// # Errors
    /// When not even the first could be published.
    async fn publish_placed(&self, events: &[Envelope]) -> Result<Published, BusError>;

    /// Whether the stream still is what it was when it stored the event `id` at `place`. `false` when it came back
    /// without its newest events, whatever was stored since in their places; what is removed because of its age does not
    /// count.
    ///
    /// # Errors
    /// [`BusError::PositionGone`] when the place is of another stream; when the bus cannot be reached.
    async fn holds(&self, place: &Position, id: Uuid) -> Result<bool, BusError>;

    /// Another number than before means that the bus was away, and may have come back with less than it had.
    fn session(&self) -> u64;

    /// Delivers events to `handler` in batches until `stop`, at least once each, in order per aggregate at best. A
    /// durable that is new begins with the oldest event there is; a known one goes on where it was. Several processes
    /// may consume as the same durable; they share its events. While the handler answers with an error nothing is
    /// acknowledged, and the batch comes again after a pause.
    ///
    /// # Errors
    /// None that can be waited out: those are logged and retried. Only a bus that is not configured to serve this.
    async fn consume(
        &self,
        durable: Durable,
        handler: Arc<dyn BatchHandler>,
        stop: CancellationToken,
    ) -> Result<(), BusError>;

    /// How many events wait for a durable: those that it has not acknowledged. 0 for one that is not known.
    ///
    /// # Errors
    /// When the bus cannot be reached.
    async fn backlog(&self, durable: &Durable) -> Result<u64, BusError>;

    /// Follows events from a place on, without acknowledgements, in order and without a gap; for fan-out inside one
    /// process. While the bus cannot be reached it waits; it fails when it could not go on without a gap.
    ///
    /// # Errors
    /// [`BusError::PositionGone`] when the place is of another stream, older than what is kept, or after the newest.
    async fn tail(&self, filter: Filter, from: TailFrom) -> Result<TailStream, BusError>;

    /// Wakes whoever listens on `topic`, in every process. Best effort: a signal may be lost, so whoever waits for one
    /// also polls.
    async fn signal(&self, topic: &str);

    /// The signals on `topic` from now on; several in a row may be told as one.
    ///
    /// # Errors
    /// When the bus cannot be reached.
    async fn signals(&self, topic: &str) -> Result<SignalStream, BusError>;

    /// Which stream this is. Another identity than before means that the stream was lost and made anew.
    ///
    /// # Errors
    /// When the bus cannot be reached.
    async fn identity(&self) -> Result<String, BusError>;

    /// The place of the newest event (sequence 0 when there was none yet): a tail from after it misses nothing that is
    /// published from now on, also when it has to be opened again before it yielded anything.
    ///
    /// # Errors
    /// When the bus cannot be reached.
    async fn head(&self) -> Result<Position, BusError>;
}

/// What a publication came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// How many events, from the first, are durable.
    pub events: usize,
    /// The place of the last of these, if it is known.
    pub last: Option<Position>,
}

/// A consumer that is remembered.
#[derive(Clone, Debug)]
pub struct Durable {
    /// Its name, such as `audit-svc`: `[a-z0-9-]+`.
    pub name: String,
    /// What it is told.
    pub filter: Filter,
    /// After a batch, how long events may gather before the next. Under load batches are fewer and larger then, and an
    /// event costs less; what comes after a quiet time is delivered at once.
    pub gather: Duration,
}

/// Which events: of these entities, or of all when empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Entities, such as `task`.
    pub entities: Vec<String>,
}

/// Where a tail begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TailFrom {
    /// With what is published from now on.
    Now,
    /// With the newest `n` events that are kept (those of them that the filter lets through), then on.
    Last(u64),
    /// Right after this place.
    After(Position),
}

/// A place in a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Which stream.
    pub identity: String,
    /// The event's number in it, from 1, growing; 0 is before the first.
    pub sequence: u64,
}

/// An event and its place.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Its place.
    pub position: Position,
    /// The event.
    pub event: Arc<Envelope>,
}

/// What a tail yields. It ends after an error; the reader opens a new one after the last position it saw.
pub type TailStream = Pin<Box<dyn Stream<Item = Result<Placed, BusError>> + Send>>;

/// What listening to signals yields.
pub type SignalStream = Pin<Box<dyn Stream<Item = ()> + Send>>;

/// Takes batches of events.
#[async_trait]
pub trait BatchHandler: Send + Sync + 'static {
    /// Takes a batch. `Ok` acknowledges all of it.
    ///
    /// # Errors
    /// [`Pause`] when something that is needed is down: nothing is acknowledged or counted against the events, and they
    /// come again after a pause of at most five seconds.
    async fn handle(&self, batch: Vec<Delivery>) -> Result<(), Pause>;
}

/// What a bus hands to a consumer.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// An event.
    Event(Envelope),
    /// Something on the stream that is no event of ours: its subject, headers as text, and body, as they are.
    Foreign {
        /// Its place, by which it is known when it is delivered again.
        position: Position,
        /// Where it was published.
        subject: String,
        /// Its headers as text, in the order of their names.
        headers: Vec<(String, String)>,
        /// Why it is not an event.
        reason: String,
        /// The body.
        payload: bytes::Bytes,
    },
}

/// The consumer cannot go on for now.
#[derive(Clone, Debug, thiserror::Error)]
#[error("consumer pauses: {0}")]
pub struct Pause(pub String);

/// Why a bus did not do something.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// It cannot be reached, or did not answer in time.
    #[error("event bus unavailable: {0}")]
    Unavailable(String),
    /// It is nearly full and takes no more until consumers have caught up.
    #[error("event bus full: {0}")]
    Full(String),
    /// The place is of another stream, older than what is kept, or after the newest.
    #[error("position gone")]
    PositionGone,
    /// An event that cannot be carried: too large, or not well-formed.
    #[error("event refused: {0}")]
    Refused(String),
}
