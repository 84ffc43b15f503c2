//! The occurrences to come, computed.

use mesh_recurrence::Nominal;
use mesh_types::Timestamp;

use super::{
    Advance, Schedule, ScheduleError, ScheduleState, SeriesEnd,
    schedule_search::Search,
    schedule_time::{just_after, to_jiff},
};

/// Part of a list of computed occurrences.
#[derive(Clone, Copy, Debug)]
pub struct Window<'a> {
    /// Only those that nominally start after this.
    pub nominal: Option<Nominal>,
    /// Only those after this instant.
    pub after: Option<Timestamp>,
    /// Only those before this instant.
    pub before: Option<Timestamp>,
    /// None of these.
    pub taken: &'a [Nominal],
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
    /// The occurrences to come that can be computed, in order: of one that has ended, none; of one that goes by
    /// completion, none. Those that passed and will be skipped are left out. `before_them` occurrences count towards
    /// the end of the series.
    ///
    /// # Errors
    /// When the rules cannot be read any more.
    pub fn computed(
        &self,
        window: &Window<'_>,
        before_them: i32,
        now: Timestamp,
    ) -> Result<Vec<Computed>, ScheduleError> {
        let goes_on = self.state != ScheduleState::Ended && self.delete_time.is_none();
        if !goes_on || self.policies.advance == Advance::FromCompletion {
            return Ok(Vec::new());
        }
        let (series, zone) = (self.series_from(self.start)?, self.zone()?);
        let after = window.nominal.max(self.rules_from);
        let mut search =
            Search { series, skip: self.skips(), zone, now, taken: window.taken, after, missed: Vec::new() };
        let Some(first) = search.next().or_else(ScheduleError::unless_too_hard)? else { return Ok(Vec::new()) };
        // Where they are counted, none may be jumped over. Those that are taken make room for as many others.
        let taken = window.taken.len();
        let (from, limit) = match (self.policies.end, window.after) {
            (SeriesEnd::Count(count), _) => (first.instant, usize::try_from(count - before_them).unwrap_or(0)),
            (_, Some(after)) => (first.instant.max(just_after(after)), window.limit),
            (_, None) => (first.instant, window.limit),
        };
        let before = window.before.map_or(jiff::Timestamp::MAX, to_jiff);
        let found = search.series.between(from, before, limit.saturating_add(taken)).occurrences.into_iter();
        let free = found.filter(|found| Some(found.nominal) > after && !window.taken.contains(&found.nominal));
        let counted = (before_them.saturating_add(1)..).zip(free).take(limit);
        let after = window.after.map_or(jiff::Timestamp::MIN, to_jiff);
        let listed = counted
            .filter(|(_, found)| found.instant > after && self.admits(found.nominal, 0))
            .map(|(counted, occurrence)| Computed { occurrence, counted })
            .take(window.limit)
            .collect();
        Ok(listed)
    }
}
