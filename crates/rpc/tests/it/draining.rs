//! What callers notice of a server that stops.

use mesh_proto::task::v1::WatchTasksRequest;
use mesh_rpc::{ConnectionConfig, ServerConfig};
use mesh_testkit::eventually;
use tonic::Code;
use tonic_types::StatusExt;

use crate::world::{World, asking, reason};

#[tokio::test]
async fn calls_under_way_are_answered_and_endless_streams_end() {
    let mut world = World::new().await;
    let mut client = world.client();
    let mut stream = client.watch_tasks(WatchTasksRequest::default()).await.expect("a stream").into_inner();
    stream.message().await.expect("the first message");

    let (mut waiting, tasks) = (world.client(), world.tasks.clone());
    let call = async move { waiting.create_task(asking("wait")).await };
    let stopping = async {
        eventually(async || tasks.begun() == 1).await;
        world.stop.cancel();
        let ended = stream.message().await.expect_err("its end");
        assert_eq!((ended.code(), reason(&ended).as_str()), (Code::Unavailable, "DEPENDENCY_UNAVAILABLE"));
        assert!(ended.get_details_retry_info().is_some());
        tasks.release.cancel();
    };
    let (answer, ()) = tokio::join!(call, stopping);
    answer.expect("an answer");
    world.serving.join_next().await.expect("it ends").expect("in peace");
    assert_eq!(world.ask("anything").await.expect_err("nobody there").code(), Code::Unavailable);
}

#[tokio::test]
async fn a_call_that_does_not_end_is_dropped_in_the_end() {
    let connections = ConnectionConfig { drain_timeout_ms: 100, ..ConnectionConfig::default() };
    let mut world = World::with(ServerConfig { connections, ..ServerConfig::default() }).await;
    let (mut client, tasks) = (world.client(), world.tasks.clone());
    let call = async move { client.create_task(asking("hang")).await };
    let stopping = async {
        eventually(async || tasks.begun() == 1).await;
        world.stop.cancel();
        world.serving.join_next().await.expect("it ends").expect("in peace");
    };
    let (answer, ()) = tokio::join!(call, stopping);
    answer.expect_err("the connection is gone");
    eventually(async || tasks.dropped() == 1).await;
}
