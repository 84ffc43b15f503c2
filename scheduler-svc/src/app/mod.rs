//! What can be done with reminders and schedules: one file per use case. A use case says who may do it and in which order
//! its parts happen; what is true of them is the domain's matter.

mod close_occurrence;
mod create_reminder;
mod create_schedule;
mod delete_reminder;
mod delete_schedule;
mod dismiss_reminder;
mod end_schedule;
mod error;
mod fire_reminders;
mod follow_people;
mod follow_tasks;
mod follow_zones;
mod get_schedule;
mod list_occurrences;
mod list_reminders;
mod list_schedules;
mod pause_schedule;
mod plan_schedules;
mod preview_schedule;
mod resume_schedule;
mod run_errand;
mod see_task;
mod skip_occurrence;
mod snooze_reminder;
mod split_schedule;
mod timers;
mod undelete_reminder;
mod undelete_schedule;
mod update_reminder;
mod update_schedule;

use std::sync::Arc;

use mesh_recurrence::Nominal;
use mesh_store::Change;
use mesh_types::{Caller, Clock, Etag, RequestId, Timestamp};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{
    clients::TasksClient,
    store::{Aim, Near, OccurrenceAim, Store},
};

pub use create_reminder::CreateReminder;
pub use create_schedule::CreateSchedule;
pub use delete_schedule::DeleteSchedule;
pub use error::Error;
pub use fire_reminders::Volley;
pub use list_occurrences::{ListOccurrences, Listed, OccurrencePage};
pub use list_reminders::{ListReminders, ReminderPage};
pub use list_schedules::{ListSchedules, SchedulePage};
pub use skip_occurrence::SkipOccurrence;
pub use snooze_reminder::{SnoozeReminder, Until};
pub use split_schedule::SplitSchedule;
pub use timers::{TimerSettings, Timers};
pub use update_reminder::UpdateReminder;
pub use update_schedule::UpdateSchedule;

pub use crate::store::{Written, WrittenSchedule, WrittenSplit};

/// Every use case, and what they need.
pub struct App {
    store: Store,
    /// The same store, for what the clock starts.
    background: Store,
    tasks: TasksClient,
    clock: Arc<dyn Clock>,
    timers: Timers,
    planned: Notify,
    people: Notify,
}

impl App {
    /// How often a use case looks a task up before it gives up because others keep forgetting it.
    const ATTEMPTS: usize = 5;

    /// The use cases on this store, firing by these timers.
    pub fn new(store: Store, tasks: TasksClient, clock: Arc<dyn Clock>, timers: Timers) -> Self {
        let (planned, people) = (Notify::new(), Notify::new());
        Self { background: store.background(), store, tasks, clock, timers, planned, people }
    }

    /// The timers that this replica holds.
    pub fn timers(&self) -> &Timers {
        &self.timers
    }

    /// Told when an occurrence may have been planned, so that its task can be made.
    pub fn planned(&self) -> &Notify {
        &self.planned
    }

    /// Told when somebody's reminders may have to follow them.
    pub fn people(&self) -> &Notify {
        &self.people
    }

    /// Which timers this replica holds when it sets them.
    fn near(&self, now: Timestamp) -> Near {
        self.timers.near(now)
    }

    /// Holds the timer that a change has set, if it is this replica's.
    fn hold(&self, written: Written) -> Written {
        self.timers.hold(written.held);
        written
    }
}

/// The reminder or schedule that a verb is for.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its id.
    pub id: Uuid,
    /// The version that the caller has read, if they care.
    pub etag: Option<Etag>,
    /// Makes repeating the request harmless.
    pub request: Option<RequestId>,
}

impl Target {
    fn change<'a>(&'a self, method: &'static str, caller: &'a Caller, now: Timestamp) -> Change<'a> {
        Change { caller, now, method, request: self.request.as_ref() }
    }

    fn aim_at(&self, occurrence: Option<Nominal>) -> OccurrenceAim<'_> {
        OccurrenceAim { schedule_id: self.id, etag: self.etag.as_ref(), occurrence }
    }

    fn aim(&self, near: Near) -> Aim<'_> {
        Aim { id: self.id, etag: self.etag.as_ref(), near }
    }
}
