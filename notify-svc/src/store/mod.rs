//! The database: the only place with sea-orm. Takes and returns domain types; a change and its event are one
//! transaction.

mod changes;
mod channel_keys;
mod channels;
mod deliveries;
mod deliveries_asked;
mod deliveries_due;
mod error;
mod migrations;
mod notifications;
mod pages;
mod reminders;
mod tables;
mod tombstones;

use std::sync::Arc;

use mesh_events::{Envelope, EventLog, NewEvent};
use mesh_store::{Database, StoreError, Transaction};
use mesh_types::{Timestamp, new_id};
use uuid::Uuid;

use crate::domain::{Channel, ChannelEvent, Delivery, DeliveryEvent, Notification, NotificationEvent};

pub use changes::{MOST_SEEN, Unseen, Written};
pub use channels::{ChannelsPage, WrittenChannel};
pub use deliveries_asked::{DeliveriesPage, WrittenDelivery};
pub use deliveries_due::{ClaimDue, Due};
pub use error::Error;
pub use migrations::migrations;
pub use pages::{Counts, Page};

/// Where notifications, channels, deliveries and their events are kept. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    database: Database,
    log: Arc<EventLog>,
    codec: EventCodec,
}

/// How events are written and read again; the contract knows, this layer does not.
#[derive(Clone, Copy)]
pub struct EventCodec {
    /// Those of notifications.
    pub notification: Codec<NotificationEvent, Notification>,
    /// Those of channels.
    pub channel: Codec<ChannelEvent, Channel>,
    /// Those of deliveries.
    pub delivery: Codec<DeliveryEvent, Delivery>,
}

/// How the events of one kind of thing are written and read again.
pub struct Codec<E, T> {
    /// The event as it is appended to the log, with its id, at this time.
    pub encode: fn(&E, Uuid, Timestamp) -> NewEvent,
    /// The thing after an event of ours.
    pub decode: fn(&Envelope) -> Option<T>,
}

impl<E, T> Clone for Codec<E, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E, T> Copy for Codec<E, T> {}

impl Store {
    /// A store in this database, whose tables are there.
    pub fn new(database: Database, log: Arc<EventLog>, codec: EventCodec) -> Self {
        Self { database, log, codec }
    }

    /// Tells the relay that there is something to publish: after a commit that was somebody else's to make.
    pub fn committed(&self) {
        self.log.committed();
    }

    /// Appends events to the log and returns their ids.
    async fn append<E, T>(
        &self,
        transaction: &Transaction,
        codec: &Codec<E, T>,
        events: &[E],
        now: Timestamp,
    ) -> Result<Vec<Uuid>, StoreError> {
        let told: Vec<NewEvent> = events.iter().map(|event| (codec.encode)(event, new_id(now), now)).collect();
        self.log.append(transaction, &told).await?;
        Ok(told.iter().map(|event| event.id).collect())
    }
}
