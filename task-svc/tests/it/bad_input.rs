//! What no well-meaning client sends: the answer is a clear refusal, never a fault of ours.

use mesh_proto::task::v1::{
    CancelTaskRequest, CompleteTaskRequest, CreateTaskRequest, DeleteTaskRequest, GetTaskRequest, ListTasksRequest,
    ReopenTaskRequest, Task, UndeleteTaskRequest, UpdateTaskRequest,
};
use mesh_testkit::TestDatabase;
use tonic::{Code, Request, Response, Status};

use crate::support::{World, create, creation, metadata_of, reason_of, refused, titled, update, violations};

mesh_testkit::on_both_databases!(
    bad_tasks_are_refused_field_by_field,
    bad_ids_are_refused_by_every_verb,
    nul_is_refused_wherever_text_goes,
    an_empty_request_is_refused,
    text_that_is_no_utf8_is_refused,
    what_a_newer_client_sends_is_ignored,
    bad_lists_are_refused,
    an_etag_that_is_none_matches_nothing,
);

async fn bad_tasks_are_refused_field_by_field(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let id = create(&mut client, titled("good")).await.id;
    let title = || titled("x");
    let cases = [
        (Task::default(), "task.title"),
        (titled(""), "task.title"),
        (titled("\u{a0}\u{2003}"), "task.title"),
        (titled(&"x".repeat(501)), "task.title"),
        (titled("two\nlines"), "task.title"),
        (titled("bell\u{7}"), "task.title"),
        (Task { description: Some("ü".repeat(8193)), ..title() }, "task.description"),
        (Task { status: Some(0), ..title() }, "task.status"),
        (Task { status: Some(31), ..title() }, "task.status"),
        (Task { priority: Some(-1), ..title() }, "task.priority"),
        (Task { priority: Some(i32::MAX), ..title() }, "task.priority"),
        (Task { tags: vec!["t".to_owned(); 51], ..title() }, "task.tags"),
        (Task { tags: vec!["t".repeat(65)], ..title() }, "task.tags[0]"),
        (Task { parent_id: Some(String::new()), ..title() }, "task.parent_id"),
        (Task { parent_id: Some("0190163d8694739baea5966c26f8ad90".to_owned()), ..title() }, "task.parent_id"),
        (Task { list_id: Some("../../etc".to_owned()), ..title() }, "task.list_id"),
        (Task { workspace_id: "mine".to_owned(), ..title() }, "task.workspace_id"),
    ];
    for (task, field) in cases {
        let status = refused(client.create_task(creation(task.clone())).await, Code::InvalidArgument, "FIELDS_INVALID");
        assert_eq!(violations(&status), [field], "create {task:?}");
        if task.title.is_none() || task.workspace_id == "mine" {
            continue;
        }
        let changed = UpdateTaskRequest { task: Some(Task { id: id.clone(), ..task }), ..Default::default() };
        let status = refused(client.update_task(changed.clone()).await, Code::InvalidArgument, "FIELDS_INVALID");
        assert_eq!(violations(&status), [field], "update {changed:?}");
    }
}

async fn bad_ids_are_refused_by_every_verb(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let bad =
        ["", "x", "0190163d8694739baea5966c26f8ad90", "{0190163d-8694-739b-aea5-966c26f8ad90}", "' OR 1=1 --", "\0"];
    for id in bad.map(str::to_owned) {
        let get = client.get_task(GetTaskRequest { id: id.clone() }).await;
        let complete = client.complete_task(CompleteTaskRequest { id: id.clone(), ..Default::default() }).await;
        let reopen = client.reopen_task(ReopenTaskRequest { id: id.clone(), ..Default::default() }).await;
        let cancel = client.cancel_task(CancelTaskRequest { id: id.clone(), ..Default::default() }).await;
        let delete = client.delete_task(DeleteTaskRequest { id: id.clone(), ..Default::default() }).await;
        let undelete = client.undelete_task(UndeleteTaskRequest { id: id.clone(), ..Default::default() }).await;
        for result in [get, complete, reopen, cancel, delete, undelete] {
            assert_eq!(violations(&refused(result, Code::InvalidArgument, "FIELDS_INVALID")), ["id"]);
        }
        let status = client.update_task(update(Task { id, ..titled("x") }, &["title"])).await;
        assert_eq!(violations(&refused(status, Code::InvalidArgument, "FIELDS_INVALID")), ["task.id"]);
    }
}

async fn nul_is_refused_wherever_text_goes(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let task = create(&mut client, titled("good")).await;
    let nul = || "a\0b".to_owned();
    let texts =
        [titled("a\0b"), Task { description: Some(nul()), ..titled("x") }, Task { tags: vec![nul()], ..titled("x") }];
    for text in texts {
        refused(client.create_task(creation(text)).await, Code::InvalidArgument, "FIELDS_INVALID");
    }
    let request = CreateTaskRequest { request_id: nul(), ..creation(titled("x")) };
    let status = refused(client.create_task(request).await, Code::InvalidArgument, "FIELDS_INVALID");
    assert_eq!(violations(&status), ["request_id"]);
    let request = CompleteTaskRequest { id: task.id, etag: nul(), ..Default::default() };
    let status = refused(client.complete_task(request).await, Code::InvalidArgument, "FIELDS_INVALID");
    assert_eq!(violations(&status), ["etag"]);
    let list = ListTasksRequest { page_token: nul(), ..Default::default() };
    refused(client.list_tasks(list).await, Code::InvalidArgument, "PAGE_TOKEN_INVALID");
    let list = ListTasksRequest { order_by: nul(), ..Default::default() };
    refused(client.list_tasks(list).await, Code::InvalidArgument, "ORDER_BY_INVALID");
}

async fn an_empty_request_is_refused(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let created = client.create_task(CreateTaskRequest::default()).await;
    assert_eq!(violations(&refused(created, Code::InvalidArgument, "FIELDS_INVALID")), ["task"]);
    let updated = client.update_task(UpdateTaskRequest::default()).await;
    assert_eq!(violations(&refused(updated, Code::InvalidArgument, "FIELDS_INVALID")), ["task"]);
}

async fn bad_lists_are_refused(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let lists = [
        ListTasksRequest { page_size: i32::MIN, ..Default::default() },
        ListTasksRequest { workspace_id: "--".to_owned(), ..Default::default() },
        ListTasksRequest { page_token: "x".repeat(2049), ..Default::default() },
        ListTasksRequest { order_by: "x".repeat(257), ..Default::default() },
        ListTasksRequest { filter: "x".repeat(2049), ..Default::default() },
    ];
    for list in lists {
        refused(client.list_tasks(list).await, Code::InvalidArgument, "FIELDS_INVALID");
    }
}

async fn an_etag_that_is_none_matches_nothing(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let (task, other) = (create(&mut client, titled("one")).await, create(&mut client, titled("other")).await);
    for etag in ["*", "1", "💥", &other.etag] {
        let request = CompleteTaskRequest { id: task.id.clone(), etag: etag.to_owned(), ..Default::default() };
        let status: Status = client.complete_task(request).await.expect_err("a refusal");
        assert_eq!((status.code(), reason_of(&status).as_str()), (Code::Aborted, "ETAG_MISMATCH"), "{etag}");
        assert_eq!(metadata_of(&status, "etag"), Some(task.etag.clone()));
    }
}

/// A CreateTaskRequest as the wire allows it and the contract does not: any bytes for text, and a field of tomorrow.
#[derive(Clone, PartialEq, prost::Message)]
struct RawRequest {
    #[prost(message, optional, tag = "1")]
    task: Option<RawTask>,
    #[prost(string, tag = "1000")]
    of_tomorrow: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct RawTask {
    #[prost(bytes, optional, tag = "5")]
    title: Option<Vec<u8>>,
}

async fn create_raw(world: &World, title: &[u8]) -> Result<Response<Task>, Status> {
    let mut client = tonic::client::Grpc::new(world.channel());
    client.ready().await.expect("memory is always ready");
    let task = Some(RawTask { title: Some(title.to_vec()) });
    let request = Request::new(RawRequest { task, of_tomorrow: "\0".to_owned() });
    let path = "/taskmesh.task.v1.TaskService/CreateTask".parse().expect("a path");
    client.unary(request, path, tonic_prost::ProstCodec::default()).await
}

async fn text_that_is_no_utf8_is_refused(database: TestDatabase) {
    let world = World::on(database).await;
    for title in [&b"\xff"[..], b"cut off \xf0\x9f\x91", b"a surrogate \xed\xa0\x80"] {
        refused(create_raw(&world, title).await, Code::InvalidArgument, "MALFORMED");
    }
}

async fn what_a_newer_client_sends_is_ignored(database: TestDatabase) {
    let world = World::on(database).await;
    assert_eq!(create_raw(&world, b"fine").await.expect("created").into_inner().title(), "fine");
}
