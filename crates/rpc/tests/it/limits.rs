//! How long calls and streams may go on.

use std::time::Duration;

use mesh_proto::task::v1::WatchTasksRequest;
use mesh_rpc::ServerConfig;
use mesh_testkit::{TestUser, eventually};
use mesh_types::{Clock, SystemClock};
use tonic::{Code, Request};

use crate::world::{World, asking, frame, reason};

#[tokio::test]
async fn work_past_its_deadline_is_dropped() {
    let world = World::new().await;
    let body = frame(&prost::Message::encode_to_vec(&asking("hang")));
    let ended = world.send("/taskmesh.task.v1.TaskService/CreateTask", &[("grpc-timeout", "100m")], body).await;
    assert_eq!((ended.code(), reason(&ended).as_str()), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"));
    assert_eq!((world.tasks.begun(), world.tasks.dropped()), (1, 1));
}

#[tokio::test]
async fn a_call_without_a_deadline_gets_the_server_s() {
    let world = World::with(ServerConfig { default_timeout_ms: 100, ..ServerConfig::default() }).await;
    let ended = world.ask("hang").await.expect_err("an error");
    assert_eq!((ended.code(), reason(&ended).as_str()), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"));
    assert_eq!(world.tasks.dropped(), 1);
}

#[tokio::test]
async fn a_stream_ends_at_its_deadline_too() {
    let world = World::new().await;
    let mut request = Request::new(WatchTasksRequest::default());
    request.set_timeout(Duration::from_millis(200));
    let mut stream = world.client().watch_tasks(request).await.expect("a stream").into_inner();
    stream.message().await.expect("the first message");
    let ended = stream.message().await.expect_err("its end");
    assert_eq!((ended.code(), reason(&ended).as_str()), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"));
    eventually(async || world.tasks.dropped() == 1).await;
}

#[tokio::test]
async fn a_stream_has_no_default_deadline_but_ends_with_its_token() {
    let world = World::with(ServerConfig { default_timeout_ms: 1, ..ServerConfig::default() }).await;
    let user = TestUser::new().expiring(SystemClock.now().plus(Duration::from_millis(2_000)));
    let mut client = world.client_of(&user);
    let mut stream = client.watch_tasks(WatchTasksRequest::default()).await.expect("a stream").into_inner();
    stream.message().await.expect("the first message");
    let ended = stream.message().await.expect_err("its end");
    assert_eq!((ended.code(), reason(&ended).as_str()), (Code::Unauthenticated, "TOKEN_EXPIRED"));
    assert!(SystemClock.now().to_parts().0 >= user.claims.exp);
    eventually(async || world.tasks.dropped() == 1).await;
}

#[tokio::test]
async fn a_caller_that_goes_away_stops_the_work() {
    let world = World::new().await;
    let mut client = world.client();
    let mut call = Box::pin(client.create_task(asking("hang")));
    let begun = eventually(async || world.tasks.begun() == 1);
    tokio::select! {
        _ = &mut call => panic!("it hangs"),
        () = begun => {}
    }
    drop(call);
    eventually(async || world.tasks.dropped() == 1).await;
}
