//! What the users remember: every change that was acknowledged, when it was asked for and when it was answered. The
//! checker believes this and nothing else.

mod marks;
mod series;
mod steps;

use std::collections::BTreeMap;

use mesh_proto::{notify::v1::Notification, scheduler::v1::Reminder, task::v1::Task};

pub use marks::Marks;
pub use series::{Plan, Rule, Series};
pub use steps::{Step, Steps, UNCHANGED, Versioned};

/// Everything that one user remembers.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// What was done to each task.
    pub tasks: BTreeMap<String, Steps<Task>>,
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
