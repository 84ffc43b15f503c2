//! Schedules are paused, changed, ended, deleted and restored.

use mesh_proto::scheduler::v1::{
    DeleteScheduleRequest, EndScheduleRequest, OpenTasksPolicy, PauseScheduleRequest, ResumeScheduleRequest,
    UndeleteScheduleRequest, UpdateScheduleRequest,
};
use prost_types::FieldMask;

use super::{Open, closing, edits, finish, note, open::settled, remember, skip};
use crate::campaign::{
    record::{Closing, Standing},
    users::{
        caller::request_id,
        lane::Lane,
        tasks::{Verb, by_id},
    },
};

/// What is closed while a schedule is paused has its successor once it is resumed.
pub(super) async fn pause(lane: &mut Lane, id: &str, open: &Open) -> Option<()> {
    let acked = by_id!(lane, "scheduler.v1.SchedulerService", "PauseSchedule", PauseScheduleRequest, id)?;
    remember(lane, "paused", acked);
    note(lane, id, |series| series.stand(Standing::Paused));
    match lane.rng.chance(70) {
        true => finish::finish(lane, id, open, Verb::Completed).await?,
        false => skip::once(lane, id, open).await?,
    }
    lane.wait(0..=3_000).await;
    let acked = by_id!(lane, "scheduler.v1.SchedulerService", "ResumeSchedule", ResumeScheduleRequest, id)?;
    remember(lane, "resumed", acked);
    note(lane, id, |series| series.stand(Standing::Active));
    Some(())
}

/// Changes something from the next occurrence on.
pub(super) async fn update(lane: &mut Lane, id: &str) -> Option<()> {
    let series = lane.ledger.series.get(id)?;
    let (before, start) = (series.clone(), series.times.start);
    let change = match lane.rng.chance(70) {
        true => edits::other(lane, &before, start).unwrap_or_else(|| edits::title(lane)),
        false => edits::title(lane),
    };
    let (schedule, paths) = edits::spelled(&before, start, std::slice::from_ref(&change));
    let request = UpdateScheduleRequest {
        schedule: Some(mesh_proto::scheduler::v1::Schedule { id: id.to_owned(), ..schedule }),
        update_mask: Some(FieldMask { paths }),
        request_id: request_id(),
    };
    let acked = lane.ask("taskmesh.scheduler.v1.SchedulerService/UpdateSchedule", &request).await?;
    remember(lane, "updated", acked);
    note(lane, id, |series| series.change(&change));
    Some(())
}

/// Ends it, after which nothing follows any more.
pub(super) async fn end(lane: &mut Lane, id: &str) -> Option<()> {
    let Some(open) = settled(lane, id).await else { return Some(()) };
    let acked = by_id!(lane, "scheduler.v1.SchedulerService", "EndSchedule", EndScheduleRequest, id)?;
    remember(lane, "ended", acked);
    note(lane, id, |series| series.stand(Standing::Ended));
    finish::finish(lane, id, open.first()?, Verb::Completed).await
}

/// Deletes it, for good.
pub(super) async fn delete(lane: &mut Lane, id: &str) -> Option<()> {
    let Some(open) = settled(lane, id).await else { return Some(()) };
    let how = lane.rng.pick(&[None, Some(Closing::Cancel), Some(Closing::Delete)]);
    delete_with(lane, id, &open, how).await?;
    if how.is_none() {
        finish::finish(lane, id, open.first()?, Verb::Completed).await?;
    }
    Some(())
}

/// Deletes it and takes it back. It plans what it owes by then.
pub(super) async fn delete_and_restore(lane: &mut Lane, id: &str, open: &[Open]) -> Option<()> {
    let how = lane.rng.pick(&[None, Some(Closing::Cancel), Some(Closing::Delete)]);
    delete_with(lane, id, open, how).await?;
    if how.is_none() && lane.rng.chance(60) {
        finish::finish(lane, id, open.first()?, Verb::Completed).await?;
    }
    lane.wait(0..=2_000).await;
    let acked = by_id!(lane, "scheduler.v1.SchedulerService", "UndeleteSchedule", UndeleteScheduleRequest, id)?;
    remember(lane, "undeleted", acked);
    note(lane, id, |series| series.undelete());
    Some(())
}

/// Deletes it, and does with its open tasks what is said.
async fn delete_with(lane: &mut Lane, id: &str, open: &[Open], how: Option<Closing>) -> Option<()> {
    let open_tasks = how.map(|how| match how {
        Closing::Cancel => OpenTasksPolicy::Cancel.into(),
        Closing::Delete => OpenTasksPolicy::Delete.into(),
    });
    let (id, request_id) = (id.to_owned(), request_id());
    let request = DeleteScheduleRequest { id: id.clone(), request_id, open_tasks, ..DeleteScheduleRequest::default() };
    let acked = lane.ask("taskmesh.scheduler.v1.SchedulerService/DeleteSchedule", &request).await?;
    remember(lane, "deleted", acked);
    note(lane, &id, |series| series.delete(how));
    if let Some(how) = how {
        open.iter().for_each(|open| closing(lane, &open.task, how));
    }
    Some(())
}
