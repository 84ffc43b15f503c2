//! Occurrences are finished.

use mesh_proto::task::v1::{CompleteTaskRequest, Task};

use super::{Open, note};
use crate::campaign::{
    record::Fate,
    users::{
        caller::request_id,
        lane::Lane,
        tasks::{self, Verb},
    },
};

/// Completes, cancels or deletes the task.
pub(super) async fn somehow(lane: &mut Lane, id: &str, open: &Open) -> Option<()> {
    let verb = lane.rng.pick(&[Verb::Completed, Verb::Completed, Verb::Cancelled, Verb::Deleted]);
    finish(lane, id, open, verb).await
}

/// Completes it, reopens it, and completes it again.
pub(super) async fn again(lane: &mut Lane, id: &str, open: &Open) -> Option<()> {
    finish(lane, id, open, Verb::Completed).await?;
    tasks::change(lane, Verb::Reopened, &open.task).await?;
    lane.wait(0..=1_500).await;
    finish(lane, id, open, Verb::Completed).await
}

pub(super) async fn finish(lane: &mut Lane, id: &str, open: &Open, verb: Verb) -> Option<()> {
    tasks::change(lane, verb, &open.task).await?;
    note(lane, id, |series| series.close(open.nominal, Fate::Finished));
    Some(())
}

/// Two clients complete the same occurrence at the same time, by different request ids and gateways.
pub(super) async fn twice_at_once(lane: &mut Lane, id: &str, open: &Open) -> Option<()> {
    const METHOD: &str = "taskmesh.task.v1.TaskService/CompleteTask";
    let request =
        || CompleteTaskRequest { id: open.task.clone(), request_id: request_id(), ..CompleteTaskRequest::default() };
    let mut answered = lane.ask_twice::<_, Task>(METHOD, &request(), &request()).await?;
    // The one that did it before the one that found it done.
    answered.sort_by_key(|acked| acked.answer.version);
    for acked in answered {
        lane.task("completed", acked);
    }
    note(lane, id, |series| series.close(open.nominal, Fate::Finished));
    Some(())
}
