//! A series goes on differently from one occurrence on.

use jiff::civil::DateTime;
use mesh_proto::scheduler::v1::{Schedule, SplitScheduleRequest, SplitScheduleResponse};
use prost_types::FieldMask;

use super::{Open, edits, remember};
use crate::campaign::{
    record::{Change, Series},
    users::{
        caller::{Acked, request_id},
        lane::Lane,
    },
};

/// Splits a schedule at an open occurrence, or one that is to come. Returns the one to go on with; the other is left to
/// itself.
pub(super) async fn split(lane: &mut Lane, id: String, open: &[Open]) -> Option<String> {
    let series = lane.ledger.series.get(&id)?.clone();
    if series.ends_before.is_some() {
        return Some(id);
    }
    let at = place(lane, &series, open)?;
    let mut changes = vec![edits::title(lane)];
    if lane.rng.chance(50) {
        changes.extend(edits::other(lane, &series, at));
    }
    let request = request(lane, &series, (&id, at), &changes);
    let acked: Acked<SplitScheduleResponse> =
        lane.ask("taskmesh.scheduler.v1.SchedulerService/SplitSchedule", &request).await?;
    let SplitScheduleResponse { ended, created } = acked.answer.clone();
    let told = |answer: Option<Schedule>| {
        let Acked { began, acked, .. } = acked;
        Some(Acked { began, acked, answer: answer?, oddities: Vec::new() })
    };
    let (ended, created) = (told(ended)?, told(created)?);
    let new = created.answer.id.clone();
    let fresh = lane.ledger.series.get_mut(&id)?.split(&id, at, &changes);
    for moved in open.iter().filter(|open| open.nominal >= at) {
        let errands = lane.ledger.errands.entry(moved.task.clone()).or_default();
        if errands.schedules.is_empty() {
            errands.schedules.push(id.clone());
        }
        errands.schedules.push(new.clone());
    }
    lane.ledger.series.insert(new.clone(), fresh);
    remember(lane, "split", ended);
    remember(lane, "created", created);
    Some(if lane.rng.chance(70) { new } else { id })
}

/// From which occurrence on.
fn place(lane: &mut Lane, series: &Series, open: &[Open]) -> Option<DateTime> {
    let steps = lane.rng.number(0..=2) as usize;
    let to_come = series.upcoming().nth(steps);
    match to_come.filter(|_| lane.rng.chance(50)) {
        Some(to_come) => Some(to_come),
        None => Some(open[lane.rng.number(0..=open.len() as u64 - 1) as usize].nominal),
    }
}

/// The next that is not planned need not be named.
fn request(lane: &mut Lane, series: &Series, (id, at): (&str, DateTime), changes: &[Change]) -> SplitScheduleRequest {
    let unnamed = series.upcoming().next() == Some(at) && lane.rng.chance(50);
    let occurrence = if unnamed { String::new() } else { Series::spelled(at) };
    let (schedule, paths) = edits::spelled(series, at, changes);
    SplitScheduleRequest {
        id: id.to_owned(),
        occurrence,
        request_id: request_id(),
        schedule: Some(schedule),
        update_mask: Some(FieldMask { paths }),
        ..SplitScheduleRequest::default()
    }
}
