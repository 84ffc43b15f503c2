//! How the rules of a schedule are read, and what becomes of occurrences that do not fit.
//!
//! Choices are stored and told as the numbers of the contract.

use jiff::civil;
use mesh_recurrence::{DstGap, DstOverlap, MonthEnd, Weekend};

/// What a schedule does beyond its rules. The default is what the contract names first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SchedulePolicies {
    /// What the next occurrence is counted from.
    pub advance: Advance,
    /// When tasks are made.
    pub generation: Generation,
    /// What becomes of occurrences that passed while nothing could be planned.
    pub missed: Missed,
    /// How the rules meet the calendar and the zone.
    pub placing: mesh_recurrence::Policies,
    /// Where the series ends, beyond what the rules say.
    pub end: SeriesEnd,
}

/// What the next occurrence is counted from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Advance {
    /// The due date: the occurrences are fixed beforehand.
    #[default]
    FromDue,
    /// The day on which the open task is closed: the rules start anew on it.
    FromCompletion,
}

/// When the tasks of a schedule are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Generation {
    /// The next one when the open one is closed.
    #[default]
    OnCompletion,
    /// So many are open at any time.
    Ahead(i32),
    /// As the time of an occurrence comes within so many seconds, whatever became of the ones before; but no more than
    /// `most` are open at any time.
    Within {
        /// How far ahead, in seconds.
        seconds: i64,
        /// How many at most.
        most: i32,
    },
}

/// What becomes of occurrences that passed while nothing could be planned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missed {
    /// They are skipped, and noted as missed.
    #[default]
    SkipToNext,
    /// Each one gets its task, up to a hundred at once.
    CreateAll,
}

/// Where a series ends, beyond what its rules say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SeriesEnd {
    /// Nowhere.
    #[default]
    Never,
    /// After this day: the last on which an occurrence may nominally start.
    After(civil::Date),
    /// After so many occurrences in all.
    Count(i32),
}

/// A choice with a number in the contract.
pub trait Coded: Copy + PartialEq + 'static {
    /// Every choice and its number.
    const CODES: &'static [(i32, Self)];

    /// The number of this choice.
    fn code(self) -> i32 {
        Self::CODES.iter().find(|(_, choice)| *choice == self).map_or(0, |(code, _)| *code)
    }

    /// The choice with this number.
    fn coded(code: i32) -> Option<Self> {
        Self::CODES.iter().find(|(known, _)| *known == code).map(|(_, choice)| *choice)
    }
}

impl Coded for Advance {
    const CODES: &'static [(i32, Self)] = &[(10, Self::FromDue), (20, Self::FromCompletion)];
}

impl Generation {
    /// How many tasks are open at any time when it says nothing of them.
    pub const USUALLY_AHEAD: i32 = 1;
    /// How many tasks are open at most, however far ahead they are made.
    pub const MOST: i32 = 100;

    /// What these fields of the contract say together; `None` when they do not go together.
    pub fn read(code: Option<i32>, count: Option<i32>, horizon_seconds: Option<i64>) -> Option<Self> {
        match (code.unwrap_or(10), count, horizon_seconds) {
            (10, None, None) => Some(Self::OnCompletion),
            (20, count, None) => Some(Self::Ahead(count.unwrap_or(Self::USUALLY_AHEAD))),
            (20, count, Some(seconds)) => Some(Self::Within { seconds, most: count.unwrap_or(Self::MOST) }),
            _ => None,
        }
    }

    /// The same as fields of the contract: its number, how many, and how many seconds ahead.
    pub fn fields(self) -> (i32, Option<i32>, Option<i64>) {
        match self {
            Self::OnCompletion => (10, None, None),
            Self::Ahead(count) => (20, Some(count), None),
            Self::Within { seconds, most } => (20, Some(most), Some(seconds)),
        }
    }
}

impl Coded for Missed {
    const CODES: &'static [(i32, Self)] = &[(10, Self::SkipToNext), (20, Self::CreateAll)];
}

impl Coded for Weekend {
    const CODES: &'static [(i32, Self)] =
        &[(10, Self::Keep), (20, Self::NextWeekday), (30, Self::PreviousWeekday), (40, Self::Drop)];
}

impl Coded for MonthEnd {
    const CODES: &'static [(i32, Self)] = &[(10, Self::Skip), (20, Self::Clamp)];
}

impl Coded for DstGap {
    const CODES: &'static [(i32, Self)] = &[(10, Self::OffsetBefore), (20, Self::OffsetAfter), (30, Self::Drop)];
}

impl Coded for DstOverlap {
    const CODES: &'static [(i32, Self)] = &[(10, Self::First), (20, Self::Second)];
}

impl SeriesEnd {
    /// The last day, if a day ends it.
    pub fn date(self) -> Option<civil::Date> {
        match self {
            Self::After(date) => Some(date),
            _ => None,
        }
    }

    /// How many occurrences there are in all, if that ends it.
    pub fn count(self) -> Option<i32> {
        match self {
            Self::Count(count) => Some(count),
            _ => None,
        }
    }

    /// Whether an occurrence that nominally starts on `day` is still one, when so many come before it.
    pub fn admits(self, day: civil::Date, before_it: i32) -> bool {
        match self {
            Self::Never => true,
            Self::After(last) => day <= last,
            Self::Count(count) => before_it < count,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_ends_after_its_last_day_or_its_last_occurrence() {
        let day = civil::date(2027, 2, 28);
        assert!(SeriesEnd::After(day).admits(day, 9_000));
        assert!(!SeriesEnd::After(day).admits(civil::date(2027, 3, 1), 0));
        assert!(SeriesEnd::Count(3).admits(day, 2));
        assert!(!SeriesEnd::Count(3).admits(day, 3));
    }
}
