//! Tasks that come back: each occurrence is finished once, twice at once, or again after it was reopened; or it is skipped.
//! Schedules are paused, changed, split, deleted and restored meanwhile.

mod create;
mod edits;
mod finish;
mod open;
mod schedule;
mod skip;
mod split;

use jiff::civil::DateTime;
use mesh_proto::{
    scheduler::v1::{Schedule, ScheduleState},
    task::v1::{TaskTime, task_time},
};

use super::{caller::Acked, lane::Lane};
use crate::campaign::record::{Closing, Series, Step, UNCHANGED};
use open::{Open, settled};

/// Makes a task come back, and does to the schedule and its occurrences what comes to mind.
pub(super) async fn story(lane: &mut Lane) -> Option<()> {
    let (mut id, first) = create::create(lane).await?;
    if let Some(first) = first.filter(|_| lane.rng.chance(15)) {
        // What is planned has no tasks yet, and the first task was not told which occurrence it is.
        match lane.rng.chance(50) {
            true => skip::once(lane, &id, &first).await?,
            false => schedule::delete_and_restore(lane, &id, &[first]).await?,
        }
    }
    for _ in 0..lane.rng.number(1..=6) {
        let Some(open) = settled(lane, &id).await else { return Some(()) };
        id = turn(lane, id, &open).await?;
        lane.breathe().await;
    }
    match lane.rng.number(0..=9) {
        0..=3 => schedule::end(lane, &id).await,
        4..=6 => schedule::delete(lane, &id).await,
        _ => Some(()),
    }
}

/// Does one thing; returns the schedule to go on with.
async fn turn(lane: &mut Lane, id: String, open: &[Open]) -> Option<String> {
    let first = open.first()?.clone();
    let any = open[lane.rng.number(0..=open.len() as u64 - 1) as usize].clone();
    match lane.rng.number(0..=19) {
        0..=1 => schedule::pause(lane, &id, &first).await?,
        2..=5 => finish::twice_at_once(lane, &id, &first).await?,
        6 => finish::again(lane, &id, &first).await?,
        7..=9 => finish::somehow(lane, &id, &any).await?,
        10..=11 => skip::open(lane, &id, &any).await?,
        12 => skip::to_come(lane, &id).await?,
        13 => skip::successor(lane, &id, &first).await?,
        14..=15 => schedule::update(lane, &id).await?,
        16..=17 => return split::split(lane, id, open).await,
        _ => schedule::delete_and_restore(lane, &id, open).await?,
    }
    Some(id)
}

/// A wall time as tasks hold it.
pub(in crate::campaign) fn wall_time(local: DateTime, time_zone: &str) -> TaskTime {
    TaskTime { value: Some(task_time::Value::LocalTime(Series::spelled(local))), time_zone: time_zone.to_owned() }
}

/// Writes down what was done to a schedule. What leaves nothing to plan is told as its end.
fn remember(lane: &mut Lane, verb: &'static str, acked: Acked<Schedule>) {
    let ended = acked.answer.state() == ScheduleState::Ended && !matches!(verb, "split" | "deleted");
    let verb = match acked.answer.change_id.is_empty() {
        true => UNCHANGED,
        false if ended => "ended",
        false => verb,
    };
    let schedule = Schedule { change_id: String::new(), ..acked.answer };
    if let Some(series) = lane.ledger.series.get_mut(&schedule.id) {
        series.steps.push(Step { verb, began: acked.began, acked: acked.acked, answer: schedule });
    }
}

/// Takes note of what becomes of the occurrences of a schedule.
fn note(lane: &mut Lane, id: &str, happens: impl FnOnce(&mut Series)) {
    if let Some(series) = lane.ledger.series.get_mut(id) {
        happens(series);
    }
}

/// A schedule is to close a task in the user's name.
fn closing(lane: &mut Lane, task: &str, how: Closing) {
    lane.ledger.errands.entry(task.to_owned()).or_default().closing = Some(how);
}
