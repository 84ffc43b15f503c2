//! A schedule as its user remembers it.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use mesh_proto::scheduler::v1::Schedule;

use super::{Closing, Steps, Times, Versioned};

/// When the tasks of a schedule are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// The next when one is finished.
    OnCompletion,
    /// So many are open at any time.
    Ahead(usize),
    /// Those that are due by this wall time, whatever becomes of them.
    Until(DateTime),
    /// The next when one is finished, counted from that day. When that was nobody here knows for sure.
    FromCompletion,
}

/// Whether a schedule plans tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It does.
    Active,
    /// Not until it is resumed.
    Paused,
    /// Not any more.
    Ended,
}

/// What has become of an occurrence by its user's doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nothing: its task is open.
    Open,
    /// Its task was completed, cancelled or deleted.
    Finished,
    /// It was skipped when it had a task.
    Skipped,
    /// It was skipped when its task may have been about to be made.
    SkippedEarly,
    /// It was skipped before it was planned.
    LeftOut,
    /// Its task was closed together with the schedule.
    Closed(Closing),
}

/// An occurrence that there must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// When its task is due.
    pub due: DateTime,
    /// What its task is called.
    pub title: String,
    /// What has become of it.
    pub fate: Fate,
}

/// Something about a schedule that can be changed, or can be different from a split on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// What its tasks are called.
    Title(String),
    /// Which times it gives.
    Times(Times),
    /// How many are open at any time.
    Ahead(usize),
}

/// A schedule, and what became of its occurrences by its user's doing.
#[derive(Clone, Debug)]
pub struct Series {
    /// The schedule it was split from.
    pub split_from: Option<String>,
    /// The zone of the wall times.
    pub time_zone: String,
    /// The times it gives.
    pub times: Times,
    /// When its tasks are made.
    pub plan: Plan,
    /// What its tasks are called.
    pub title: String,
    /// Whether it plans tasks.
    pub standing: Standing,
    /// Whether it is in the bin.
    pub deleted: bool,
    /// The times hold for what nominally starts after this, since they were changed.
    pub changed_after: Option<DateTime>,
    /// What nominally starts from here on is another schedule's.
    pub ends_before: Option<DateTime>,
    /// The occurrences, by their nominal starts.
    pub occurrences: BTreeMap<DateTime, Expected>,
    /// What the task of an open one is called whose time is not known yet.
    pub unnamed: Option<String>,
    /// What was done to the schedule.
    pub steps: Steps<Schedule>,
}

impl Series {
    /// One that begins with its first occurrence, and has nothing else planned so far. One of a task that was there begins
    /// where it starts, whatever the rule gives.
    pub fn new(times: Times, of_task: bool, time_zone: &str, plan: Plan, title: &str) -> Self {
        let given = times.after(None).next().filter(|_| !of_task);
        let start = given.unwrap_or(times.start);
        let due = given.and_then(|given| times.due(given)).unwrap_or(start);
        let first = Expected { due, title: title.to_owned(), fate: Fate::Open };
        Self {
            split_from: None,
            time_zone: time_zone.to_owned(),
            times,
            plan,
            title: title.to_owned(),
            standing: Standing::Active,
            deleted: false,
            changed_after: None,
            ends_before: None,
            occurrences: [(start, first)].into(),
            unnamed: None,
            steps: Steps::default(),
        }
    }

    /// The nominal start of an occurrence, as the contract writes it.
    pub fn spelled(occurrence: DateTime) -> String {
        occurrence.strftime("%Y-%m-%dT%H:%M:%S").to_string()
    }
}

impl Versioned for Schedule {
    const KIND: &'static str = "schedule";

    fn id(&self) -> &str {
        &self.id
    }

    fn version(&self) -> i64 {
        self.version
    }
}
