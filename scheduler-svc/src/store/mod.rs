//! The database: the only place with sea-orm. Takes and returns domain types; a change, its timer and its event are one
//! transaction.

mod carry_over;
mod changes;
mod error;
mod fire;
mod follow;
mod leases;
mod migrations;
mod occurrences;
mod occurrences_work;
mod pages;
mod people;
mod reminders;
mod schedules;
mod schedules_changes;
mod schedules_pages;
mod schedules_plan;
mod schedules_split;
mod so_far;
mod tables;
pub(crate) mod task_refs;
mod timers;
mod zone_data;

use std::sync::Arc;

use mesh_events::{Envelope, EventLog, NewEvent};
use mesh_store::Database;

use crate::domain::{Reminder, ReminderEvent, Schedule, ScheduleEvent};

pub use crate::domain::Told;

pub use changes::{Aim, Written};
pub use error::Error;
pub use fire::{FireSettings, Fired};
pub use migrations::migrations;
pub use occurrences::OccurrencePage;
pub use occurrences_work::Errand;
pub use pages::Page;
pub use people::Followed;
pub use schedules_changes::{Known, OccurrenceAim, SeriesBeginning, WrittenSchedule};
pub use schedules_pages::SchedulePage;
pub use schedules_split::WrittenSplit;
pub use timers::Near;

/// Where reminders, schedules and their events are kept. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    database: Database,
    log: Arc<EventLog>,
    codec: EventCodec,
}

/// How events are written and read again; the contract knows, this layer does not.
#[derive(Clone, Copy)]
pub struct EventCodec {
    /// What happened to a reminder, as it is appended to the log.
    pub reminder: fn(&ReminderEvent, &Told<'_>) -> NewEvent,
    /// The reminder after an event of ours.
    pub kept_reminder: fn(&Envelope) -> Option<Reminder>,
    /// What happened to a schedule, as it is appended to the log.
    pub schedule: fn(&ScheduleEvent, &Told<'_>) -> NewEvent,
    /// The schedule after an event of ours.
    pub kept_schedule: fn(&Envelope) -> Option<Schedule>,
}

impl Store {
    /// A store in this database, whose tables are there.
    pub fn new(database: Database, log: Arc<EventLog>, codec: EventCodec) -> Self {
        Self { database, log, codec }
    }

    /// The same store through the connections that calls cannot starve: for what the clock and other services start.
    #[must_use]
    pub fn background(&self) -> Self {
        Self { database: self.database.background(), ..self.clone() }
    }
}
