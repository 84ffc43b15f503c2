//! A series goes on differently from one occurrence on: this schedule ends before it, and a new one takes over there.

use mesh_recurrence::Nominal;
use mesh_types::Timestamp;
use uuid::Uuid;

use super::{
    Advance, Occurrence, OccurrenceState, Place, Planned, Schedule, ScheduleEdit, ScheduleError, ScheduleEvent,
    ScheduleState, ScheduleStep, ScheduleVerb, SeriesEnd, SoFar, ToDo, schedule_plan::Plan, schedule_search::known,
};

/// More than anybody looks ahead; what comes after that is not counted.
const MOST_COUNTED: usize = 10_000;

/// What splits a schedule.
#[derive(Clone, Debug)]
pub struct Cut {
    /// The first occurrence that goes to the new schedule; `None` is the next that is not planned.
    pub at: Option<Nominal>,
    /// What is different from then on.
    pub edits: Vec<ScheduleEdit>,
    /// A fresh id.
    pub id: Uuid,
}

/// What a split does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// This schedule ends, now or before long.
    pub cut: ScheduleStep,
    /// The new one takes over.
    pub created: ScheduleStep,
    /// The occurrences of this one that are the new one's now.
    pub moved: Vec<Nominal>,
}

impl Schedule {
    /// Lets a new schedule begin at `cut.at`, before which this one ends: now, if it has nothing left to plan before, else
    /// when that is done. Open tasks from there on become the first occurrences of the new one and are written anew by its
    /// template; what is over or left out there does not come again. `known` is what is known of the occurrence at `cut.at`.
    ///
    /// # Errors
    /// When it is deleted or has ended, there is no such occurrence, it is over already, or the new schedule would make no
    /// sense.
    pub fn split(
        &self,
        cut: Cut,
        known: Option<&Occurrence>,
        so_far: &SoFar,
        now: Timestamp,
    ) -> Result<Split, ScheduleError> {
        self.refuse_if_over()?;
        let at = self.cut_at(cut.at, known, so_far)?;
        let moving: Vec<&Occurrence> = so_far.open.iter().filter(|open| open.nominal >= at).collect();
        if moving.iter().any(|open| open.state == OccurrenceState::Planned || open.to_do.is_some()) {
            return Err(ScheduleError::OccurrenceInTheMaking(self.id));
        }
        let before = self.to_come_before(at, so_far, now)?;
        let fresh = self.continued(&cut, at, (moving.len(), before), now)?.edited(cut.edits)?;
        let text = fresh.check()?.0.describe();
        let over = |nominal: &&Nominal| **nominal > at && moving.iter().all(|open| open.nominal != **nominal);
        let left_out = fresh.leave_out_all(so_far.taken.iter().filter(over), now)?;
        let adopted = fresh.adopt(&moving, &left_out, now)?;
        let moved = moving.iter().take(adopted.len()).map(|open| open.nominal).collect();
        let task_id = adopted.first().map(|first| first.task_id);
        let created = Self { text, task_id, ..fresh }.taking_over(adopted, left_out, now)?;
        let cut_short = Self { ends_before: Some(at), ..self.clone() };
        let after = if before == 0 { cut_short.ended(now) } else { cut_short };
        let cut = self.step(after, ScheduleVerb::Split, now);
        let event = ScheduleEvent { occurrence: Some(at), ..cut.event };
        Ok(Split { cut: ScheduleStep { event, ..cut }, created, moved })
    }

    /// How many occurrences are still to be planned before this one.
    fn to_come_before(&self, at: Nominal, so_far: &SoFar, now: Timestamp) -> Result<usize, ScheduleError> {
        if self.policies.advance == Advance::FromCompletion {
            return Ok(0);
        }
        let mut search = self.search(so_far, None, now)?;
        let mut count = 0;
        while count < MOST_COUNTED && search.next()?.is_some_and(|found| found.nominal < at) {
            count += 1;
        }
        Ok(count)
    }

    /// Where to cut: an occurrence that is open, or still to come.
    fn cut_at(
        &self,
        asked: Option<Nominal>,
        known: Option<&Occurrence>,
        so_far: &SoFar,
    ) -> Result<Nominal, ScheduleError> {
        match (asked, known) {
            (Some(_), Some(known)) if known.is_open() => Ok(known.nominal),
            (Some(_), Some(known)) => Err(ScheduleError::OccurrenceOver { id: self.id, occurrence: known.nominal }),
            (Some(nominal), None) => {
                let to_come = self.policies.advance == Advance::FromDue && so_far.newest < Some(nominal);
                let given = if to_come { self.given(nominal)? } else { None };
                given.map(|found| found.nominal).ok_or(ScheduleError::NoSuchOccurrence(nominal))
            }
            (None, _) => {
                let open = || so_far.open.iter().map(|open| open.nominal).min();
                self.next.map(|next| next.nominal).or_else(open).ok_or(ScheduleError::NothingToCome(self.id))
            }
        }
    }

    /// The same schedule as a new one, that starts where `cut` says or at `at`, with what is left of this one's end: of its
    /// occurrences so many move, and so many are still to come before.
    fn continued(
        &self,
        cut: &Cut,
        at: Nominal,
        (moving, before): (usize, usize),
        now: Timestamp,
    ) -> Result<Self, ScheduleError> {
        let start = cut.edits.iter().rev().find_map(|edit| match edit {
            ScheduleEdit::Start(start) => Some(*start),
            _ => None,
        });
        let counted = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
        let end = match self.policies.end {
            SeriesEnd::Count(count) => {
                SeriesEnd::Count((count - self.planned_count + counted(moving) - counted(before)).max(1))
            }
            end => end,
        };
        Ok(Self {
            id: cut.id,
            rrule: self.rules_left(at)?,
            start: start.unwrap_or(at),
            policies: super::SchedulePolicies { end, ..self.policies },
            next: None,
            planned_count: 0,
            split_from: Some(self.id),
            rules_from: None,
            create_time: now,
            update_time: now,
            version: 1,
            ..self.clone()
        })
    }

    /// The rules with what is left of their COUNT from `at` on.
    fn rules_left(&self, at: Nominal) -> Result<String, ScheduleError> {
        let series = self.series_from(self.start)?;
        let left = series.rules().count().zip(series.counted_before(at)).map(|(count, before)| count - before);
        Ok(left.and_then(|left| series.rules().text_with_count(left.max(1))).unwrap_or_else(|| self.rrule.clone()))
    }

    /// Those of these nominal starts that it gives, as left out. (Counted from completion, it gives none that is known.)
    fn leave_out_all<'a>(
        &self,
        over: impl Iterator<Item = &'a Nominal>,
        now: Timestamp,
    ) -> Result<Vec<Occurrence>, ScheduleError> {
        if self.policies.advance == Advance::FromCompletion {
            return Ok(Vec::new());
        }
        let mut left_out = Vec::new();
        for nominal in over {
            left_out.extend(self.given(*nominal)?.map(|found| Occurrence::left_out(self.id, &found, now)));
        }
        Ok(left_out)
    }

    /// Occurrences of this schedule for the open ones of another, one for one; fewer if it has fewer. A task that is for
    /// the start stays so, even if the rules do not give it.
    fn adopt(
        &self,
        moving: &[&Occurrence],
        left_out: &[Occurrence],
        now: Timestamp,
    ) -> Result<Vec<Occurrence>, ScheduleError> {
        let series = self.series_from(self.start)?;
        let is_left_out = |found: &mesh_recurrence::Occurrence| left_out.iter().any(|out| out.nominal == found.nominal);
        let mut adopted: Vec<Occurrence> = Vec::new();
        for open in moving {
            let (nominal, place) = match adopted.last() {
                None => (self.start, Place::of_start(&series).ok_or(ScheduleError::StartUnplaceable)?),
                Some(last) => {
                    let mut next = known(series.next_after(last.nominal))?;
                    while let Some(found) = next.as_ref().filter(|found| is_left_out(found)) {
                        next = known(series.next_after(found.nominal))?;
                    }
                    let Some(found) = next else { break };
                    (found.nominal, Place::from(&found))
                }
            };
            let to_do = Some(ToDo::Adopt);
            adopted.push(Occurrence { schedule_id: self.id, nominal, place, plan_time: now, to_do, ..(*open).clone() });
        }
        Ok(adopted)
    }

    /// The step that makes this schedule with occurrences whose tasks are there already, and those that are not to come.
    fn taking_over(
        self,
        adopted: Vec<Occurrence>,
        left_out: Vec<Occurrence>,
        now: Timestamp,
    ) -> Result<ScheduleStep, ScheduleError> {
        let nominals = |of: &[Occurrence]| of.iter().map(|occurrence| occurrence.nominal).collect::<Vec<_>>();
        let (newest, taken) = (nominals(&adopted).last().copied(), [nominals(&adopted), nominals(&left_out)].concat());
        let so_far = SoFar { newest, open: adopted.clone(), owed: Vec::new(), taken };
        let after = Self { planned_count: i32::try_from(adopted.len()).unwrap_or(i32::MAX), ..self };
        let plan = match after.state {
            ScheduleState::Active if adopted.is_empty() => after.plan_first(&so_far, now)?,
            ScheduleState::Active => after.plan(&so_far, None, now)?,
            _ => Plan { next: after.upcoming(&so_far, now)?, ..Plan::default() },
        };
        let step = after.begun(plan, None, now);
        let adopted = adopted.into_iter().map(|occurrence| Planned { occurrence, follows: None });
        let noted = step.noted.into_iter().chain(left_out).collect();
        Ok(ScheduleStep { planned: adopted.chain(step.planned).collect(), noted, ..step })
    }
}
