//! A task begins to come back, or tasks are to be made from a template.

use jiff::{ToSpan, Zoned, civil::DateTime, tz::TimeZone};
use mesh_proto::{
    scheduler::v1::{
        CreateScheduleRequest, MissedPolicy, MonthEndPolicy, Schedule, ScheduleAdvance, ScheduleGeneration,
        SchedulePolicies, TaskTemplate,
    },
    task::v1::Task,
};
use mesh_types::{Clock, SystemClock};

use super::{Open, edits, remember, wall_time};
use crate::campaign::{
    record::{Plan, Rule, Series, Times, Weekend},
    users::{
        caller::{Acked, request_id},
        lane::Lane,
        tasks,
    },
};

const ZONES: [&str; 3] = ["Europe/Berlin", "America/New_York", "Asia/Tokyo"];
/// So far ahead is the first occurrence at least, so that none passes meanwhile, not even one that moves to Friday.
const AHEAD: i64 = 4;

/// Makes a schedule of some kind. Returns its id, and its first occurrence if that has its task already.
pub(super) async fn create(lane: &mut Lane) -> Option<(String, Option<Open>)> {
    let (time_zone, mut times) = times(lane)?;
    let (plan, mut policies) = plan(lane, times);
    if !matches!(times.rule, Rule::Minutes(_)) && matches!(plan, Plan::OnCompletion | Plan::Ahead(_)) {
        times.weekend = edits::weekend(lane);
        policies.weekend = Some(edits::weekend_policy(times.weekend).into());
    }
    policies.month_end = (times.rule == Rule::MonthEnds).then(|| MonthEndPolicy::Clamp.into());
    let title = format!("habit {}", lane.rng.number(1..=1_000_000));
    let schedule = Schedule { rrule: Some(times.rule.text()), policies: Some(policies), ..Schedule::default() };
    let (schedule, first) = begin(lane, schedule, (&title, times.start, time_zone)).await?;
    let request = CreateScheduleRequest {
        schedule: Some(schedule),
        request_id: request_id(),
        ..CreateScheduleRequest::default()
    };
    let acked: Acked<Schedule> = lane.ask("taskmesh.scheduler.v1.SchedulerService/CreateSchedule", &request).await?;
    let id = acked.answer.id.clone();
    let mut series = Series::new(times, first.is_some(), time_zone, plan, &title);
    series.go_on();
    lane.ledger.series.insert(id.clone(), series);
    remember(lane, "created", acked);
    if let Some(first) = &first {
        lane.ledger.errands.entry(first.task.clone()).or_default().schedules.push(id.clone());
    }
    Some((id, first))
}

/// What the schedule is made for: a task, which becomes its first occurrence, or nothing but a template.
async fn begin(
    lane: &mut Lane,
    schedule: Schedule,
    (title, start, time_zone): (&str, DateTime, &str),
) -> Option<(Schedule, Option<Open>)> {
    let title = Some(title.to_owned());
    if lane.rng.chance(75) {
        let due = Some(wall_time(start, time_zone));
        let task = tasks::create(lane, Task { title, due, ..Task::default() }).await?.id;
        let first = Open { nominal: start, task: task.clone() };
        return Some((Schedule { task_id: Some(task), ..schedule }, Some(first)));
    }
    let template = Some(TaskTemplate { title, ..TaskTemplate::default() });
    let (start, time_zone) = (Some(Series::spelled(start)), Some(time_zone.to_owned()));
    Some((Schedule { template, start, time_zone, ..schedule }, None))
}

/// Which times, and in which zone.
fn times(lane: &mut Lane) -> Option<(&'static str, Times)> {
    let zone = lane.rng.pick(&ZONES);
    let (zone, rule) = match lane.rng.number(0..=9) {
        // In a zone without summer time, so that minutes of the wall are minutes.
        0..=3 => ("UTC", Rule::Minutes(lane.rng.number(1..=9) as i64)),
        4..=7 => (zone, Rule::Days(lane.rng.number(1..=3) as i64)),
        8 => (zone, Rule::Months),
        _ => (zone, Rule::MonthEnds),
    };
    let now = jiff::Timestamp::from_microsecond(SystemClock.now().as_micros()).ok()?;
    let from = Zoned::new(now, TimeZone::get(zone).ok()?).date().saturating_add(AHEAD.days());
    let day = match rule {
        Rule::Minutes(_) => from,
        Rule::Days(_) => from.saturating_add((lane.rng.number(0..=6) as i64).days()),
        Rule::Months | Rule::MonthEnds => from.series(1.day()).find(|day| day.day() == 31)?,
    };
    Some((zone, Times { start: day.at(9, 0, 0, 0), rule, weekend: Weekend::Keep }))
}

/// When the tasks are made, and how the schedule is told so. A horizon ends half a day after the last that is within it,
/// so that no run lasts until the next one comes within reach.
fn plan(lane: &mut Lane, times: Times) -> (Plan, SchedulePolicies) {
    let (usual, ahead) = (SchedulePolicies::default(), Some(ScheduleGeneration::Ahead.into()));
    match (lane.rng.number(0..=9), times.rule) {
        (0..=2, _) => {
            let count = lane.rng.number(2..=4);
            let policies = SchedulePolicies { generation: ahead, ahead_count: Some(count as i32), ..usual };
            (Plan::Ahead(count as usize), policies)
        }
        (3..=4, Rule::Days(days)) => {
            let hours = (lane.rng.number(1..=3) as i64 - 1) * days * 24 + 12;
            let end = times.start.saturating_add(hours.hours());
            let now = SystemClock.now().as_micros() / 1_000_000;
            let seconds = end.to_zoned(TimeZone::UTC).map_or(now, |end| end.timestamp().as_second()) - now;
            let ahead_horizon = Some(prost_types::Duration { seconds, nanos: 0 });
            (Plan::Until(end), SchedulePolicies { generation: ahead, ahead_horizon, ..usual })
        }
        (5..=6, Rule::Days(_)) => {
            let advance = Some(ScheduleAdvance::FromCompletion.into());
            (Plan::FromCompletion, SchedulePolicies { advance, ..usual })
        }
        (7, _) => {
            let missed = Some(MissedPolicy::CreateAll.into());
            (Plan::OnCompletion, SchedulePolicies { missed, ..usual })
        }
        _ => (Plan::OnCompletion, usual),
    }
}
