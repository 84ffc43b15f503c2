//! The database: the only place with sea-orm. Takes and returns domain types; a change and its event are one
//! transaction.

mod changes;
mod error;
mod migrations;
mod pages;
mod places;
mod replays;
mod tables;
mod tasks;

use std::sync::Arc;

use mesh_events::{Envelope, EventLog, NewEvent};
use mesh_store::Database;
use mesh_types::{Caller, Timestamp};
use uuid::Uuid;

use crate::domain::{Task, TaskEvent};

pub use changes::Written;
pub use error::Error;
pub use migrations::migrations;
pub use pages::Page;

/// Where tasks and their events are kept. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    database: Database,
    log: Arc<EventLog>,
    codec: EventCodec,
}

/// How events are written and read again; the contract knows, this layer does not.
#[derive(Clone, Copy)]
pub struct EventCodec {
    /// The event as it is appended to the log, with its id, and the caller who made it happen at this time.
    pub encode: fn(&TaskEvent, Uuid, &Caller, Timestamp) -> NewEvent,
    /// The task after an event of ours.
    pub decode: fn(&Envelope) -> Option<Task>,
}

impl Store {
    /// A store in this database, whose tables are there.
    pub fn new(database: Database, log: Arc<EventLog>, codec: EventCodec) -> Self {
        Self { database, log, codec }
    }
}
