//! Tasks that go through everything that tasks go through.

use mesh_proto::task::v1::{
    CancelTaskRequest, CompleteTaskRequest, CreateTaskRequest, DeleteTaskRequest, ReopenTaskRequest, Task, TaskStatus,
    TaskTime, UndeleteTaskRequest, UpdateTaskRequest,
};
use prost_types::FieldMask;

use super::{caller::request_id, lane::Lane};

/// What can become of a task, by the words of the record of what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Completed,
    Reopened,
    Cancelled,
    Deleted,
    Undeleted,
}

/// Makes a call of an RPC that takes an id and a request id.
macro_rules! by_id {
    ($lane:expr, $service:literal, $rpc:literal, $request:ident, $id:expr) => {{
        let request = $request { id: $id.to_owned(), request_id: request_id(), ..$request::default() };
        $lane.ask(concat!("taskmesh.", $service, "/", $rpc), &request).await
    }};
}
pub(super) use by_id;

/// Makes a task and does what comes to mind with it, until nothing does.
pub(super) async fn story(lane: &mut Lane) -> Option<()> {
    let title = format!("chore {}", lane.rng.number(1..=1_000_000));
    let mut task = create(lane, Task { title: Some(title), ..Task::default() }).await?;
    for _ in 0..lane.rng.number(1..=7) {
        lane.breathe().await;
        let verbs = verbs_of(&task);
        task = if !verbs.contains(&Verb::Undeleted) && lane.rng.chance(40) {
            edit(lane, &task.id).await?
        } else {
            let verb = lane.rng.pick(verbs);
            change(lane, verb, &task.id).await?
        };
    }
    Some(())
}

/// What may become of a task as it is now.
fn verbs_of(task: &Task) -> &'static [Verb] {
    match task.status() {
        _ if task.delete_time.is_some() => &[Verb::Undeleted],
        TaskStatus::Completed => &[Verb::Completed, Verb::Reopened, Verb::Deleted],
        TaskStatus::Cancelled => &[Verb::Cancelled, Verb::Reopened, Verb::Deleted],
        _ => &[Verb::Completed, Verb::Completed, Verb::Cancelled, Verb::Deleted],
    }
}

pub(super) async fn create(lane: &mut Lane, task: Task) -> Option<Task> {
    let request = CreateTaskRequest { task: Some(task), request_id: request_id(), ..CreateTaskRequest::default() };
    let acked = lane.ask("taskmesh.task.v1.TaskService/CreateTask", &request).await?;
    Some(lane.task("created", acked))
}

pub(super) async fn change(lane: &mut Lane, verb: Verb, id: &str) -> Option<Task> {
    let (word, acked) = match verb {
        Verb::Completed => ("completed", by_id!(lane, "task.v1.TaskService", "CompleteTask", CompleteTaskRequest, id)?),
        Verb::Reopened => ("reopened", by_id!(lane, "task.v1.TaskService", "ReopenTask", ReopenTaskRequest, id)?),
        Verb::Cancelled => ("cancelled", by_id!(lane, "task.v1.TaskService", "CancelTask", CancelTaskRequest, id)?),
        Verb::Deleted => ("deleted", by_id!(lane, "task.v1.TaskService", "DeleteTask", DeleteTaskRequest, id)?),
        Verb::Undeleted => ("undeleted", by_id!(lane, "task.v1.TaskService", "UndeleteTask", UndeleteTaskRequest, id)?),
    };
    Some(lane.task(word, acked))
}

/// Changes some field of a task to something that it was not.
async fn edit(lane: &mut Lane, id: &str) -> Option<Task> {
    let new = lane.rng.number(1..=u64::MAX - 1);
    let (field, task) = match lane.rng.number(0..=2) {
        0 => ("title", Task { title: Some(format!("chore {new}")), ..Task::default() }),
        1 => ("description", Task { description: Some(format!("say {new}")), ..Task::default() }),
        _ => ("tags", Task { tags: vec![format!("tag-{new}")], ..Task::default() }),
    };
    update(lane, Task { id: id.to_owned(), ..task }, field).await
}

/// Gives a task another due.
pub(super) async fn set_due(lane: &mut Lane, id: &str, due: TaskTime) -> Option<Task> {
    update(lane, Task { id: id.to_owned(), due: Some(due), ..Task::default() }, "due").await
}

async fn update(lane: &mut Lane, task: Task, field: &str) -> Option<Task> {
    let update_mask = Some(FieldMask { paths: vec![field.to_owned()] });
    let request = UpdateTaskRequest { task: Some(task), update_mask, request_id: request_id() };
    let acked = lane.ask("taskmesh.task.v1.TaskService/UpdateTask", &request).await?;
    Some(lane.task("updated", acked))
}
