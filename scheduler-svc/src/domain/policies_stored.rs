//! Policies as numbers: as they are stored, and as an update names single ones.

use mesh_recurrence::{DstGap, DstOverlap, MonthEnd, Weekend};
use serde::{Deserialize, Serialize};

use super::{Advance, Coded, Generation, Missed, SchedulePolicies, SeriesEnd};

/// Policies as they are stored: numbers, so that no choice can ever be spelt in two ways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the fields of the policies")]
pub struct StoredPolicies {
    pub advance: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ahead_count: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ahead_seconds: Option<i64>,
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
        let (generation, ahead_count, ahead_seconds) = policies.generation.fields();
        Self {
            advance: policies.advance.code(),
            generation: Some(generation),
            ahead_count,
            ahead_seconds,
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
            generation: Generation::read(self.generation, self.ahead_count, self.ahead_seconds)?,
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

/// A single policy, as an update names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of the policies")]
pub enum PolicyField {
    Advance,
    Generation,
    AheadCount,
    AheadHorizon,
    Weekend,
    Missed,
    MonthEnd,
    DstGap,
    DstOverlap,
    EndDate,
    EndCount,
}

impl PolicyField {
    /// The policy with this name in the contract.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "advance" => Self::Advance,
            "generation" => Self::Generation,
            "ahead_count" => Self::AheadCount,
            "ahead_horizon" => Self::AheadHorizon,
            "weekend" => Self::Weekend,
            "missed" => Self::Missed,
            "month_end" => Self::MonthEnd,
            "dst_gap" => Self::DstGap,
            "dst_overlap" => Self::DstOverlap,
            "end_date" => Self::EndDate,
            "end_count" => Self::EndCount,
            _ => return None,
        })
    }
}

impl SchedulePolicies {
    /// The same policies, with one of them as it is in `given`; `None` when they do not go together. To name one end clears
    /// the other, and to plan on completion clears what goes with planning ahead.
    pub fn with(&self, part: PolicyField, given: &StoredPolicies) -> Option<Self> {
        let mut stored = StoredPolicies::from(self);
        match part {
            PolicyField::Advance => stored.advance = given.advance,
            PolicyField::Generation => {
                stored.generation = given.generation;
                if given.generation != Some(20) {
                    (stored.ahead_count, stored.ahead_seconds) = (None, None);
                }
            }
            PolicyField::AheadCount => stored.ahead_count = given.ahead_count,
            PolicyField::AheadHorizon => stored.ahead_seconds = given.ahead_seconds,
            PolicyField::Weekend => stored.weekend = given.weekend,
            PolicyField::Missed => stored.missed = given.missed,
            PolicyField::MonthEnd => stored.month_end = given.month_end,
            PolicyField::DstGap => stored.dst_gap = given.dst_gap,
            PolicyField::DstOverlap => stored.dst_overlap = given.dst_overlap,
            PolicyField::EndDate => {
                stored.end_date.clone_from(&given.end_date);
                stored.end_count = stored.end_count.filter(|_| given.end_date.is_none());
            }
            PolicyField::EndCount => {
                stored.end_count = given.end_count;
                stored.end_date = stored.end_date.filter(|_| given.end_count.is_none());
            }
        }
        stored.read()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil;

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
            let generation = Generation::Within { seconds: 86_400, most: 7 };
            let policies = SchedulePolicies { advance, generation, missed: Missed::CreateAll, placing, end };
            let text = serde_json::to_string(&StoredPolicies::from(&policies)).expect("numbers can be written");
            let read: StoredPolicies = serde_json::from_str(&text).expect("and read again");
            assert_eq!(read.read(), Some(policies));
        }
    }
}
