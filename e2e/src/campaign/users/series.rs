//! Tasks that come back: each occurrence is finished once, twice at once, or again after it was reopened.

use std::time::Duration;

use jiff::{ToSpan, Zoned, civil::DateTime, tz::TimeZone};
use mesh_proto::{
    scheduler::v1::{
        CreateScheduleRequest, EndScheduleRequest, ListOccurrencesRequest, ListOccurrencesResponse, MissedPolicy,
        OccurrenceState, PauseScheduleRequest, ResumeScheduleRequest, Schedule, ScheduleAdvance, ScheduleGeneration,
        SchedulePolicies,
    },
    task::v1::{CompleteTaskRequest, Task, TaskTime, task_time},
};
use mesh_types::{Clock, SystemClock};
use tokio::time::Instant;

use super::{
    caller::{Acked, request_id},
    lane::Lane,
    tasks::{self, Verb, by_id},
};
use crate::campaign::{
    pause,
    record::{Plan, Rule, Series, Step, Steps},
};

/// How long a successor is waited for before something else is done.
const PATIENCE: Duration = Duration::from_secs(60);
const ZONES: [&str; 3] = ["Europe/Berlin", "America/New_York", "Asia/Tokyo"];

/// Makes a task come back, and finishes some of its occurrences.
pub(super) async fn story(lane: &mut Lane) -> Option<()> {
    let id = create(lane).await?;
    for _ in 0..lane.rng.number(1..=6) {
        let Some((occurrence, task)) = open_one(lane, &id).await else { return Some(()) };
        match lane.rng.number(0..=9) {
            0 => {
                pause_and_finish(lane, &id, occurrence, &task).await?;
            }
            1..=4 => finish_twice_at_once(lane, &id, occurrence, &task).await?,
            5 => {
                finish(lane, &id, occurrence, &task, Verb::Completed).await?;
                tasks::change(lane, Verb::Reopened, &task).await?;
                lane.wait(0..=1_500).await;
                finish(lane, &id, occurrence, &task, Verb::Completed).await?;
            }
            number => {
                let verb = [Verb::Completed, Verb::Completed, Verb::Cancelled, Verb::Deleted][number as usize - 6];
                finish(lane, &id, occurrence, &task, verb).await?;
            }
        }
        lane.breathe().await;
    }
    if lane.rng.chance(40)
        && let Some((_, task)) = open_one(lane, &id).await
    {
        let acked = by_id!(lane, "scheduler.v1.SchedulerService", "EndSchedule", EndScheduleRequest, &id)?;
        remember(lane, "ended", acked);
        // Nothing follows any more, so this is not written down as finished.
        tasks::change(lane, Verb::Completed, &task).await?;
    }
    Some(())
}

/// A task due in some days, and a rule from there on. It starts so late that no occurrence passes meanwhile.
async fn create(lane: &mut Lane) -> Option<String> {
    let time_zone = lane.rng.pick(&ZONES);
    let (rule, start) = match lane.rng.chance(50) {
        true => (Rule::Days(lane.rng.number(1..=3) as i64), days_ahead(time_zone, 2)?),
        // In a zone without summer time, so that minutes of the wall are minutes.
        false => (Rule::Minutes(lane.rng.number(1..=9) as i64), days_ahead("UTC", 1)?),
    };
    let time_zone = if matches!(rule, Rule::Minutes(_)) { "UTC" } else { time_zone };
    let title = Some(format!("habit {}", lane.rng.number(1..=1_000_000)));
    let due = Some(wall_time(start, time_zone));
    let task = tasks::create(lane, Task { title, due, ..Task::default() }).await?;
    let (plan, policies) = plan(lane, rule, start);
    let (task_id, rrule, policies) = (Some(task.id.clone()), Some(rule.text()), Some(policies));
    let schedule = Schedule { task_id, rrule, policies, ..Schedule::default() };
    let request = CreateScheduleRequest {
        schedule: Some(schedule),
        request_id: request_id(),
        ..CreateScheduleRequest::default()
    };
    let acked: Acked<Schedule> = lane.ask("taskmesh.scheduler.v1.SchedulerService/CreateSchedule", &request).await?;
    let id = acked.answer.id.clone();
    let (steps, finished) = (Steps::default(), [].into());
    let time_zone = time_zone.to_owned();
    let series = Series { first_task: task.id, start, time_zone, rule, plan, steps, finished };
    lane.ledger.series.insert(id.clone(), series);
    remember(lane, "created", acked);
    Some(id)
}

/// When the tasks are made, and how the schedule is told so. The horizon ends half a day after the last that is within it,
/// so that no run lasts until the next one comes within reach.
fn plan(lane: &mut Lane, rule: Rule, start: DateTime) -> (Plan, SchedulePolicies) {
    let (usual, ahead) = (SchedulePolicies::default(), Some(ScheduleGeneration::Ahead.into()));
    match (lane.rng.number(0..=9), rule) {
        (0..=2, _) => {
            let count = lane.rng.number(2..=4);
            let policies = SchedulePolicies { generation: ahead, ahead_count: Some(count as i32), ..usual };
            (Plan::Ahead(count as usize), policies)
        }
        (3..=4, Rule::Days(days)) => {
            let count = lane.rng.number(1..=3);
            let hours = (count as i64 - 1) * days * 24 + 12;
            let now = SystemClock.now().as_micros() / 1_000_000;
            let end = start.to_zoned(TimeZone::UTC).map_or(now, |start| start.timestamp().as_second()) + hours * 3_600;
            let ahead_horizon = Some(prost_types::Duration { seconds: end - now, nanos: 0 });
            (Plan::Within(count as usize), SchedulePolicies { generation: ahead, ahead_horizon, ..usual })
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

/// Nine o'clock in so many days.
fn days_ahead(time_zone: &str, days: i64) -> Option<DateTime> {
    let now = jiff::Timestamp::from_microsecond(SystemClock.now().as_micros()).ok()?;
    let today = Zoned::new(now, TimeZone::get(time_zone).ok()?).date();
    Some(today.saturating_add(days.days()).at(9, 0, 0, 0))
}

/// A wall time as tasks hold it.
pub(in crate::campaign) fn wall_time(local: DateTime, time_zone: &str) -> TaskTime {
    TaskTime { value: Some(task_time::Value::LocalTime(Series::spelled(local))), time_zone: time_zone.to_owned() }
}

/// An open occurrence that was not finished yet, and its task; waits until there is one, and until everything that was
/// finished has its successor, which it would not get any more once the series has ended.
async fn open_one(lane: &mut Lane, id: &str) -> Option<(DateTime, String)> {
    let deadline = Instant::now() + PATIENCE;
    let request = ListOccurrencesRequest { id: id.to_owned(), page_size: 100, ..ListOccurrencesRequest::default() };
    while Instant::now() < deadline {
        let method = "taskmesh.scheduler.v1.SchedulerService/ListOccurrences";
        let page: Acked<ListOccurrencesResponse> = lane.ask(method, &request).await?;
        let series = lane.ledger.series.get(id)?;
        let planned = page.answer.occurrences.iter().filter(|found| found.state() != OccurrenceState::Computed).count();
        let (finished, settled) = (&series.finished, planned >= series.expected_count());
        if matches!(series.plan, Plan::Within(all) if finished.len() >= all) {
            return None;
        }
        let open = page.answer.occurrences.iter().find_map(|occurrence| {
            let nominal: DateTime = occurrence.occurrence.parse().ok()?;
            let open = settled && occurrence.state() == OccurrenceState::Open && !finished.contains(&nominal);
            open.then(|| Some((nominal, occurrence.task_id.clone()?)))?
        });
        if open.is_some() {
            return open;
        }
        pause(Duration::from_millis(150)).await;
    }
    None
}

async fn finish(lane: &mut Lane, id: &str, occurrence: DateTime, task: &str, verb: Verb) -> Option<()> {
    tasks::change(lane, verb, task).await?;
    finished(lane, id, occurrence);
    Some(())
}

/// Two clients complete the same occurrence at the same time, by different request ids and gateways.
async fn finish_twice_at_once(lane: &mut Lane, id: &str, occurrence: DateTime, task: &str) -> Option<()> {
    const METHOD: &str = "taskmesh.task.v1.TaskService/CompleteTask";
    let request =
        || CompleteTaskRequest { id: task.to_owned(), request_id: request_id(), ..CompleteTaskRequest::default() };
    let (one, other) = (request(), request());
    let (first, second) =
        tokio::join!(lane.caller.call::<_, Task>(METHOD, &one), lane.caller.call::<_, Task>(METHOD, &other));
    let mut answered = Vec::new();
    for outcome in [first, second] {
        match outcome {
            Ok(acked) => answered.push(lane.noted(acked)),
            Err(refusal) => {
                lane.refused(METHOD, &one, refusal);
                return None;
            }
        }
    }
    // The one that did it before the one that found it done.
    answered.sort_by_key(|acked| acked.answer.version);
    for acked in answered {
        lane.task("completed", acked);
    }
    finished(lane, id, occurrence);
    Some(())
}

/// What is finished while the series is paused has its successor once the series is resumed.
async fn pause_and_finish(lane: &mut Lane, id: &str, occurrence: DateTime, task: &str) -> Option<()> {
    let acked = by_id!(lane, "scheduler.v1.SchedulerService", "PauseSchedule", PauseScheduleRequest, id)?;
    remember(lane, "paused", acked);
    finish(lane, id, occurrence, task, Verb::Completed).await?;
    lane.wait(0..=3_000).await;
    let acked = by_id!(lane, "scheduler.v1.SchedulerService", "ResumeSchedule", ResumeScheduleRequest, id)?;
    remember(lane, "resumed", acked);
    Some(())
}

fn finished(lane: &mut Lane, id: &str, occurrence: DateTime) {
    if let Some(series) = lane.ledger.series.get_mut(id) {
        series.finished.insert(occurrence);
    }
}

fn remember(lane: &mut Lane, verb: &'static str, acked: Acked<Schedule>) {
    let schedule = Schedule { change_id: String::new(), ..acked.answer };
    if let Some(series) = lane.ledger.series.get_mut(&schedule.id) {
        series.steps.push(Step { verb, began: acked.began, acked: acked.acked, answer: schedule });
    }
}
