//! What the users remember: every change that was acknowledged, when it was asked for and when it was answered. The
//! checker believes this and nothing else.

mod errands;
mod marks;
mod plan;
mod series;
mod steps;
mod times;

use std::collections::BTreeMap;

use mesh_proto::{notify::v1::Notification, scheduler::v1::Reminder, task::v1::Task};

pub use errands::{Closing, Errands};
pub use marks::Marks;
pub use series::{Change, Expected, Fate, Plan, Series, Standing};
pub use steps::{Step, Steps, UNCHANGED, Versioned};
pub use times::{Rule, Times, Weekend};

/// Everything that one user remembers.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// What was done to each task.
    pub tasks: BTreeMap<String, Steps<Task>>,
    /// What schedules were asked to do to tasks in the user's name.
    pub errands: BTreeMap<String, Errands>,
    /// What was done to each reminder.
    pub reminders: BTreeMap<String, Steps<Reminder>>,
    /// What was done to each schedule and its occurrences.
    pub series: BTreeMap<String, Series>,
    /// What was done to each notification.
    pub marks: Marks,
    /// What should never have been answered, in plain English.
    pub oddities: Vec<String>,
}

impl Ledger {
    /// Adds what somebody else remembers who acted for the same user. Nobody acts on what another made, so nothing is in
    /// both.
    pub fn take_in(&mut self, other: Self) {
        self.tasks.extend(other.tasks);
        self.errands.extend(other.errands);
        self.reminders.extend(other.reminders);
        self.series.extend(other.series);
        self.marks.take_in(other.marks);
        self.oddities.extend(other.oddities);
    }

    /// How many changes were acknowledged.
    pub fn len(&self) -> usize {
        let tasks: usize = self.tasks.values().map(|steps| steps.all().len()).sum();
        let reminders: usize = self.reminders.values().map(|steps| steps.all().len()).sum();
        let series: usize = self.series.values().map(|series| series.steps.all().len()).sum();
        tasks + reminders + series + self.marks.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Versioned for Task {
    const KIND: &'static str = "task";

    fn id(&self) -> &str {
        &self.id
    }

    fn version(&self) -> i64 {
        self.version
    }
}

impl Versioned for Reminder {
    const KIND: &'static str = "reminder";

    fn id(&self) -> &str {
        &self.id
    }

    fn version(&self) -> i64 {
        self.version
    }
}

impl Versioned for Notification {
    const KIND: &'static str = "notification";

    fn id(&self) -> &str {
        &self.id
    }

    fn version(&self) -> i64 {
        self.version
    }
}
