//! The schedule and what becomes of it. Every change is decided here; what comes next is worked out in
//! [`schedule_plan`](super::schedule_plan).

use jiff::tz::TimeZone;
use mesh_recurrence::{Nominal, RuleSet, Series};
use mesh_types::{Etag, TaskId, Timestamp, UserId, WorkspaceId};
use uuid::Uuid;

use super::{
    Closed, Coded, Occurrence, ScheduleError, ScheduleEvent, SchedulePolicies, ScheduleVerb, Template,
    schedule_plan::Extended,
};

/// A rule by which a task comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Its id.
    pub id: Uuid,
    /// The workspace it belongs to, for good.
    pub workspace_id: WorkspaceId,
    /// The task that is its first occurrence.
    pub task_id: TaskId,
    /// What the others are made from.
    pub template: Template,
    /// The rules, as they were written.
    pub rrule: String,
    /// The rules in plain English.
    pub text: String,
    /// Where the rules start.
    pub start: Nominal,
    /// The zone, as the database of zones spells it.
    pub time_zone: String,
    /// How the rules are read.
    pub policies: SchedulePolicies,
    /// Whether it plans tasks.
    pub state: ScheduleState,
    /// The occurrence after the newest that is planned, if it is known already.
    pub next: Option<Upcoming>,
    /// How many occurrences were planned so far.
    pub planned_count: i32,
    /// When it was paused, while it is.
    pub pause_time: Option<Timestamp>,
    /// When it ended.
    pub end_time: Option<Timestamp>,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it was last changed.
    pub update_time: Timestamp,
    /// When it was deleted; set exactly while it is.
    pub delete_time: Option<Timestamp>,
    /// Counts its changes from 1, without a gap.
    pub version: i64,
    /// Who created it.
    pub created_by: UserId,
}

/// An occurrence that is not planned yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upcoming {
    /// Its nominal local start.
    pub nominal: Nominal,
    /// When it is, after all policies.
    pub time: Timestamp,
}

/// Whether a schedule plans tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScheduleState {
    /// It does.
    Active,
    /// It does not until it is resumed.
    Paused,
    /// It does not any more.
    Ended,
}

impl Coded for ScheduleState {
    const CODES: &'static [(i32, Self)] = &[(10, Self::Active), (20, Self::Paused), (30, Self::Ended)];
}

/// What a rule says to a change of a schedule: what happens, with the occurrence that is planned by it (`None`: it is
/// so already, so nothing does), or why it cannot.
pub type ScheduleDecision = Result<Option<ScheduleStep>, ScheduleError>;

/// A change of a schedule and the occurrence that it plans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleStep {
    /// The change.
    pub event: ScheduleEvent,
    /// The occurrence, to be stored with it.
    pub planned: Option<Planned>,
}

/// An occurrence that is planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The occurrence.
    pub occurrence: Occurrence,
    /// The closed task that it is the successor of; `None` is the first of the schedule.
    pub follows: Option<TaskId>,
}

impl Schedule {
    /// Plans no more tasks for now.
    ///
    /// # Errors
    /// When it has ended.
    pub fn pause(&self, now: Timestamp) -> ScheduleDecision {
        self.refuse_if_over()?;
        if self.state == ScheduleState::Paused {
            return Ok(None);
        }
        let after = Self { state: ScheduleState::Paused, pause_time: Some(now), ..self.clone() };
        Ok(Some(self.step(after, ScheduleVerb::Paused, None, now)))
    }

    /// Plans tasks again, the successor of `owed` at once: its task was closed while it was paused.
    /// `planned` are the occurrences that there are.
    ///
    /// # Errors
    /// When it has ended, or finding the next one takes too much work.
    pub fn resume(&self, owed: Option<Closed>, planned: &[Nominal], now: Timestamp) -> ScheduleDecision {
        self.refuse_if_over()?;
        if self.state == ScheduleState::Active {
            return Ok(None);
        }
        let resumed = Self { state: ScheduleState::Active, pause_time: None, ..self.clone() };
        let Some(owed) = owed else {
            return Ok(Some(self.step(resumed, ScheduleVerb::Resumed, None, now)));
        };
        let extended = resumed.extend(owed, planned, now)?;
        Ok(Some(self.extended_by(extended, ScheduleVerb::Resumed, now)))
    }

    /// Plans no more tasks, ever.
    ///
    /// # Errors
    /// When it is deleted.
    pub fn end(&self, now: Timestamp) -> ScheduleDecision {
        self.refuse_if_deleted()?;
        if self.state == ScheduleState::Ended {
            return Ok(None);
        }
        Ok(Some(self.step(self.clone().ended(now), ScheduleVerb::Ended, None, now)))
    }

    /// Plans the successor of an occurrence whose task was closed, or ends when there is none. Nothing happens while it
    /// is paused (the successor is owed until it is resumed), nor when it has ended.
    ///
    /// # Errors
    /// When its rules cannot be read any more, or finding the next one takes too much work.
    pub fn succeed(&self, closed: Closed, planned: &[Nominal], now: Timestamp) -> ScheduleDecision {
        if self.state != ScheduleState::Active || self.delete_time.is_some() {
            return Ok(None);
        }
        let extended = self.extend(closed, planned, now)?;
        Ok(Some(self.extended_by(extended, ScheduleVerb::Planned, now)))
    }

    /// Identifies this version of it.
    pub fn etag(&self) -> Etag {
        Etag::of(self.id, self.version)
    }

    /// Checks that the caller has read this version, if they said which one they have read.
    ///
    /// # Errors
    /// When they have read another one.
    pub fn matches(&self, etag: Option<&Etag>) -> Result<(), ScheduleError> {
        match etag {
            Some(read) if *read != self.etag() => Err(ScheduleError::EtagStale { id: self.id, current: self.etag() }),
            _ => Ok(()),
        }
    }

    /// About how many bytes it takes to tell it.
    pub fn weight(&self) -> usize {
        self.rrule.len() + self.text.len() + self.template.weight() + 768
    }

    /// Its rules in its zone, starting at `start`.
    pub(super) fn series_from(&self, start: Nominal) -> Result<Series, ScheduleError> {
        let unreadable = || ScheduleError::Unreadable(self.id);
        let rules = RuleSet::parse(&self.rrule, start).map_err(|_| unreadable())?;
        Ok(Series::new(rules, self.zone()?, self.policies.placing))
    }

    /// The rules of its zone.
    pub(super) fn zone(&self) -> Result<TimeZone, ScheduleError> {
        let zone = mesh_recurrence::zone(&self.time_zone);
        zone.map(|(_, zone)| zone).ok_or(ScheduleError::Unreadable(self.id))
    }

    fn refuse_if_deleted(&self) -> Result<(), ScheduleError> {
        self.delete_time.map_or(Ok(()), |_| Err(ScheduleError::Deleted(self.id)))
    }

    fn refuse_if_over(&self) -> Result<(), ScheduleError> {
        self.refuse_if_deleted()?;
        if self.state == ScheduleState::Ended { Err(ScheduleError::Ended(self.id)) } else { Ok(()) }
    }

    fn ended(self, now: Timestamp) -> Self {
        Self { state: ScheduleState::Ended, end_time: Some(now), pause_time: None, next: None, ..self }
    }

    /// The step that an extension makes; its verb is `verb`, unless the series has come to its end.
    fn extended_by(&self, extended: Extended, verb: ScheduleVerb, now: Timestamp) -> ScheduleStep {
        let Extended { after, planned } = extended;
        match planned {
            Some(_) => self.step(after, verb, planned, now),
            None => self.step(after.ended(now), ScheduleVerb::Ended, None, now),
        }
    }

    fn step(&self, after: Self, verb: ScheduleVerb, planned: Option<Planned>, now: Timestamp) -> ScheduleStep {
        let after = Self { version: self.version + 1, update_time: self.update_time.max(now), ..after };
        ScheduleStep { event: ScheduleEvent { verb, before: Some(self.clone()), after }, planned }
    }
}
