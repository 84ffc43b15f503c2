//! The schedule and what becomes of it. What comes next is worked out in [`schedule_plan`](super::schedule_plan); larger
//! changes have files of their own.

use jiff::tz::TimeZone;
use mesh_recurrence::{Nominal, RuleSet, Series};
use mesh_types::{Etag, TaskId, Timestamp, UserId, WorkspaceId};
use uuid::Uuid;

use super::{
    Coded, Occurrence, OccurrenceState, ScheduleError, ScheduleEvent, SchedulePolicies, ScheduleVerb, SoFar, Template,
    ToDo,
};

/// A rule by which a task comes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Its id.
    pub id: Uuid,
    /// The workspace it belongs to, for good.
    pub workspace_id: WorkspaceId,
    /// The task that is its first occurrence; `None` if all are made from the template.
    pub task_id: Option<TaskId>,
    /// What its tasks are made from.
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
    /// The schedule it was split from.
    pub split_from: Option<Uuid>,
    /// The rules hold for what nominally starts after this, since they were changed. Not told.
    pub rules_from: Option<Nominal>,
    /// What nominally starts from here on is another schedule's, which was split off.
    pub ends_before: Option<Nominal>,
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

/// A change of a schedule, and of its occurrences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleStep {
    /// The change.
    pub event: ScheduleEvent,
    /// Occurrences that are planned by it.
    pub planned: Vec<Planned>,
    /// New ones that get no task: missed or left out.
    pub noted: Vec<Occurrence>,
    /// Known ones, as they are now.
    pub rewritten: Vec<Occurrence>,
}

/// An occurrence that is planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The occurrence.
    pub occurrence: Occurrence,
    /// The task that it comes after and gets its reminders from; `None` is the first of the schedule.
    pub follows: Option<TaskId>,
}

/// What becomes of the open tasks of a schedule that is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OpenTasks {
    /// They stay.
    #[default]
    Keep,
    /// They are cancelled.
    Cancel,
    /// They are deleted, too.
    Delete,
}

impl Coded for OpenTasks {
    const CODES: &'static [(i32, Self)] = &[(10, Self::Keep), (20, Self::Cancel), (30, Self::Delete)];
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
        Ok(Some(self.step(after, ScheduleVerb::Paused, now)))
    }

    /// Plans tasks again, and at once what is owed since their tasks were closed while it was paused.
    ///
    /// # Errors
    /// When it has ended, or finding the next one takes too much work.
    pub fn resume(&self, so_far: &SoFar, now: Timestamp) -> ScheduleDecision {
        self.refuse_if_over()?;
        if self.state == ScheduleState::Active {
            return Ok(None);
        }
        let resumed = Self { state: ScheduleState::Active, pause_time: None, ..self.clone() };
        self.go_on(resumed, ScheduleVerb::Resumed, so_far, now).map(Some)
    }

    /// The step that makes `after` of it, planning what is due by now.
    pub(super) fn go_on(
        &self,
        after: Self,
        verb: ScheduleVerb,
        so_far: &SoFar,
        now: Timestamp,
    ) -> Result<ScheduleStep, ScheduleError> {
        if after.state != ScheduleState::Active || after.delete_time.is_some() {
            return Ok(self.step(after, verb, now));
        }
        let plan = after.plan(so_far, so_far.last_owed(), now)?;
        Ok(self.planned_by(after, plan, verb, now))
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
        Ok(Some(self.step(self.clone().ended(now), ScheduleVerb::Ended, now)))
    }

    /// Puts it into the bin, and does with the tasks that are open what is asked.
    ///
    /// # Errors
    /// None; the form is that of all changes.
    pub fn delete(&self, open_tasks: OpenTasks, so_far: &SoFar, now: Timestamp) -> ScheduleDecision {
        if self.delete_time.is_some() {
            return Ok(None);
        }
        let after = Self { delete_time: Some(now), ..self.clone() };
        let (to_do, state) = match open_tasks {
            OpenTasks::Keep => return Ok(Some(self.step(after, ScheduleVerb::Deleted, now))),
            OpenTasks::Cancel => (ToDo::Cancel, OccurrenceState::Cancelled),
            OpenTasks::Delete => (ToDo::Delete, OccurrenceState::Deleted),
        };
        let closed = |open: &Occurrence| {
            let close_time = Some(now);
            Occurrence { state, close_time, to_do: Some(to_do), ..open.clone() }
        };
        let rewritten = so_far.open.iter().map(closed).collect();
        Ok(Some(ScheduleStep { rewritten, ..self.step(after, ScheduleVerb::Deleted, now) }))
    }

    /// Takes it out of the bin. What it owes by then is planned, unless it is paused or has ended.
    ///
    /// # Errors
    /// When finding the next one takes too much work.
    pub fn undelete(&self, so_far: &SoFar, now: Timestamp) -> ScheduleDecision {
        if self.delete_time.is_none() {
            return Ok(None);
        }
        let after = Self { delete_time: None, ..self.clone() };
        self.go_on(after, ScheduleVerb::Undeleted, so_far, now).map(Some)
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

    /// Whether what nominally starts then is still an occurrence of it, when so many come before.
    pub(super) fn admits(&self, nominal: Nominal, before_it: i32) -> bool {
        self.policies.end.admits(nominal.date(), before_it) && self.ends_before.is_none_or(|end| nominal < end)
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

    pub(super) fn refuse_if_deleted(&self) -> Result<(), ScheduleError> {
        self.delete_time.map_or(Ok(()), |_| Err(ScheduleError::Deleted(self.id)))
    }

    pub(super) fn refuse_if_over(&self) -> Result<(), ScheduleError> {
        self.refuse_if_deleted()?;
        if self.state == ScheduleState::Ended { Err(ScheduleError::Ended(self.id)) } else { Ok(()) }
    }

    pub(super) fn ended(self, now: Timestamp) -> Self {
        Self { state: ScheduleState::Ended, end_time: Some(now), pause_time: None, next: None, ..self }
    }

    /// The step that makes `after` of it and plans nothing.
    pub(super) fn step(&self, after: Self, verb: ScheduleVerb, now: Timestamp) -> ScheduleStep {
        let after = Self { version: self.version + 1, update_time: self.update_time.max(now), ..after };
        let event = ScheduleEvent { verb, before: Some(self.clone()), after, occurrence: None };
        ScheduleStep { event, planned: Vec::new(), noted: Vec::new(), rewritten: Vec::new() }
    }
}
