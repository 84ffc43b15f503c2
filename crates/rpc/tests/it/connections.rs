//! What connections may and may not do.

use std::time::Duration;

use http::StatusCode;
use mesh_proto::task::v1::{WatchTasksRequest, task_service_client::TaskServiceClient};
use mesh_rpc::{ConnectionConfig, Listener, ServerConfig, Upstream, UpstreamConfig};
use mesh_testkit::{TestTokens, TestUser, eventually};
use tokio::{io::AsyncReadExt, net::TcpStream, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tonic::{Code, body::Body};
use tower::ServiceExt;

use crate::world::{Tasks, World, asking, server};

/// Serves on `listener` until the token is cancelled.
fn serve(listener: Listener, tokens: &TestTokens) -> (CancellationToken, JoinSet<()>) {
    let connections = ConnectionConfig { patience_ms: 100, ..ConnectionConfig::default() };
    let config = ServerConfig { connections, ..ServerConfig::default() };
    let (stop, mut serving) = (CancellationToken::new(), JoinSet::new());
    serving.spawn(server(config, tokens, Tasks::default()).serve(listener, stop.clone()));
    (stop, serving)
}

#[tokio::test]
async fn whoever_connects_and_stays_silent_is_let_go() {
    let listener = Listener::bind(([127, 0, 0, 1], 0).into()).await.expect("a free port");
    let address = listener.address().expect("its address");
    let _server = serve(listener, &TestTokens::new());
    let mut silent = TcpStream::connect(address).await.expect("connected");
    assert_eq!(silent.read(&mut [0; 16]).await.expect("an orderly end"), 0);
}

#[tokio::test]
async fn a_channel_finds_a_server_that_was_started_again() {
    let tokens = TestTokens::new();
    let listener = Listener::bind(([127, 0, 0, 1], 0).into()).await.expect("a free port");
    let address = listener.address().expect("its address");
    let (stop, mut serving) = serve(listener, &tokens);
    let uri = format!("http://{address}");
    let channel =
        Upstream::Remote(UpstreamConfig { uri, ..UpstreamConfig::default() }).channel("tasks").expect("a channel");
    let mut client = TaskServiceClient::with_interceptor(channel, tokens.bearer(&TestUser::new()));
    client.create_task(asking("anything")).await.expect("an answer");

    stop.cancel();
    serving.join_next().await.expect("it ends").expect("in peace");
    let gone = client.create_task(asking("anything")).await.expect_err("nobody there");
    assert_eq!(gone.code(), Code::Unavailable);

    let _server = serve(Listener::bind(address).await.expect("the same port"), &tokens);
    eventually(async || client.create_task(asking("anything")).await).await;
}

#[tokio::test]
async fn headers_that_are_too_large_are_refused() {
    let world = World::new().await;
    let request = http::Request::post("http://memory/taskmesh.task.v1.TaskService/CreateTask")
        .header("content-type", "application/grpc")
        .header("x-large", "x".repeat(40_000));
    let request = request.body(Body::empty()).expect("a request");
    let answer = world.channel.clone().oneshot(request).await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
}

#[tokio::test]
async fn a_channel_does_not_wait_for_ever_and_the_server_stops_working() {
    let world = World::over_tcp_with(UpstreamConfig { timeout_ms: 100, ..UpstreamConfig::default() }).await;
    let gave_up = tokio::time::timeout(Duration::from_secs(5), world.ask("hang")).await.expect("in time");
    gave_up.expect_err("no answer");
    eventually(async || world.tasks.dropped() == 1).await;
}

#[tokio::test]
async fn streams_that_nobody_reads_do_not_hold_up_other_calls() {
    let world = World::new().await;
    let (mut client, mut unread) = (world.client(), Vec::new());
    for _ in 0..300 {
        let watching = WatchTasksRequest { filter: "flood".to_owned(), ..WatchTasksRequest::default() };
        unread.push(client.watch_tasks(watching).await.expect("a stream"));
    }
    assert_eq!(world.ask("much").await.expect("an answer").etag.len(), 3 * 1024 * 1024);
}
