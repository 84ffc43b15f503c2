//! CompleteTask, ReopenTask, CancelTask: where a task may go, by verb or by Update.

use mesh_proto::task::v1::{CancelTaskRequest, ReopenTaskRequest, Task, TaskStatus};
use mesh_testkit::TestDatabase;
use tonic::Code;

use crate::support::{Client, World, completion, create, metadata_of, refused, settled, status_of, titled, update};

mesh_testkit::on_both_databases!(
    a_task_is_completed_and_reopened,
    completing_a_completed_task_changes_nothing,
    completing_a_cancelled_task_is_rejected,
    cancelling_a_completed_task_is_rejected,
    setting_the_status_is_the_same_step_as_the_verb,
    reopening_an_open_task_changes_nothing,
    a_stale_etag_is_refused_with_the_current_one,
);

fn cancellation(id: &str) -> CancelTaskRequest {
    CancelTaskRequest { id: id.to_owned(), ..CancelTaskRequest::default() }
}

async fn reopen(client: &mut Client, id: &str) -> Task {
    let request = ReopenTaskRequest { id: id.to_owned(), ..ReopenTaskRequest::default() };
    client.reopen_task(request).await.expect("it is reopened").into_inner()
}

async fn a_task_is_completed_and_reopened(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let task = create(&mut client, titled("swim")).await;
    let done = client.complete_task(completion(&task.id)).await.expect("it is completed").into_inner();
    assert_eq!((status_of(&done), done.version), (TaskStatus::Completed, 2));
    assert_eq!(done.completed_time, done.update_time);
    assert_ne!((&done.etag, &done.change_id), (&task.etag, &task.change_id));
    let open = reopen(&mut client, &task.id).await;
    assert_eq!((status_of(&open), open.version, open.completed_time), (TaskStatus::NeedsAction, 3, None));
}

async fn completing_a_completed_task_changes_nothing(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let task = create(&mut client, titled("once")).await;
    let done = client.complete_task(completion(&task.id)).await.expect("it is completed").into_inner();
    let again = client.complete_task(completion(&task.id)).await.expect("it is completed").into_inner();
    assert_eq!(again, settled(done), "no change has an id");
}

async fn completing_a_cancelled_task_is_rejected(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let task = create(&mut client, titled("never mind")).await;
    client.cancel_task(cancellation(&task.id)).await.expect("it is cancelled");
    let status = refused(client.complete_task(completion(&task.id)).await, Code::FailedPrecondition, "STATE_INVALID");
    assert_eq!(metadata_of(&status, "from").as_deref(), Some("CANCELLED"));
    let open = reopen(&mut client, &task.id).await;
    assert_eq!(status_of(&open), TaskStatus::NeedsAction);
}

async fn cancelling_a_completed_task_is_rejected(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let done = Task { status: Some(TaskStatus::Completed.into()), ..titled("done") };
    let task = create(&mut client, done).await;
    refused(client.cancel_task(cancellation(&task.id)).await, Code::FailedPrecondition, "STATE_INVALID");
    let cancelled = Task { status: Some(TaskStatus::Cancelled.into()), id: task.id, ..Task::default() };
    refused(client.update_task(update(cancelled, &["status"])).await, Code::FailedPrecondition, "STATE_INVALID");
}

async fn setting_the_status_is_the_same_step_as_the_verb(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let task = create(&mut client, titled("both")).await;
    let completed = Task {
        id: task.id.clone(),
        status: Some(TaskStatus::Completed.into()),
        description: Some("and described".to_owned()),
        ..Task::default()
    };
    let done =
        client.update_task(update(completed, &["status", "description"])).await.expect("both at once").into_inner();
    assert_eq!((done.version, done.description()), (2, "and described"));
    assert!(done.completed_time.is_some());
}

async fn reopening_an_open_task_changes_nothing(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let begun = Task { status: Some(TaskStatus::InProgress.into()), ..titled("begun") };
    let task = create(&mut client, begun).await;
    assert_eq!(reopen(&mut client, &task.id).await, settled(task));
}

async fn a_stale_etag_is_refused_with_the_current_one(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let task = create(&mut client, titled("read twice")).await;
    let renamed = Task { id: task.id.clone(), etag: task.etag.clone(), ..titled("renamed") };
    let renamed = client.update_task(update(renamed, &["title"])).await.expect("the etag is fresh").into_inner();
    let mut late = completion(&task.id);
    late.etag = task.etag;
    let status = refused(client.complete_task(late.clone()).await, Code::Aborted, "ETAG_MISMATCH");
    let current = metadata_of(&status, "etag").expect("the current etag");
    assert_eq!(current, renamed.etag);
    late.etag = current;
    client.complete_task(late).await.expect("the etag is fresh");
}
