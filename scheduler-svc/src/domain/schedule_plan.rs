//! What a schedule plans next, and why.

use mesh_recurrence::Nominal;
use mesh_types::{TaskId, Timestamp};

use super::{
    Advance, Closed, Generation, Missed, Occurrence, Planned, Schedule, ScheduleError, ScheduleState, ScheduleStep,
    ScheduleVerb, Upcoming, schedule_search::Search, schedule_time::from_jiff,
};

/// How many occurrences are planned at once when missed ones are made up for. The rest follows as tasks are closed.
const AT_ONCE: usize = 100;

/// What a schedule has planned so far, as far as its next decision depends on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SoFar {
    /// The newest occurrence that is planned, by its nominal start; skipped ones do not count.
    pub newest: Option<Nominal>,
    /// Those whose tasks are open, or are being made.
    pub open: Vec<Occurrence>,
    /// Those that were closed while nothing could be planned, and still have no successor.
    pub owed: Vec<Closed>,
    /// The nominal starts that are taken, from the newest on; counted from completion, from the day of closing on.
    pub taken: Vec<Nominal>,
}

/// What comes of an occurrence that was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Succession {
    /// Nothing yet: the successor is owed.
    Owed,
    /// It is settled for good; by this step, if anything is planned or the series has come to its end.
    Settled(Option<Box<ScheduleStep>>),
}

/// What is planned in one go.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) planned: Vec<mesh_recurrence::Occurrence>,
    pub(super) missed: Vec<mesh_recurrence::Occurrence>,
    /// What comes after that, as far as it is known.
    pub(super) next: Option<Upcoming>,
    /// The series has come to its end.
    pub(super) over: bool,
    /// The task whose reminders those that are planned get; `None` if there is none yet.
    pub(super) follows: Option<TaskId>,
}

impl SoFar {
    /// How many open ones there are that will have a successor. (One that was reopened has it already.)
    fn will_be_followed(&self, closed: Option<Closed>) -> usize {
        let is_closed = |nominal| closed.is_some_and(|closed| closed.nominal == nominal);
        let open = self.open.iter().filter(|open| !open.successor_planned && !is_closed(open.nominal));
        open.count()
    }

    /// What was closed last while nothing could be planned.
    pub(super) fn last_owed(&self) -> Option<Closed> {
        self.owed.iter().copied().max_by_key(|closed| closed.time)
    }
}

impl Schedule {
    /// Plans the successor of an occurrence whose task was closed, or ends when there is none. While it is paused, or in
    /// the bin, the successor is owed.
    ///
    /// # Errors
    /// When its rules cannot be read any more, or finding the next one takes too much work.
    pub fn succeed(&self, closed: Closed, so_far: &SoFar, now: Timestamp) -> Result<Succession, ScheduleError> {
        if self.state == ScheduleState::Ended {
            return Ok(Succession::Settled(None));
        }
        if self.state == ScheduleState::Paused || self.delete_time.is_some() {
            return Ok(Succession::Owed);
        }
        let plan = self.plan(so_far, Some(closed), now)?;
        Ok(Succession::Settled(self.goes_on(plan, now).map(Box::new)))
    }

    /// Plans what has come within reach as time went by.
    ///
    /// # Errors
    /// As for [`Schedule::succeed`].
    pub fn plan_ahead(&self, so_far: &SoFar, now: Timestamp) -> Result<Option<ScheduleStep>, ScheduleError> {
        if self.plan_time().is_none_or(|time| time > now) {
            return Ok(None);
        }
        let plan = self.plan(so_far, None, now)?;
        Ok(self.goes_on(plan, now))
    }

    /// When there will be something to plan as time goes by; `None` while that is up to the tasks.
    pub fn plan_time(&self) -> Option<Timestamp> {
        let Generation::Within { seconds, .. } = self.policies.generation else { return None };
        let plans = self.state == ScheduleState::Active && self.delete_time.is_none();
        let next = self.next.filter(|_| plans)?;
        Some(Timestamp::from_micros(next.time.as_micros().saturating_sub(seconds.saturating_mul(1_000_000))))
    }

    /// What is to be planned now.
    pub(super) fn plan(&self, so_far: &SoFar, closed: Option<Closed>, now: Timestamp) -> Result<Plan, ScheduleError> {
        let newest = || so_far.open.last().map(|open| open.task_id);
        let mut plan = Plan { follows: closed.map(|closed| closed.task_id).or_else(newest), ..Plan::default() };
        let open = so_far.will_be_followed(closed);
        let from_completion = self.policies.advance == Advance::FromCompletion;
        if from_completion && (open > 0 || closed.is_none()) {
            return Ok(plan);
        }
        let mut search = self.search(so_far, closed, now)?;
        loop {
            let found = match search.next() {
                // What comes after that is only told; whether it can be found matters when it is to be planned.
                Err(ScheduleError::TooHard) if open + plan.planned.len() > 0 => break,
                found => found?,
            };
            let counted = self.planned_count.saturating_add(i32::try_from(plan.planned.len()).unwrap_or(i32::MAX));
            let Some(found) = found.filter(|found| self.admits(found.nominal, counted)) else {
                plan.over = open + plan.planned.len() == 0;
                break;
            };
            if !self.wants(&found, &search, open, plan.planned.len()) {
                plan.next = Some(Upcoming { nominal: found.nominal, time: from_jiff(found.instant) });
                break;
            }
            plan.planned.push(found);
            if from_completion {
                break;
            }
        }
        if !from_completion && (plan.over || !plan.planned.is_empty()) {
            plan.missed = search.missed;
        }
        Ok(plan)
    }

    fn wants(&self, found: &mesh_recurrence::Occurrence, search: &Search<'_>, open: usize, planned: usize) -> bool {
        let room = |most: i32| open + planned < usize::try_from(most).unwrap_or_default();
        let makes_up = self.policies.missed == Missed::CreateAll && planned < AT_ONCE && search.has_passed(found);
        match self.policies.generation {
            _ if makes_up => true,
            Generation::OnCompletion => room(1),
            Generation::Ahead(count) => room(count),
            Generation::Within { seconds, most } => {
                let until = search.now.as_micros().saturating_add(seconds.saturating_mul(1_000_000));
                room(most) && from_jiff(found.instant).as_micros() <= until
            }
        }
    }

    /// The step that a plan makes by itself; `None` when there is nothing to plan.
    fn goes_on(&self, plan: Plan, now: Timestamp) -> Option<ScheduleStep> {
        let idle = plan.planned.is_empty() && !plan.over;
        (!idle).then(|| self.planned_by(self.clone(), plan, ScheduleVerb::Planned, now))
    }

    /// The step that makes `after` of it, and plans this; its verb is `verb`, unless the series has come to its end.
    pub(super) fn planned_by(&self, after: Self, plan: Plan, verb: ScheduleVerb, now: Timestamp) -> ScheduleStep {
        let (after, planned, noted) = after.with(plan, now);
        let verb = if after.state == ScheduleState::Ended { ScheduleVerb::Ended } else { verb };
        ScheduleStep { planned, noted, ..self.step(after, verb, now) }
    }

    /// The same schedule with this planned, the occurrences, and those that are only noted.
    pub(super) fn with(mut self, plan: Plan, now: Timestamp) -> (Self, Vec<Planned>, Vec<Occurrence>) {
        let planned = plan.planned.iter().map(|found| {
            let occurrence = Occurrence::planned(self.id, found, now);
            Planned { occurrence, follows: plan.follows }
        });
        let planned: Vec<Planned> = planned.collect();
        let missed = plan.missed.iter().map(|found| Occurrence::missed(self.id, found, now)).collect();
        self.planned_count = self.planned_count.saturating_add(i32::try_from(planned.len()).unwrap_or(i32::MAX));
        self.next = plan.next;
        if plan.over {
            self = self.ended(now);
        }
        (self, planned, missed)
    }
}
