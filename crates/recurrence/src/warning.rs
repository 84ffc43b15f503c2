//! What may surprise whoever wrote a rule, in plain English.

use jiff::{Timestamp, ToSpan};

use crate::{
    MonthEnd, Nominal, Outcome, Series,
    place::{Clock, offset_at},
    source::Expansion,
};

/// What may surprise whoever wrote a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// No day of the calendar fits the rules.
    #[error("There is no occurrence at all.")]
    NeverFires,
    /// UNTIL is before the start.
    #[error("It ends before it starts.")]
    EndsBeforeStart,
    /// The last occurrence is past.
    #[error("All occurrences are in the past.")]
    AllPast,
    /// The start does not fit the rule, so it is not an occurrence.
    #[error("The start is not an occurrence itself; the first one is {first}.")]
    StartDoesNotFit {
        /// The first occurrence.
        first: Nominal,
    },
    /// Some months do not have the day.
    #[error("Months without a day {day} are left out.")]
    ShortMonths {
        /// The day of the month: 29, 30 or 31.
        day: i8,
    },
    /// 29 February only.
    #[error("It comes in leap years only.")]
    LeapYearsOnly,
    /// An occurrence falls in a gap within the year to come.
    #[error("{nominal} does not exist: the clocks go forward then.")]
    FallsInGap {
        /// The occurrence.
        nominal: Nominal,
    },
    /// An occurrence falls in an overlap within the year to come.
    #[error("{nominal} comes twice: the clocks go back then.")]
    FallsInOverlap {
        /// The occurrence.
        nominal: Nominal,
    },
    /// Finding the next occurrence takes too much work.
    #[error("The rules are too complicated to say whether there is an occurrence.")]
    TooMuchWork,
}

/// All warnings about a series.
pub(crate) fn warnings(series: &Series, now: Timestamp) -> Vec<Warning> {
    let mut warnings = about_the_end(series, now);
    warnings.extend(about_months(series));
    if series.placer.clock == Clock::Wall {
        warnings.extend(about_clock_changes(series, now));
    }
    warnings
}

fn about_the_end(series: &Series, now: Timestamp) -> Vec<Warning> {
    if series.source.ends_before_start(&series.placer) {
        return vec![Warning::EndsBeforeStart];
    }
    let first = match series.first() {
        Outcome::Next(first) => first,
        Outcome::Ended => return vec![Warning::NeverFires],
        Outcome::GaveUp => return vec![Warning::TooMuchWork],
    };
    let does_not_fit =
        first.nominal > series.rules().start() && series.nominal_from(i64::MIN) != Some(series.source.start);
    let mut warnings = Vec::new();
    if does_not_fit {
        warnings.push(Warning::StartDoesNotFit { first: first.nominal });
    }
    match series.next_after_instant(now) {
        Outcome::Ended => warnings.push(Warning::AllPast),
        Outcome::GaveUp => warnings.push(Warning::TooMuchWork),
        Outcome::Next(_) => {}
    }
    warnings
}

fn about_months(series: &Series) -> Option<Warning> {
    let days = match &series.source.rule {
        Expansion::Wall(rule) => &rule.days,
        Expansion::Elapsed(rule) => &rule.days,
        Expansion::Dates => return None,
    };
    if series.policies().month_end == MonthEnd::Clamp {
        return None;
    }
    let day = match days.late_month_days() {
        0 => return None,
        late => 29 + late.trailing_zeros() as i8,
    };
    // A year without a leap day and one with it tell which of the months that the rule names are too short.
    let has = |year: i64, month: i64| days.in_month(year, month) != 0;
    let lacks = |year: i64| (1..=12).any(|month| days.allows_month(month) && !has(year, month));
    let only_february = (1..=12).all(|month| month == 2 || !days.allows_month(month));
    match (only_february, lacks(2023), lacks(2024)) {
        (true, true, false) => Some(Warning::LeapYearsOnly),
        (false, true, _) => Some(Warning::ShortMonths { day }),
        _ => None,
    }
}

/// The first occurrence in a gap and the first in an overlap within about a year.
fn about_clock_changes(series: &Series, now: Timestamp) -> Vec<Warning> {
    let zone = &series.placer.zone;
    let Ok(end) = now.checked_add((400 * 24).hours()) else {
        return Vec::new();
    };
    let (mut gap, mut overlap) = (None, None);
    for change in zone.following(now).take_while(|change| change.timestamp() < end) {
        let at = change.timestamp().as_second();
        let (before, after) = (offset_at(zone, at - 1), offset_at(zone, at));
        let (from, to) = (at + before.min(after), at + before.max(after));
        let Some(nominal) = series.nominal_from(from).filter(|nominal| *nominal < to) else {
            continue;
        };
        let nominal = series.nominal(nominal);
        if after > before {
            gap = gap.or(Some(Warning::FallsInGap { nominal }));
        } else {
            overlap = overlap.or(Some(Warning::FallsInOverlap { nominal }));
        }
    }
    gap.into_iter().chain(overlap).collect()
}
