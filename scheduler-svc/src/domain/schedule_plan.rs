//! What comes next in a schedule.

use jiff::tz::TimeZone;
use mesh_recurrence::{Nominal, Outcome, Series};
use mesh_types::Timestamp;

use super::{
    Advance, Closed, Missed, Occurrence, Planned, Schedule, ScheduleError, ScheduleState, SeriesEnd, Upcoming,
    schedule_time::{from_jiff, to_jiff},
};

/// How many occurrences are looked at before a search for one that is still free, or still to come, is given up.
const SEARCHED: usize = 1_000;

/// A schedule with one more of its occurrences planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Extended {
    pub(super) after: Schedule,
    /// `None` when the rules have given out.
    pub(super) planned: Option<Planned>,
}

/// Part of a list of computed occurrences.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// Only those that nominally start after this.
    pub nominal: Nominal,
    /// Only those after this instant.
    pub after: Option<Timestamp>,
    /// Only those before this instant.
    pub before: Option<Timestamp>,
    /// How many at most.
    pub limit: usize,
}

/// An occurrence that is only computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Computed {
    /// What the rules give.
    pub occurrence: mesh_recurrence::Occurrence,
    /// How many occurrences the series has up to this one, if it goes on as it is.
    pub counted: i32,
}

impl Schedule {
    /// Plans the successor of `closed`. `planned` are the occurrences that there are.
    pub(super) fn extend(
        &self,
        closed: Closed,
        planned: &[Nominal],
        now: Timestamp,
    ) -> Result<Extended, ScheduleError> {
        let mut after = self.clone();
        let Some(found) = self.successor(closed, planned, now)? else { return Ok(Extended { after, planned: None }) };
        after.planned_count += 1;
        // What comes after that is only told; whether it can be found matters when it is to be planned.
        after.next = after.upcoming_after(found.nominal).or_else(ScheduleError::unless_too_hard)?;
        let occurrence = Occurrence::planned(self.id, &found, now);
        Ok(Extended { after, planned: Some(Planned { occurrence, follows: Some(closed.task_id) }) })
    }

    /// The occurrence that follows one that was closed: the first after all that are planned, or, counted from
    /// completion, the first of the rules started anew that is not taken. `None` when the series is over.
    fn successor(
        &self,
        closed: Closed,
        taken: &[Nominal],
        now: Timestamp,
    ) -> Result<Option<mesh_recurrence::Occurrence>, ScheduleError> {
        let zone = self.zone()?;
        let after = match self.policies.advance {
            Advance::FromDue => taken.iter().copied().max().unwrap_or(closed.nominal).max(closed.nominal),
            Advance::FromCompletion => anew(self.start, closed.time, &zone),
        };
        let start = if self.policies.advance == Advance::FromDue { self.start } else { after };
        let search = Search { series: self.series_from(start)?, skip: self.skips(), zone, now };
        let found = search.first_free(after, taken)?;
        Ok(found.filter(|found| self.policies.end.admits(found.nominal.date(), self.planned_count)))
    }

    /// The occurrence after `nominal`, the newest that is planned; `None` when there is none, or when it depends on when
    /// that one is closed.
    pub(super) fn upcoming_after(&self, nominal: Nominal) -> Result<Option<Upcoming>, ScheduleError> {
        if self.policies.advance == Advance::FromCompletion {
            return Ok(None);
        }
        let found = next(self.series_from(self.start)?.next_after(nominal))?;
        let found = found.filter(|found| self.policies.end.admits(found.nominal.date(), self.planned_count));
        Ok(found.map(|found| Upcoming { nominal: found.nominal, time: from_jiff(found.instant) }))
    }

    /// The occurrences to come that can be computed, in order: of one that has ended, none; of one that goes by
    /// completion, none. Those that passed and will be skipped are left out. `before_them` occurrences count towards
    /// the end of the series.
    ///
    /// # Errors
    /// When the rules cannot be read any more.
    pub fn computed(&self, window: &Window, before_them: i32, now: Timestamp) -> Result<Vec<Computed>, ScheduleError> {
        if self.state == ScheduleState::Ended || self.policies.advance == Advance::FromCompletion {
            return Ok(Vec::new());
        }
        let search = Search { series: self.series_from(self.start)?, skip: self.skips(), zone: self.zone()?, now };
        let first = search.first_free(window.nominal, &[]).or_else(ScheduleError::unless_too_hard)?;
        let Some(first) = first else { return Ok(Vec::new()) };
        // Where they are counted, none may be jumped over.
        let (from, limit) = match (self.policies.end, window.after) {
            (SeriesEnd::Count(count), _) => (first.instant, usize::try_from(count - before_them).unwrap_or(0)),
            (_, Some(after)) => (first.instant.max(just_after(after)), window.limit),
            (_, None) => (first.instant, window.limit),
        };
        let before = window.before.map_or(jiff::Timestamp::MAX, to_jiff);
        let after = window.after.map_or(jiff::Timestamp::MIN, to_jiff);
        let found = search.series.between(from, before, limit).occurrences.into_iter();
        let counted = (before_them + 1..).zip(found.filter(|found| found.nominal > window.nominal));
        let listed = counted
            .filter(|(_, found)| found.instant > after && self.policies.end.admits(found.nominal.date(), 0))
            .map(|(counted, occurrence)| Computed { occurrence, counted })
            .take(window.limit)
            .collect();
        Ok(listed)
    }

    fn skips(&self) -> bool {
        self.policies.missed == Missed::SkipToNext
    }
}

/// Where rules that start anew when an occurrence is closed start: on that day, at their own time of day.
fn anew(start: Nominal, closed: Timestamp, zone: &TimeZone) -> Nominal {
    let day = zone.to_datetime(to_jiff(closed)).date();
    match start {
        Nominal::Date(_) => Nominal::Date(day),
        Nominal::Local(wall) => Nominal::Local(day.to_datetime(wall.time())),
    }
}

/// The instant after this one.
pub(super) fn just_after(instant: Timestamp) -> jiff::Timestamp {
    to_jiff(Timestamp::from_micros(instant.as_micros().saturating_add(1)))
}

/// That nobody knows what comes next does not mean that nothing does: a series must not end of it.
fn next(outcome: Outcome) -> Result<Option<mesh_recurrence::Occurrence>, ScheduleError> {
    match outcome {
        Outcome::Next(occurrence) => Ok(Some(occurrence)),
        Outcome::Ended => Ok(None),
        Outcome::GaveUp => Err(ScheduleError::TooHard),
    }
}

/// A search for an occurrence.
struct Search {
    series: Series,
    /// Whether those that have passed are skipped.
    skip: bool,
    zone: TimeZone,
    now: Timestamp,
}

impl Search {
    /// The first after `after` that is not taken, and has not passed if those are skipped.
    fn first_free(
        &self,
        after: Nominal,
        taken: &[Nominal],
    ) -> Result<Option<mesh_recurrence::Occurrence>, ScheduleError> {
        let Some(mut found) = next(self.series.next_after(after))? else { return Ok(None) };
        if self.is_skipped(&found) {
            // Straight to now, instead of one by one through what may be years.
            let Some(later) = next(self.series.next_after_instant(self.threshold()))? else { return Ok(None) };
            if later.nominal > found.nominal {
                found = later;
            }
        }
        for _ in 0..SEARCHED {
            if !taken.contains(&found.nominal) && !self.is_skipped(&found) {
                return Ok(Some(found));
            }
            let Some(later) = next(self.series.next_after(found.nominal))? else { return Ok(None) };
            found = later;
        }
        Err(ScheduleError::TooHard)
    }

    /// Whether it has passed and is skipped. A whole day has passed when it is over.
    fn is_skipped(&self, found: &mesh_recurrence::Occurrence) -> bool {
        let now = to_jiff(self.now);
        self.skip
            && match found.local {
                Nominal::Date(day) => day < self.zone.to_datetime(now).date(),
                Nominal::Local(_) => found.instant <= now,
            }
    }

    /// The latest instant whose occurrences have passed, if occurrences of its kind are wall times; of whole days, the
    /// one before today began.
    fn threshold(&self) -> jiff::Timestamp {
        let now = to_jiff(self.now);
        if !self.series.rules().start().is_date() {
            return now;
        }
        let today = self.zone.to_datetime(now).date().to_zoned(self.zone.clone());
        today.map_or(now, |today| today.timestamp().checked_sub(jiff::SignedDuration::from_nanos(1)).unwrap_or(now))
    }
}
