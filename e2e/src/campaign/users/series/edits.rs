//! What can be different about a schedule, and how it is told so.

use jiff::civil::DateTime;
use mesh_proto::scheduler::v1::{Schedule, ScheduleGeneration, SchedulePolicies, TaskTemplate, WeekendPolicy};

use crate::campaign::{
    record::{Change, Plan, Rule, Series, Times, Weekend},
    users::lane::Lane,
};

/// Another title.
pub(super) fn title(lane: &mut Lane) -> Change {
    Change::Title(format!("habit {}", lane.rng.number(1..=1_000_000)))
}

/// Something else than the title, of a schedule that starts then; `None` if that does not go with the rest of it.
pub(super) fn other(lane: &mut Lane, series: &Series, start: DateTime) -> Option<Change> {
    let times = Times { start, ..series.times };
    // A horizon ends between two occurrences, and so do the days of those that are counted from completion.
    let by_count = matches!(series.plan, Plan::OnCompletion | Plan::Ahead(_));
    let by_day = by_count && !matches!(times.rule, Rule::Minutes(_));
    match (lane.rng.number(0..=3), times.rule) {
        (0, Rule::Days(_)) => Some(Times { rule: Rule::Days(lane.rng.number(1..=3) as i64), ..times }),
        (0, Rule::Minutes(_)) => Some(Times { rule: Rule::Minutes(lane.rng.number(1..=9) as i64), ..times }),
        (1, _) if by_day => {
            let hour = lane.rng.number(8..=18) as i8;
            Some(Times { start: start.date().at(hour, 0, 0, 0), ..times })
        }
        (2, _) if by_day => Some(Times { weekend: weekend(lane), ..times }),
        (3, _) if by_count => return Some(Change::Ahead(lane.rng.number(1..=4) as usize)),
        _ => None,
    }
    // An empty mask would stand for everything.
    .filter(|changed| *changed != times)
    .map(Change::Times)
}

pub(super) fn weekend(lane: &mut Lane) -> Weekend {
    lane.rng.pick(&[Weekend::Keep, Weekend::Monday, Weekend::Friday, Weekend::Drop])
}

/// The policy of the contract.
pub(super) fn weekend_policy(weekend: Weekend) -> WeekendPolicy {
    match weekend {
        Weekend::Keep => WeekendPolicy::Keep,
        Weekend::Monday => WeekendPolicy::NextWeekday,
        Weekend::Friday => WeekendPolicy::PreviousWeekday,
        Weekend::Drop => WeekendPolicy::Drop,
    }
}

/// The fields of the contract that make these changes of a schedule that starts then, and their names.
pub(super) fn spelled(before: &Series, start: DateTime, changes: &[Change]) -> (Schedule, Vec<String>) {
    let (mut schedule, mut paths) = (Schedule::default(), Vec::new());
    for change in changes {
        match change {
            Change::Title(title) => {
                schedule.template = Some(TaskTemplate { title: Some(title.clone()), ..TaskTemplate::default() });
                paths.push("template.title");
            }
            Change::Times(times) => {
                schedule.rrule = Some(times.rule.text());
                schedule.start = Some(Series::spelled(times.start));
                let weekend = Some(weekend_policy(times.weekend).into());
                schedule.policies.get_or_insert_default().weekend = weekend;
                let changed = [
                    ("rrule", times.rule != before.times.rule),
                    ("start", times.start != start),
                    ("policies.weekend", times.weekend != before.times.weekend),
                ];
                paths.extend(changed.iter().filter(|(_, changed)| *changed).map(|(path, _)| *path));
            }
            Change::Ahead(open) => {
                let policies: &mut SchedulePolicies = schedule.policies.get_or_insert_default();
                policies.generation = Some(ScheduleGeneration::Ahead.into());
                policies.ahead_count = Some(*open as i32);
                paths.extend(["policies.generation", "policies.ahead_count"]);
            }
        }
    }
    (schedule, paths.into_iter().map(str::to_owned).collect())
}
