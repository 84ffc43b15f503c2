//! An occurrence: one time of a schedule, and the task that it became.

use jiff::tz::TimeZone;
use mesh_recurrence::{Adjustment, Nominal, Outcome, Series};
use mesh_types::{TaskId, Timestamp, derived_id};
use uuid::Uuid;

use super::{Coded, TaskChange, TaskRef, TaskStatus, schedule_time::from_jiff};

/// An occurrence that is planned: it has its task, or is to get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// The schedule.
    pub schedule_id: Uuid,
    /// The nominal local start: it never changes.
    pub nominal: Nominal,
    /// Where that is.
    pub place: Place,
    /// Its task.
    pub task_id: TaskId,
    /// What has become of it.
    pub state: OccurrenceState,
    /// Whether the one after it was planned, or the series ended with it. Once true, it stays so for ever.
    pub successor_planned: bool,
    /// When it was planned.
    pub plan_time: Timestamp,
    /// When its task was closed; set exactly while it is.
    pub close_time: Option<Timestamp>,
    /// What happened to the task up to here was before it became this occurrence.
    pub since: Since,
    /// The newest state of the task that is known here: epoch and version.
    pub newest: (i64, i64),
    /// What is left to do for its task.
    pub to_do: Option<ToDo>,
}

/// Where an occurrence is, after all policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The instant; of a whole day, its first in the zone.
    pub instant: Timestamp,
    /// The wall time, or the day.
    pub local: Nominal,
    /// The zone's offset at that instant, in seconds east of UTC.
    pub offset_seconds: i32,
    /// Why it is not at its nominal start.
    pub adjustments: Vec<Adjustment>,
}

/// The state of a task at which it became an occurrence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Since {
    /// Its version.
    pub version: i64,
    /// No later than this it had that version. (Versions start again when a database is restored from a backup.)
    pub time: Timestamp,
}

/// What has become of an occurrence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OccurrenceState {
    /// Its task is being made.
    Planned,
    /// Its task is open.
    Open,
    /// Its task is done.
    Completed,
    /// Its task will not be done.
    Cancelled,
    /// Its task was deleted.
    Deleted,
    /// Somebody skipped it.
    Skipped,
    /// It passed while nothing could be planned. It has no task.
    Missed,
}

impl Coded for OccurrenceState {
    const CODES: &'static [(i32, Self)] = &[
        (20, Self::Planned),
        (30, Self::Open),
        (40, Self::Completed),
        (50, Self::Cancelled),
        (60, Self::Deleted),
        (70, Self::Skipped),
        (80, Self::Missed),
    ];
}

/// What a worker has left to do for the task of an occurrence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToDo {
    /// Create it.
    Create,
    /// It is there already: note on it which occurrence it is.
    Link,
    /// It is there already, as another occurrence: make this one of it.
    Adopt,
    /// Cancel it.
    Cancel,
    /// Put it into the bin.
    Delete,
}

impl Coded for ToDo {
    const CODES: &'static [(i32, Self)] =
        &[(10, Self::Create), (20, Self::Link), (30, Self::Adopt), (40, Self::Cancel), (50, Self::Delete)];
}

/// The adjustments and their numbers in the contract.
impl Coded for Adjustment {
    const CODES: &'static [(i32, Self)] = &[(10, Self::Weekend), (20, Self::MonthEnd), (30, Self::DstGap)];
}

/// An occurrence whose task was closed: what its successor is counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed {
    /// Which.
    pub nominal: Nominal,
    /// Its task.
    pub task_id: TaskId,
    /// When.
    pub time: Timestamp,
}

/// What news of a task means to the occurrence that it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The occurrence as it is now.
    pub after: Occurrence,
    /// It was closed and has no successor yet.
    pub owes: Option<Closed>,
}

impl Occurrence {
    /// The id of the task that is this occurrence of a schedule: whoever computes it gets the same one, and the task
    /// service does, too.
    pub fn task_id(schedule_id: Uuid, nominal: Nominal) -> TaskId {
        TaskId(derived_id("occurrence", &format!("{schedule_id}/{nominal}")))
    }

    /// A new occurrence, whose task is still to be made.
    pub fn planned(schedule_id: Uuid, found: &mesh_recurrence::Occurrence, now: Timestamp) -> Self {
        Self {
            schedule_id,
            nominal: found.nominal,
            place: Place::from(found),
            task_id: Self::task_id(schedule_id, found.nominal),
            state: OccurrenceState::Planned,
            successor_planned: false,
            plan_time: now,
            close_time: None,
            since: Since::default(),
            newest: (0, 0),
            to_do: Some(ToDo::Create),
        }
    }

    /// One that passed while nothing could be planned.
    pub fn missed(schedule_id: Uuid, found: &mesh_recurrence::Occurrence, now: Timestamp) -> Self {
        let planned = Self::planned(schedule_id, found, now);
        Self { state: OccurrenceState::Missed, successor_planned: true, to_do: None, ..planned }
    }

    /// One that is left out, before it was planned.
    pub fn left_out(schedule_id: Uuid, found: &mesh_recurrence::Occurrence, now: Timestamp) -> Self {
        Self { state: OccurrenceState::Skipped, close_time: Some(now), ..Self::missed(schedule_id, found, now) }
    }

    /// Whether its task is open, or being made.
    pub fn is_open(&self) -> bool {
        matches!(self.state, OccurrenceState::Planned | OccurrenceState::Open)
    }

    /// Whether it has a task, or had one.
    pub fn has_task(&self) -> bool {
        match self.state {
            OccurrenceState::Planned | OccurrenceState::Missed => false,
            OccurrenceState::Open | OccurrenceState::Completed => true,
            // Closed before there was one, nothing was ever heard of it.
            _ => !self.is_unheard() || self.to_do.is_some(),
        }
    }

    fn is_unheard(&self) -> bool {
        self.newest == (0, 0)
    }

    /// What a change of its task means. News that is older than what is known changes nothing about the state, but an
    /// occurrence that was ever closed owes a successor, in whatever order that is heard of.
    pub fn hear(&self, change: &TaskChange) -> Option<Heard> {
        let TaskRef { epoch, version, .. } = change.task;
        if version <= self.since.version && change.time <= self.since.time {
            return None;
        }
        let mut after = self.clone();
        if (epoch, version) > self.newest {
            after.newest = (epoch, version);
            after.state = self.state_after(change);
            after.to_do = self.to_do_after(change);
            let closed = after.state != OccurrenceState::Open;
            after.close_time = closed.then(|| self.close_time.unwrap_or(change.time));
        }
        let owes = change.task.is_over() && !self.successor_planned;
        let owes = owes.then_some(Closed { nominal: self.nominal, task_id: self.task_id, time: change.time });
        (owes.is_some() || after != *self).then_some(Heard { after, owes })
    }

    fn state_after(&self, change: &TaskChange) -> OccurrenceState {
        let is_closed = match self.state {
            OccurrenceState::Skipped => true,
            // With its schedule; its task may not be closed yet.
            OccurrenceState::Cancelled | OccurrenceState::Deleted => !change.task.is_over() && self.is_to_close(),
            _ => false,
        };
        if is_closed && !self.is_opened_again_by(change) { self.state } else { OccurrenceState::of(&change.task) }
    }

    /// A task that was being made when this was closed may not have been there to be closed; one that somebody opened again
    /// is not to be closed any more, and one that is over need not be.
    fn to_do_after(&self, change: &TaskChange) -> Option<ToDo> {
        let close = match self.state {
            OccurrenceState::Deleted if self.is_to_close() => ToDo::Delete,
            OccurrenceState::Skipped | OccurrenceState::Cancelled if self.is_to_close() => ToDo::Cancel,
            _ => return self.to_do,
        };
        let is_done = if close == ToDo::Delete { change.task.deleted } else { change.task.is_over() };
        (!is_done && !self.is_opened_again_by(change)).then_some(close)
    }

    /// Whether its task is to be closed, if this is closed.
    fn is_to_close(&self) -> bool {
        self.is_unheard() || matches!(self.to_do, Some(ToDo::Cancel | ToDo::Delete))
    }

    fn is_opened_again_by(&self, change: &TaskChange) -> bool {
        change.opens && self.close_time.is_none_or(|closed| change.time > closed)
    }

    /// The occurrence, if its task is closed and it has no successor yet.
    pub fn owed(&self) -> Option<Closed> {
        let time = self.close_time.filter(|_| !self.successor_planned)?;
        Some(Closed { nominal: self.nominal, task_id: self.task_id, time })
    }
}

impl OccurrenceState {
    /// What a task in this state says of its occurrence.
    fn of(task: &TaskRef) -> Self {
        match task.status {
            _ if task.deleted => Self::Deleted,
            TaskStatus::Open => Self::Open,
            TaskStatus::Completed => Self::Completed,
            TaskStatus::Cancelled => Self::Cancelled,
        }
    }
}

impl From<&mesh_recurrence::Occurrence> for Place {
    fn from(found: &mesh_recurrence::Occurrence) -> Self {
        Self {
            instant: from_jiff(found.instant),
            local: found.local,
            offset_seconds: found.offset.seconds(),
            adjustments: found.adjustments.clone(),
        }
    }
}

impl Place {
    /// Where a series starts: where its rules and policies put that, else where its name says.
    pub fn of_start(series: &Series) -> Option<Self> {
        let start = series.rules().start();
        match series.at(start) {
            Outcome::Next(found) => Some(Self::from(&found)),
            Outcome::Ended | Outcome::GaveUp => Self::of(start, series.zone()),
        }
    }

    /// A nominal start that no rule gave: a wall time that the zone leaves out takes the offset before the gap, one that
    /// comes twice is the first.
    pub fn of(nominal: Nominal, zone: &TimeZone) -> Option<Self> {
        let zoned = zone.to_ambiguous_zoned(nominal.datetime()).compatible().ok()?;
        Some(Self {
            instant: from_jiff(zoned.timestamp()),
            local: nominal,
            offset_seconds: zoned.offset().seconds(),
            adjustments: Vec::new(),
        })
    }
}
