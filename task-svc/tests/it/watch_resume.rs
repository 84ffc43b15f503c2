//! WatchTasks with a resume token: on from where it was, or told to list again.

use mesh_proto::task::v1::{Task, WatchTasksRequest};
use mesh_testkit::{NatsServer, TestBus, TestDatabase, eventually};
use tonic::Code;

use crate::{
    support::{World, create, creation, metadata_of, reason_of, settled, titled, update},
    watch::{change, position, resume, watch},
};

mesh_testkit::on_both_databases!(
    a_resumed_watch_tells_what_was_missed,
    a_resumed_watch_tells_each_task_once_in_its_newest_state,
    a_watch_is_resumed_after_a_restart,
    a_token_older_than_what_is_kept_means_listing_again,
    a_token_of_another_stream_means_listing_again,
    a_token_that_is_none_is_refused,
);

/// Checks that a watch with this token is refused.
async fn refused(world: &World, token: &str, code: Code, reason: &str) {
    let request = WatchTasksRequest { resume_token: token.to_owned(), ..WatchTasksRequest::default() };
    let status = world.client().watch_tasks(request).await.expect_err("a refusal");
    assert_eq!((status.code(), reason_of(&status).as_str()), (code, reason), "{token}");
}

async fn a_resumed_watch_tells_what_was_missed(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let mut stream = watch(&mut client).await;
    position(&mut stream).await;
    create(&mut client, titled("seen")).await;
    let (_, token) = change(&mut stream).await;
    drop(stream);
    let missed = create(&mut client, titled("missed")).await;
    let mut stream = resume(&mut client, &token).await;
    assert_eq!(position(&mut stream).await, token);
    assert_eq!(change(&mut stream).await.0, settled(missed));
    let live = create(&mut client, titled("live again")).await;
    assert_eq!(change(&mut stream).await.0, settled(live));
}

async fn a_resumed_watch_tells_each_task_once_in_its_newest_state(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let mut stream = watch(&mut client).await;
    position(&mut stream).await;
    let first = create(&mut client, titled("first")).await;
    let (_, token) = change(&mut stream).await;
    for title in ["renamed", "renamed again"] {
        let renamed = update(Task { id: first.id.clone(), ..titled(title) }, &["title"]);
        client.update_task(renamed).await.expect("renamed");
    }
    create(&mut client, titled("second")).await;
    // The live stream has come to the end when it has told of the second task.
    while change(&mut stream).await.0.title() != "second" {}
    let mut resumed = resume(&mut client, &token).await;
    position(&mut resumed).await;
    let (one, two) = (change(&mut resumed).await.0, change(&mut resumed).await.0);
    assert_eq!((one.title(), one.version, two.title()), ("renamed again", 3, "second"));
}

async fn a_watch_is_resumed_after_a_restart(database: TestDatabase) {
    let mut world = World::on(database).await;
    let mut stream = watch(&mut world.client()).await;
    position(&mut stream).await;
    create(&mut world.client(), titled("before")).await;
    let (_, token) = change(&mut stream).await;
    let missed = create(&mut world.client(), titled("missed")).await;
    world.restart().await;
    let mut stream = resume(&mut world.client(), &token).await;
    position(&mut stream).await;
    assert_eq!(change(&mut stream).await.0, settled(missed));
}

async fn a_token_older_than_what_is_kept_means_listing_again(database: TestDatabase) {
    let bus = TestBus::embedded().await;
    let world = World::with(database, bus, |config| config.watch.ring_changes = 2).await;
    let mut client = world.client();
    let mut stream = watch(&mut client).await;
    let mut tokens = vec![position(&mut stream).await];
    for _ in 0..4 {
        create(&mut client, titled("pushes others out")).await;
        tokens.push(change(&mut stream).await.1);
    }
    for old in &tokens[..2] {
        refused(&world, old, Code::OutOfRange, "RESYNC_REQUIRED").await;
    }
    let mut resumed = resume(&mut client, &tokens[2]).await;
    position(&mut resumed).await;
    change(&mut resumed).await;
    change(&mut resumed).await;
}

async fn a_token_of_another_stream_means_listing_again(database: TestDatabase) {
    let world = World::with(database, TestBus::embedded().await, |config| config.watch.patience_ms = 50).await;
    let other = World::on(mesh_testkit::sqlite()).await;
    let foreign = position(&mut watch(&mut other.client()).await).await;
    refused(&world, &foreign, Code::OutOfRange, "RESYNC_REQUIRED").await;
    // And one of this stream, but from a time that has not come yet.
    let mut stream = watch(&mut world.client()).await;
    position(&mut stream).await;
    create(&mut world.client(), titled("then")).await;
    let (_, ahead) = change(&mut stream).await;
    let behind = World::with(mesh_testkit::sqlite(), TestBus::embedded().await, |config| config.watch.patience_ms = 50);
    refused(&behind.await, &ahead, Code::OutOfRange, "RESYNC_REQUIRED").await;
}

async fn a_token_that_is_none_is_refused(database: TestDatabase) {
    let world = World::on(database).await;
    let token = position(&mut watch(&mut world.client()).await).await;
    let nul = format!("{token}\0");
    for forged in ["x", "AAAAAAAAAAAAAAAAAAAA", &token[1..], &token[..token.len() - 1], &nul, "💥"] {
        refused(&world, forged, Code::InvalidArgument, "RESUME_TOKEN_INVALID").await;
    }
}

/// The bus loses all it had: whoever watches is told so, and the service goes on.
#[tokio::test]
async fn a_wiped_bus_means_listing_again() {
    let mut nats = NatsServer::start().await;
    let bus = TestBus::on(&nats.config()).await;
    let world = World::with(mesh_testkit::postgres().await, bus, |_| {}).await;
    let mut stream = watch(&mut world.client()).await;
    position(&mut stream).await;
    create(&mut world.client(), titled("before")).await;
    let (_, token) = change(&mut stream).await;
    nats.kill();
    nats.wipe();
    let during = create(&mut world.client(), titled("while it is down")).await;
    nats.resume().await;
    let status = stream.message().await.expect_err("something may have been missed");
    assert_eq!((status.code(), reason_of(&status).as_str()), (Code::OutOfRange, "RESYNC_REQUIRED"));
    assert_eq!(metadata_of(&status, "resume_token"), None);
    refused(&world, &token, Code::OutOfRange, "RESYNC_REQUIRED").await;
    let mut stream = watch(&mut world.client()).await;
    position(&mut stream).await;
    let after = world.client().create_task(creation(titled("after"))).await.expect("created").into_inner();
    let mut told = Vec::new();
    eventually(async || {
        told.push(change(&mut stream).await.0.id);
        told.contains(&after.id)
    })
    .await;
    let listed = crate::support::list_all(&mut world.client(), Default::default()).await;
    assert!(listed.iter().any(|task| task.id == during.id));
}
