//! Events: how a change in one service becomes an effect in another, exactly once, whatever crashes.
//!
//! The database is the truth and the bus is transport. Reading order, along the way of an event: [`NewEvent`] and
//! [`Envelope`] → [`EventLog`] (appended in the transaction of the change) → [`Relay`] (to the bus) → [`EventBus`] and its
//! two implementations → [`Consumer`] and [`Effect`] (once per event) → [`dead_letters`] (what cannot be consumed) →
//! [`republish`] (when the bus has lost what it had) → [`Housekeeping`]. Beside it, [`live`] tells those who watch.

mod bus;
mod consumer;
pub mod dead_letters;
mod effect;
mod envelope;
mod event_log;
mod housekeeping;
mod inbox;
pub mod live;
mod migrations;
pub mod projection;
mod relay;
mod republish;
mod wire;

pub use bus::{
    BatchHandler, BusError, Delivery, Durable, EmbeddedBus, EmbeddedSettings, EventBus, Filter, JetStreamBus,
    MAX_EVENT_BYTES, NatsConfig, Pause, Placed, Position, Published, SignalStream, TailFrom, TailStream,
};
pub use consumer::{Consumer, ConsumerSettings};
pub use effect::{Effect, EffectError, Foreign};
pub use envelope::{Envelope, NewEvent, Revision};
pub use event_log::EventLog;
pub use housekeeping::{Housekeeping, HousekeepingSettings};
pub use migrations::migrations;
pub use relay::{Relay, RelaySettings};
pub use republish::{begin_epoch, republish};
