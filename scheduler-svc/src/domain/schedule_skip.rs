//! One occurrence of a schedule is left out.

use jiff::SignedDuration;
use mesh_recurrence::Nominal;
use mesh_types::Timestamp;

use super::{
    Advance, Closed, Occurrence, OccurrenceState, Schedule, ScheduleDecision, ScheduleError, ScheduleEvent,
    ScheduleState, ScheduleStep, ScheduleVerb, SoFar, ToDo, Upcoming, schedule_search::known, schedule_time::from_jiff,
};

impl Schedule {
    /// Leaves out one occurrence: `asked`, or the open one, or the next. `known` is what is known of `asked`. The task of
    /// one that is open is cancelled, and the next one is planned.
    ///
    /// # Errors
    /// When it is deleted or has ended, there is no such occurrence, or it is over already.
    pub fn skip(
        &self,
        asked: Option<Nominal>,
        known: Option<&Occurrence>,
        so_far: &SoFar,
        now: Timestamp,
    ) -> ScheduleDecision {
        self.refuse_if_over()?;
        let open = || so_far.open.iter().min_by_key(|open| open.nominal).filter(|_| asked.is_none());
        match known.or_else(open) {
            Some(known) if known.is_open() => self.skip_open(known, so_far, now).map(Some),
            Some(known) if known.state == OccurrenceState::Skipped => Ok(None),
            Some(known) => Err(ScheduleError::OccurrenceOver { id: self.id, occurrence: known.nominal }),
            None => self.leave_out(asked, so_far, now).map(Some),
        }
    }

    fn skip_open(&self, open: &Occurrence, so_far: &SoFar, now: Timestamp) -> Result<ScheduleStep, ScheduleError> {
        let pauses = self.state == ScheduleState::Paused;
        let skipped = Occurrence {
            state: OccurrenceState::Skipped,
            // Paused, its successor is owed.
            successor_planned: open.successor_planned || !pauses,
            close_time: Some(now),
            to_do: Some(ToDo::Cancel),
            ..open.clone()
        };
        let closed = Closed { nominal: open.nominal, task_id: open.task_id, time: now };
        let step = if pauses {
            self.step(self.clone(), ScheduleVerb::Skipped, now)
        } else {
            let plan = self.plan(so_far, Some(closed), now)?;
            self.planned_by(self.clone(), plan, ScheduleVerb::Skipped, now)
        };
        Ok(about(open.nominal, ScheduleStep { rewritten: vec![skipped], ..step }))
    }

    /// Notes that one that is not planned yet is not to be.
    fn leave_out(&self, asked: Option<Nominal>, so_far: &SoFar, now: Timestamp) -> Result<ScheduleStep, ScheduleError> {
        let nominal = asked.or(self.next.map(|next| next.nominal)).ok_or(ScheduleError::NothingToCome(self.id))?;
        let no_such = || ScheduleError::NoSuchOccurrence(nominal);
        if self.policies.advance == Advance::FromCompletion || so_far.newest.max(self.rules_from) >= Some(nominal) {
            return Err(no_such());
        }
        let found = self.given(nominal)?.ok_or_else(no_such)?;
        let left_out = Occurrence::left_out(self.id, &found, now);
        let mut so_far = so_far.clone();
        so_far.taken.push(nominal);
        let after = Self { next: self.upcoming(&so_far, now)?, ..self.clone() };
        let step = self.go_on(after, ScheduleVerb::Skipped, &so_far, now)?;
        let noted = step.noted.iter().cloned().chain([left_out]).collect();
        Ok(about(nominal, ScheduleStep { noted, ..step }))
    }

    /// The occurrence with this nominal start, if the rules give it before the series ends and no other is at that time.
    pub(super) fn given(&self, nominal: Nominal) -> Result<Option<mesh_recurrence::Occurrence>, ScheduleError> {
        let series = self.series_from(self.start)?;
        let Some(found) = known(series.at(nominal))? else { return Ok(None) };
        let just_before = found.instant.checked_sub(SignedDuration::from_secs(1)).unwrap_or(found.instant);
        let there = known(series.next_after_instant(just_before))?;
        Ok(there.filter(|there| there.nominal == nominal && self.admits(nominal, 0)))
    }

    /// The next occurrence that is not planned, if it can be found.
    pub(super) fn upcoming(&self, so_far: &SoFar, now: Timestamp) -> Result<Option<Upcoming>, ScheduleError> {
        if self.policies.advance == Advance::FromCompletion || self.state == ScheduleState::Ended {
            return Ok(None);
        }
        let found = self.search(so_far, None, now)?.next().or_else(ScheduleError::unless_too_hard)?;
        let found = found.filter(|found| self.admits(found.nominal, self.planned_count));
        Ok(found.map(|found| Upcoming { nominal: found.nominal, time: from_jiff(found.instant) }))
    }
}

fn about(nominal: Nominal, step: ScheduleStep) -> ScheduleStep {
    let event = ScheduleEvent { occurrence: Some(nominal), ..step.event };
    ScheduleStep { event, ..step }
}
