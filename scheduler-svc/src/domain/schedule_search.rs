//! The occurrences of a schedule that are still free, one after the other.

use jiff::tz::TimeZone;
use mesh_recurrence::{Nominal, Occurrence, Outcome, Series};
use mesh_types::Timestamp;

use super::{Advance, Closed, Missed, Schedule, ScheduleError, SoFar, schedule_time::to_jiff};

/// How many occurrences are looked at before a search for one that is still free, or still to come, is given up.
const SEARCHED: usize = 1_000;

/// How many missed occurrences are noted at most in one go; the oldest.
const NOTED: usize = 1_000;

/// A walk over the free occurrences of a schedule.
#[derive(Debug)]
pub(super) struct Search<'a> {
    pub(super) series: Series,
    /// Whether those that have passed are skipped.
    pub(super) skip: bool,
    pub(super) zone: TimeZone,
    pub(super) now: Timestamp,
    /// These are not free.
    pub(super) taken: &'a [Nominal],
    /// Only those that nominally start after this; `None` is from the first on.
    pub(super) after: Option<Nominal>,
    /// Those that were skipped.
    pub(super) missed: Vec<Occurrence>,
}

impl Schedule {
    /// A walk over what can be planned after `so_far`. Counted from completion, the rules start anew when `closed` was.
    pub(super) fn search<'a>(
        &self,
        so_far: &'a SoFar,
        closed: Option<Closed>,
        now: Timestamp,
    ) -> Result<Search<'a>, ScheduleError> {
        let zone = self.zone()?;
        let (start, after) = match (self.policies.advance, closed) {
            (Advance::FromCompletion, Some(closed)) => {
                let start = anew(self.start, closed.time, &zone);
                (start, Some(start))
            }
            _ => (self.start, so_far.newest.max(self.rules_from)),
        };
        let series = self.series_from(start)?;
        Ok(Search { series, skip: self.skips(), zone, now, taken: &so_far.taken, after, missed: Vec::new() })
    }

    pub(super) fn skips(&self) -> bool {
        self.policies.missed == Missed::SkipToNext
    }
}

impl Search<'_> {
    /// The next that is not taken, and has not passed if those are skipped.
    pub(super) fn next(&mut self) -> Result<Option<Occurrence>, ScheduleError> {
        let first = self.after.map_or_else(|| self.series.first(), |after| self.series.next_after(after));
        let Some(mut found) = known(first)? else { return Ok(None) };
        if self.is_skipped(&found) {
            // Straight to now, instead of one by one through what may be years.
            let later = known(self.series.next_after_instant(self.threshold()))?;
            let end = later.as_ref().map_or(self.threshold(), |later| later.instant);
            self.note_missed(&found, end);
            let Some(later) = later else { return Ok(None) };
            if later.nominal > found.nominal {
                found = later;
            }
        }
        for _ in 0..SEARCHED {
            let wanted = Some(found.nominal) > self.after && !self.taken.contains(&found.nominal);
            if wanted && !self.is_skipped(&found) {
                self.after = Some(found.nominal);
                return Ok(Some(found));
            }
            let Some(later) = known(self.series.next_after(found.nominal))? else { return Ok(None) };
            found = later;
        }
        Err(ScheduleError::TooHard)
    }

    /// Whether it has passed. A whole day has passed when it is over.
    pub(super) fn has_passed(&self, found: &Occurrence) -> bool {
        let now = to_jiff(self.now);
        match found.local {
            Nominal::Date(day) => day < self.zone.to_datetime(now).date(),
            Nominal::Local(_) => found.instant <= now,
        }
    }

    fn is_skipped(&self, found: &Occurrence) -> bool {
        self.skip && self.has_passed(found)
    }

    fn note_missed(&mut self, first: &Occurrence, end: jiff::Timestamp) {
        let listed = self.series.between(first.instant, end, NOTED).occurrences;
        let missed = listed.into_iter().filter(|found| self.is_skipped(found) && !self.taken.contains(&found.nominal));
        let missed: Vec<_> = missed.collect();
        self.missed.extend(missed);
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

/// That nobody knows what comes next does not mean that nothing does: a series must not end of it.
pub(super) fn known(outcome: Outcome) -> Result<Option<Occurrence>, ScheduleError> {
    match outcome {
        Outcome::Next(occurrence) => Ok(Some(occurrence)),
        Outcome::Ended => Ok(None),
        Outcome::GaveUp => Err(ScheduleError::TooHard),
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
