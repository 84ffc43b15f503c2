//! How many streams one user, one address and all together may have open.

use gateway::http::HttpSettings;
use mesh_proto::task::v1::WatchTasksRequest;
use mesh_testkit::eventually;
use tokio::sync::mpsc;
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::{Code, Status, Streaming};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, ServerReflectionResponse, server_reflection_client::ServerReflectionClient,
};
use tonic_types::StatusExt;

use super::super::world::{World, answered, authorized, reason};

async fn watch_by_grpc(world: &World) -> Result<Streaming<mesh_proto::task::v1::WatchTasksResponse>, Status> {
    let request = authorized(WatchTasksRequest { filter: "forever".to_owned(), ..WatchTasksRequest::default() });
    Ok(world.client().await.watch_tasks(request).await?.into_inner())
}

/// A stream of reflection that goes on while the sender is held.
#[derive(Debug)]
struct Reflection(
    Streaming<ServerReflectionResponse>,
    #[expect(dead_code, reason = "held")] mpsc::Sender<ServerReflectionRequest>,
);

async fn reflect(world: &World) -> Result<Reflection, Status> {
    let (sender, requests) = mpsc::channel(1);
    let mut client = ServerReflectionClient::new(world.channel().await);
    let answers = client.server_reflection_info(ReceiverStream::new(requests)).await?;
    Ok(Reflection(answers.into_inner(), sender))
}

#[tokio::test]
async fn a_users_streams_are_counted_by_all_faces_until_they_end() {
    let world = World::limited(|limits| limits.max_streams_per_user = 2).await;
    let mut events = world.get("/v1/tasks:watch?filter=forever").send().await.expect("it opens");
    assert!(events.chunk().await.expect("no failure").is_some());
    let messages = watch_by_grpc(&world).await.expect("it opens");

    let (status, error) = answered(world.get("/v1/tasks:watch?filter=forever")).await;
    assert_eq!((status, reason(&error)), (429, "RATE_LIMITED"));
    let refused = watch_by_grpc(&world).await.expect_err("too many");
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(refused.get_error_details().retry_info().is_some());
    let other = world.request(reqwest::Method::GET, "/v1/tasks:watch?filter=two").bearer_auth("good-other");
    assert_eq!(other.send().await.expect("an answer").status(), 200);

    drop(messages);
    let again = eventually(async || watch_by_grpc(&world).await).await;
    drop((events, again));
    eventually(async || world.get("/v1/tasks:watch?filter=forever").send().await.expect("an answer").status() == 200)
        .await;
}

#[tokio::test]
async fn an_addresss_streams_are_counted_also_where_no_token_is_needed() {
    let world = World::limited(|limits| limits.max_streams_per_address = 1).await;
    let open = reflect(&world).await.expect("it opens");
    assert_eq!(reflect(&world).await.expect_err("too many").code(), Code::ResourceExhausted);
    assert_eq!(watch_by_grpc(&world).await.expect_err("too many").code(), Code::ResourceExhausted);
    assert_eq!(answered(world.get("/v1/tasks/seven")).await.0, 200, "calls are no streams");
    drop(open);
    eventually(async || reflect(&world).await).await;
}

#[tokio::test]
async fn beyond_what_all_may_open_the_gateway_says_that_it_is_full() {
    let world = World::limited(|limits| limits.max_streams = 1).await;
    let _open = watch_by_grpc(&world).await.expect("it opens");
    let (status, error) = answered(world.get("/v1/tasks:watch?filter=forever")).await;
    assert_eq!((status, reason(&error)), (503, "OVERLOADED"));
}

#[tokio::test]
async fn a_client_that_opens_a_stream_and_sends_nothing_is_not_waited_for_without_end() {
    let mut settings = HttpSettings::default();
    settings.limits.message_timeout_ms = 100;
    let world = World::with(settings).await;
    let mut open = reflect(&world).await.expect("it opens");
    assert!(open.0.next().await.is_none_or(|answer| answer.is_err()), "it ends without an answer");
}
