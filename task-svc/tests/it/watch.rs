//! WatchTasks: what happens is told as it happens.

use std::collections::HashSet;

use mesh_proto::task::v1::{Task, WatchTasksRequest, WatchTasksResponse, watch_tasks_response::Event};
use mesh_testkit::{TestBus, TestDatabase, TestUser};
use mesh_types::{Clock, SystemClock};
use tonic::{Code, Streaming};

use crate::support::{Client, World, completion, create, delete, metadata_of, reason_of, settled, titled, update};

mesh_testkit::on_both_databases!(
    every_change_is_told_to_whoever_may_see_it,
    anothers_changes_are_not_told,
    a_quiet_watch_has_a_heartbeat_that_moves_on,
    a_watch_ends_with_its_token,
    a_filter_is_refused,
);

/// Watches, from now on, the caller's personal workspace.
pub(crate) async fn watch(client: &mut Client) -> Streaming<WatchTasksResponse> {
    resume(client, "").await
}

/// Watches from right after a token on.
pub(crate) async fn resume(client: &mut Client, token: &str) -> Streaming<WatchTasksResponse> {
    let request = WatchTasksRequest { resume_token: token.to_owned(), ..WatchTasksRequest::default() };
    client.watch_tasks(request).await.expect("the watch begins").into_inner()
}

/// The next message, with its token.
pub(crate) async fn next(stream: &mut Streaming<WatchTasksResponse>) -> (Event, String) {
    let message = stream.message().await.expect("the watch goes on").expect("the watch goes on");
    (message.event.expect("a message says something"), message.resume_token)
}

/// The first message, which says where the stream stands.
pub(crate) async fn position(stream: &mut Streaming<WatchTasksResponse>) -> String {
    match next(stream).await {
        (Event::Position(_), token) => token,
        (other, _) => panic!("a position comes first, not {other:?}"),
    }
}

/// The next change, whatever heartbeats come before.
pub(crate) async fn change(stream: &mut Streaming<WatchTasksResponse>) -> (Task, String) {
    loop {
        match next(stream).await {
            (Event::Changed(change), token) => return (change.task.expect("a change has its task"), token),
            (Event::Heartbeat(_), _) => {}
            (other, _) => panic!("a change, not {other:?}"),
        }
    }
}

async fn every_change_is_told_to_whoever_may_see_it(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let mut stream = watch(&mut client).await;
    position(&mut stream).await;
    let task = create(&mut client, titled("seen")).await;
    assert_eq!(change(&mut stream).await.0, settled(task.clone()));
    let renamed = update(Task { id: task.id.clone(), ..titled("seen again") }, &["title"]);
    let renamed = client.update_task(renamed).await.expect("renamed").into_inner();
    assert_eq!(change(&mut stream).await.0, settled(renamed));
    client.complete_task(completion(&task.id)).await.expect("completed");
    assert!(change(&mut stream).await.0.completed_time.is_some());
    delete(&mut client, &task.id).await;
    assert!(change(&mut stream).await.0.delete_time.is_some());
}

async fn anothers_changes_are_not_told(database: TestDatabase) {
    let world = World::on(database).await;
    let mut mine = watch(&mut world.client()).await;
    position(&mut mine).await;
    create(&mut world.client_of(&TestUser::new()), titled("not mine")).await;
    create(&mut world.client(), titled("mine")).await;
    assert_eq!(change(&mut mine).await.0.title(), "mine");
}

async fn a_quiet_watch_has_a_heartbeat_that_moves_on(database: TestDatabase) {
    let bus = TestBus::embedded().await;
    let world = World::with(database, bus, |config| config.watch.heartbeat_ms = 20).await;
    let mut stream = watch(&mut world.client()).await;
    let begun = position(&mut stream).await;
    assert!(matches!(next(&mut stream).await, (Event::Heartbeat(_), _)));
    create(&mut world.client_of(&TestUser::new()), titled("elsewhere")).await;
    // What happens in other workspaces moves the token on, too, so that it stays fresh.
    while next(&mut stream).await.1 == begun {}
}

async fn a_watch_ends_with_its_token(database: TestDatabase) {
    let world = World::on(database).await;
    let soon = world.user.clone().expiring(SystemClock.now().plus(std::time::Duration::from_secs(5)));
    let mut stream = watch(&mut world.client_of(&soon)).await;
    position(&mut stream).await;
    let status = stream.message().await.expect_err("the token ends");
    assert_eq!((status.code(), reason_of(&status).as_str()), (Code::Unauthenticated, "TOKEN_EXPIRED"));
}

async fn a_filter_is_refused(database: TestDatabase) {
    let world = World::on(database).await;
    let request = WatchTasksRequest { filter: "due:*".to_owned(), ..WatchTasksRequest::default() };
    let status = world.client().watch_tasks(request).await.expect_err("no filters yet");
    assert_eq!((status.code(), reason_of(&status).as_str()), (Code::InvalidArgument, "FILTER_INVALID"));
}

/// A reader that reads nothing is closed, not buffered for without end; it learns where to go on, and misses nothing.
#[tokio::test]
async fn a_reader_that_does_not_read_is_closed_with_its_last_token() {
    let database = mesh_testkit::sqlite();
    let world = World::with(database, TestBus::embedded().await, |config| config.watch.queue_tasks = 4).await;
    let mut client = world.client();
    let mut stream = watch(&mut client).await;
    let mut last = position(&mut stream).await;
    // More than the connection's window holds.
    let large = Task { description: Some("x".repeat(16 * 1024)), ..titled("large") };
    let mut missing = HashSet::new();
    for _ in 0..40 {
        missing.insert(create(&mut client, large.clone()).await.id);
    }
    let mut closed = 0;
    while !missing.is_empty() {
        match stream.message().await {
            Ok(message) => {
                let message = message.expect("it ends with a status");
                last = message.resume_token;
                if let Some(Event::Changed(change)) = message.event {
                    missing.remove(&change.task.expect("a change has its task").id);
                }
            }
            Err(status) => {
                assert_eq!((status.code(), reason_of(&status).as_str()), (Code::ResourceExhausted, "RATE_LIMITED"));
                assert_eq!(metadata_of(&status, "resume_token"), Some(last.clone()));
                (stream, closed) = (resume(&mut client, &last).await, closed + 1);
            }
        }
    }
    assert!(closed > 0, "nobody reads 640 KB without reading");
}
