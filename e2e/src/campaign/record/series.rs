//! A schedule as its user remembers it: the rule, and which occurrences were finished.

use std::collections::BTreeSet;

use jiff::{ToSpan, civil::DateTime};
use mesh_proto::scheduler::v1::Schedule;

use super::{Steps, Versioned};

/// How often a task comes back. Simple enough that the checker works it out by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Every so many minutes.
    Minutes(i64),
    /// Every so many days.
    Days(i64),
}

/// When the tasks of a schedule are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// The next when one is finished.
    OnCompletion,
    /// So many are open at any time.
    Ahead(usize),
    /// So many are within the horizon, whatever becomes of them.
    Within(usize),
    /// The next when one is finished, counted from that day. When that was nobody here knows for sure.
    FromCompletion,
}

/// A schedule, and what became of its occurrences by its user's doing.
#[derive(Clone, Debug)]
pub struct Series {
    /// The task it was made for.
    pub first_task: String,
    /// Where the rule starts, which is the first occurrence.
    pub start: DateTime,
    /// The zone of the wall times.
    pub time_zone: String,
    /// The rule.
    pub rule: Rule,
    /// When its tasks are made.
    pub plan: Plan,
    /// What was done to the schedule.
    pub steps: Steps<Schedule>,
    /// The occurrences that were completed, cancelled or deleted before the series was ended.
    pub finished: BTreeSet<DateTime>,
}

impl Rule {
    /// As RFC 5545 writes it.
    pub fn text(self) -> String {
        match self {
            Self::Minutes(minutes) => format!("FREQ=MINUTELY;INTERVAL={minutes}"),
            Self::Days(days) => format!("FREQ=DAILY;INTERVAL={days}"),
        }
    }

    /// The occurrence after this one.
    pub fn after(self, occurrence: DateTime) -> DateTime {
        match self {
            Self::Minutes(minutes) => occurrence.saturating_add(minutes.minutes()),
            Self::Days(days) => occurrence.saturating_add(days.days()),
        }
    }
}

impl Series {
    /// How many occurrences there must be: those it begins with, and one after each that was finished.
    pub fn expected_count(&self) -> usize {
        match self.plan {
            Plan::OnCompletion | Plan::FromCompletion => 1 + self.finished.len(),
            Plan::Ahead(open) => open + self.finished.len(),
            Plan::Within(all) => all,
        }
    }

    /// Which occurrences there must be, if that can be said.
    pub fn expected(&self) -> Option<BTreeSet<DateTime>> {
        match self.plan {
            Plan::OnCompletion => {
                let successors = self.finished.iter().map(|finished| self.rule.after(*finished));
                Some(std::iter::once(self.start).chain(successors).collect())
            }
            Plan::Ahead(_) | Plan::Within(_) => {
                let all = std::iter::successors(Some(self.start), |occurrence| Some(self.rule.after(*occurrence)));
                Some(all.take(self.expected_count()).collect())
            }
            Plan::FromCompletion => None,
        }
    }

    /// The nominal start of an occurrence, as the contract writes it.
    pub fn spelled(occurrence: DateTime) -> String {
        occurrence.strftime("%Y-%m-%dT%H:%M:%S").to_string()
    }
}

impl Versioned for Schedule {
    const KIND: &'static str = "schedule";

    fn id(&self) -> &str {
        &self.id
    }

    fn version(&self) -> i64 {
        self.version
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn each_finished_occurrence_has_one_successor() {
        let start = date(2030, 1, 31).at(9, 0, 0, 0);
        let (rule, second) = (Rule::Days(1), date(2030, 2, 1).at(9, 0, 0, 0));
        let series = Series {
            first_task: String::new(),
            start,
            time_zone: "UTC".to_owned(),
            rule,
            plan: Plan::OnCompletion,
            steps: Steps::default(),
            finished: [start].into(),
        };
        assert_eq!(series.expected(), Some([start, second].into()));
        let third = rule.after(second);
        let ahead = Series { plan: Plan::Ahead(2), ..series.clone() };
        assert_eq!(ahead.expected(), Some([start, second, third].into()));
        let within = Series { plan: Plan::Within(2), ..series };
        assert_eq!(within.expected(), Some([start, second].into()));
        assert_eq!(Series::spelled(second), "2030-02-01T09:00:00");
    }
}
