//! How the rules of a schedule are read, and what becomes of occurrences that do not fit.
//!
//! Choices are stored and told as the numbers of the contract.

use jiff::civil;
use mesh_recurrence::{DstGap, DstOverlap, MonthEnd, Weekend};
use serde::{Deserialize, Serialize};

/// What a schedule does beyond its rules. The default is what the contract names first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SchedulePolicies {
    /// What the next occurrence is counted from.
    pub advance: Advance,
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

/// What becomes of occurrences that passed while nothing could be planned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missed {
    /// They are skipped.
    #[default]
    SkipToNext,
    /// Each one gets its task, one when the one before is closed.
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

/// Policies as they are stored: numbers, so that no choice can ever be spelt in two ways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of the policies")]
pub struct StoredPolicies {
    pub advance: i32,
    pub missed: i32,
    pub weekend: i32,
    pub month_end: i32,
    pub dst_gap: i32,
    pub dst_overlap: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_count: Option<i32>,
}

impl From<&SchedulePolicies> for StoredPolicies {
    fn from(policies: &SchedulePolicies) -> Self {
        Self {
            advance: policies.advance.code(),
            missed: policies.missed.code(),
            weekend: policies.placing.weekend.code(),
            month_end: policies.placing.month_end.code(),
            dst_gap: policies.placing.dst_gap.code(),
            dst_overlap: policies.placing.dst_overlap.code(),
            end_date: policies.end.date().map(|date| date.to_string()),
            end_count: policies.end.count(),
        }
    }
}

impl StoredPolicies {
    /// The policies that these numbers stand for; `None` when they stand for none.
    pub fn read(&self) -> Option<SchedulePolicies> {
        let end = match (&self.end_date, self.end_count) {
            (None, None) => SeriesEnd::Never,
            (Some(date), None) => SeriesEnd::After(date.parse().ok()?),
            (None, Some(count)) => SeriesEnd::Count(count),
            (Some(_), Some(_)) => return None,
        };
        Some(SchedulePolicies {
            advance: Advance::coded(self.advance)?,
            missed: Missed::coded(self.missed)?,
            placing: mesh_recurrence::Policies {
                weekend: Weekend::coded(self.weekend)?,
                month_end: MonthEnd::coded(self.month_end)?,
                dst_gap: DstGap::coded(self.dst_gap)?,
                dst_overlap: DstOverlap::coded(self.dst_overlap)?,
            },
            end,
        })
    }
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
    fn policies_survive_being_stored() {
        let placing = mesh_recurrence::Policies {
            weekend: Weekend::PreviousWeekday,
            month_end: MonthEnd::Clamp,
            dst_gap: DstGap::Drop,
            dst_overlap: DstOverlap::Second,
        };
        for end in [SeriesEnd::Never, SeriesEnd::After(civil::date(2027, 2, 28)), SeriesEnd::Count(3)] {
            let advance = Advance::FromCompletion;
            let policies = SchedulePolicies { advance, missed: Missed::CreateAll, placing, end };
            let text = serde_json::to_string(&StoredPolicies::from(&policies)).expect("numbers can be written");
            let read: StoredPolicies = serde_json::from_str(&text).expect("and read again");
            assert_eq!(read.read(), Some(policies));
        }
    }

    #[test]
    fn a_series_ends_after_its_last_day_or_its_last_occurrence() {
        let day = civil::date(2027, 2, 28);
        assert!(SeriesEnd::After(day).admits(day, 9_000));
        assert!(!SeriesEnd::After(day).admits(civil::date(2027, 3, 1), 0));
        assert!(SeriesEnd::Count(3).admits(day, 2));
        assert!(!SeriesEnd::Count(3).admits(day, 3));
    }
}
