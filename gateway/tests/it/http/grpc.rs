//! Native gRPC through the edge.

use std::time::{Duration, Instant};

use mesh_proto::task::v1::{
    CreateTaskRequest, GetTaskRequest, ListTasksRequest, Task, WatchTasksRequest,
    task_service_client::TaskServiceClient, watch_tasks_response::Event,
};
use serde_json::Value as Json;
use tonic::Code;
use tonic_types::StatusExt;

use super::world::{World, authorized};

fn create(title: &str) -> CreateTaskRequest {
    let task = Task { title: Some(title.to_owned()), ..Task::default() };
    CreateTaskRequest { task: Some(task), ..CreateTaskRequest::default() }
}

fn get(id: &str) -> GetTaskRequest {
    GetTaskRequest { id: id.to_owned() }
}

fn watch(filter: &str) -> WatchTasksRequest {
    WatchTasksRequest { filter: filter.to_owned(), ..WatchTasksRequest::default() }
}

#[tokio::test]
async fn a_call_is_forwarded_with_the_exchanged_token_and_without_what_would_be_trusted() {
    let world = World::new().await;
    let mut request = authorized(create("milk"));
    for name in ["x-forwarded-for", "x-taskmesh-client-address", "x-mine", "x-request-id"] {
        request.metadata_mut().insert(name, "forged-or-mine".parse().expect("ASCII"));
    }
    let answer = world.client().await.create_task(request).await.expect("it is forwarded");
    assert_eq!(answer.metadata().get("x-request-id").expect("an id"), "forged-or-mine");
    let headers: Json = serde_json::from_str(answer.get_ref().description()).expect("JSON");
    assert_eq!(headers["authorization"], "Bearer exchanged for 127.0.0.1");
    assert_eq!(headers["x-mine"], "forged-or-mine");
    assert_eq!(headers["x-request-id"], "forged-or-mine");
    assert_eq!((&headers["x-forwarded-for"], &headers["x-taskmesh-client-address"]), (&Json::Null, &Json::Null));
    let timeout = headers["grpc-timeout"].as_str().expect("unary calls have a deadline");
    assert!(timeout.ends_with('u') && timeout.len() >= 7, "{timeout}");
}

#[tokio::test]
async fn a_failure_keeps_its_code_message_and_details() {
    let world = World::new().await;
    let status = world.client().await.get_task(authorized(get("missing"))).await.expect_err("it fails");
    assert_eq!((status.code(), status.message()), (Code::NotFound, "no such task"));
    let details = status.get_error_details();
    assert_eq!(details.error_info().expect("a reason").reason, "RESOURCE_NOT_FOUND");
    assert_eq!(details.resource_info().expect("a resource").resource_name, "ü%");
}

#[tokio::test]
async fn without_a_good_token_a_call_ends_at_the_edge() {
    let world = World::new().await;
    let mut client = world.client().await;
    let missing = client.get_task(get("any")).await.expect_err("no token");
    assert_eq!(missing.code(), Code::Unauthenticated);
    assert_eq!(missing.get_error_details().error_info().expect("a reason").reason, "TOKEN_MISSING");
    let mut forged = tonic::Request::new(get("any"));
    forged.metadata_mut().insert("authorization", "Bearer forged".parse().expect("ASCII"));
    let invalid = client.get_task(forged).await.expect_err("a bad token");
    assert_eq!(invalid.get_error_details().error_info().expect("a reason").reason, "TOKEN_INVALID");
}

#[tokio::test]
async fn a_stream_passes_message_by_message_and_ends_with_its_failure() {
    let world = World::new().await;
    let mut messages =
        world.client().await.watch_tasks(authorized(watch("resync"))).await.expect("it opens").into_inner();
    let first = messages.message().await.expect("no failure yet").expect("a message");
    assert!(matches!(first.event, Some(Event::Position(_))));
    assert!(messages.message().await.expect("no failure yet").is_some());
    let status = messages.message().await.expect_err("the failure");
    assert_eq!(status.code(), Code::OutOfRange);
    assert_eq!(status.get_error_details().error_info().expect("a reason").reason, "RESYNC_REQUIRED");
}

#[tokio::test]
async fn a_deadline_ends_a_call_and_a_stream() {
    let world = World::new().await;
    let mut client = world.client().await;
    let started = Instant::now();
    let mut request = authorized(get("never"));
    request.metadata_mut().insert("grpc-timeout", "200m".parse().expect("ASCII"));
    let status = client.get_task(request).await.expect_err("it never answers");
    // tonic's client runs the same clock and may be first; it calls that CANCELLED.
    assert!(matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled), "{status:?}");

    let mut request = authorized(watch("forever"));
    request.metadata_mut().insert("grpc-timeout", "300m".parse().expect("ASCII"));
    let mut messages = client.watch_tasks(request).await.expect("it opens").into_inner();
    let status = loop {
        match messages.message().await {
            Ok(message) => assert!(message.is_some(), "it ended without a status"),
            Err(status) => break status,
        }
    };
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn what_is_not_in_the_contract_is_unimplemented() {
    let world = World::new().await;
    let channel = world.channel().await;
    for path in ["/taskmesh.task.v1.TaskService/Nothing", "/taskmesh.audit.v1.AuditService/ListAuditEvents", "/x.Y/Z"] {
        let mut grpc = tonic::client::Grpc::new(channel.clone());
        grpc.ready().await.expect("connected");
        let codec = tonic_prost::ProstCodec::<ListTasksRequest, Task>::default();
        let path = http::uri::PathAndQuery::from_static(path);
        let status = grpc.unary(authorized(ListTasksRequest::default()), path, codec).await.expect_err("unknown");
        assert_eq!(status.code(), Code::Unimplemented);
        assert_eq!(status.get_error_details().error_info().expect("a reason").reason, "METHOD_UNKNOWN");
    }
}

#[tokio::test]
async fn a_panic_at_the_edge_is_an_internal_error_and_the_connection_lives_on() {
    let world = World::new().await;
    let mut client = world.client().await;
    let mut request = tonic::Request::new(get("any"));
    request.metadata_mut().insert("authorization", "Bearer panic".parse().expect("ASCII"));
    assert_eq!(client.get_task(request).await.expect_err("it panics").code(), Code::Internal);
    assert!(client.get_task(authorized(get("any"))).await.is_ok());
}

#[tokio::test]
async fn when_the_gateway_stops_streams_end_with_unavailable() {
    let mut world = World::new().await;
    let client = world.client().await;
    let mut messages = { client }.watch_tasks(authorized(watch("forever"))).await.expect("it opens").into_inner();
    assert!(messages.message().await.expect("no failure").is_some());
    assert!(messages.message().await.expect("no failure").is_some());
    world.stop.cancel();
    assert_eq!(messages.message().await.expect_err("it ends").code(), Code::Unavailable);
    drop(messages);
    world.tasks.join_next().await.expect("the front ends").expect("without a panic");
}

#[tokio::test]
async fn messages_that_are_too_large_are_refused_at_the_edge() {
    let world = World::new().await;
    let mut client: TaskServiceClient<_> = world.client().await;
    let status = client.create_task(authorized(create(&"x".repeat(5_000_000)))).await.expect_err("too large");
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(status.get_error_details().error_info().expect("a reason").reason, "MESSAGE_TOO_LARGE");
}
