//! DeleteTask and UndeleteTask.

use mesh_proto::task::v1::{DeleteTaskRequest, ListTasksRequest, Task, UndeleteTaskRequest};
use mesh_testkit::TestDatabase;
use tonic::Code;

use crate::support::{World, completion, create, delete, get, list_all, refused, settled, titled, update};

mesh_testkit::on_both_databases!(
    a_deleted_task_can_be_read_and_restored_as_it_was,
    a_deleted_task_refuses_changes,
    deleting_twice_changes_nothing,
    restoring_what_is_not_deleted_changes_nothing,
    deleted_tasks_are_listed_on_request_only,
    deleting_with_a_stale_etag_is_refused,
);

fn restoration(id: &str) -> UndeleteTaskRequest {
    UndeleteTaskRequest { id: id.to_owned(), ..UndeleteTaskRequest::default() }
}

async fn a_deleted_task_can_be_read_and_restored_as_it_was(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let task = create(&mut client, titled("oops")).await;
    let deleted = delete(&mut client, &task.id).await;
    assert_eq!((deleted.version, deleted.delete_time), (2, deleted.update_time));
    assert_eq!(get(&mut client, &task.id).await, settled(deleted));
    let restored = client.undelete_task(restoration(&task.id)).await.expect("it is restored").into_inner();
    let Task { version, etag, update_time, change_id, .. } = restored.clone();
    assert_eq!(restored, Task { version, etag, update_time, change_id, ..task });
    assert_eq!(version, 3);
}

async fn a_deleted_task_refuses_changes(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let task = create(&mut client, titled("gone")).await;
    delete(&mut client, &task.id).await;
    refused(client.complete_task(completion(&task.id)).await, Code::FailedPrecondition, "RESOURCE_DELETED");
    let renamed = update(Task { id: task.id, ..titled("renamed") }, &["title"]);
    refused(client.update_task(renamed).await, Code::FailedPrecondition, "RESOURCE_DELETED");
}

async fn deleting_twice_changes_nothing(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let task = create(&mut client, titled("gone")).await;
    let deleted = delete(&mut client, &task.id).await;
    assert_eq!(delete(&mut client, &task.id).await, settled(deleted));
}

async fn restoring_what_is_not_deleted_changes_nothing(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let task = create(&mut client, titled("here")).await;
    let restored = client.undelete_task(restoration(&task.id)).await.expect("it is here").into_inner();
    assert_eq!(restored, settled(task));
}

async fn deleted_tasks_are_listed_on_request_only(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let (here, gone) = (create(&mut client, titled("here")).await, create(&mut client, titled("gone")).await);
    delete(&mut client, &gone.id).await;
    let listed = list_all(&mut client, ListTasksRequest::default()).await;
    assert_eq!(listed.iter().map(|task| &task.id).collect::<Vec<_>>(), [&here.id]);
    let all = ListTasksRequest { show_deleted: true, ..ListTasksRequest::default() };
    assert_eq!(list_all(&mut client, all).await.len(), 2);
}

async fn deleting_with_a_stale_etag_is_refused(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let task = create(&mut client, titled("changed")).await;
    client.complete_task(completion(&task.id)).await.expect("it is completed");
    let request = DeleteTaskRequest { id: task.id, etag: task.etag, ..DeleteTaskRequest::default() };
    refused(client.delete_task(request).await, Code::Aborted, "ETAG_MISMATCH");
}
