//! StreamNotifications: what happens to an inbox is told as it happens.

use std::time::Duration;

use mesh_proto::notify::v1::{StreamNotificationsRequest, stream_notifications_response::Event};
use mesh_testkit::{TestDatabase, TestUser};
use mesh_types::{Clock, Role};
use tonic::Code;

use crate::{
    reminders::Reminder,
    support::{World, created, next, position, reason_of, refused, stream, watching},
};

mesh_testkit::on_both_databases!(
    only_ones_own_notifications_are_told,
    a_stream_tells_of_the_workspaces_it_was_asked_for,
    a_quiet_stream_has_a_heartbeat_that_moves_on,
    a_stream_ends_with_its_token,
    a_filter_is_refused,
);

async fn only_ones_own_notifications_are_told(database: TestDatabase) {
    let world = World::on(database).await;
    let mut mine = watching(&mut world.client()).await;
    // Somebody who shares the workspace has an inbox of their own.
    let other = TestUser::new();
    let shared = Reminder { user: other.id(), ..Reminder::of(&world.user, "not mine") };
    world.tell(&[shared.fires(2), Reminder::of(&world.user, "mine").fires(2)]).await;
    assert_eq!(created(&mut mine).await.0.title, "mine");
}

async fn a_stream_tells_of_the_workspaces_it_was_asked_for(database: TestDatabase) {
    let world = World::on(database).await;
    let elsewhere = TestUser::new().workspace();
    let member = world.user.clone().member_of(elsewhere, Role::Viewer);
    let mut client = world.client_of(&member);
    let mut streams = Vec::new();
    for workspace_id in [String::new(), elsewhere.to_string(), "-".to_owned()] {
        let request = StreamNotificationsRequest { workspace_id, ..Default::default() };
        let mut stream = client.stream_notifications(request).await.expect("the stream begins").into_inner();
        position(&mut stream).await;
        streams.push(stream);
    }
    let there = Reminder { workspace: elsewhere, ..Reminder::of(&world.user, "there") };
    world.tell(&[there.fires(2)]).await;
    assert_eq!(created(&mut streams[2]).await.0.title, "there");
    world.tell(&[Reminder::of(&world.user, "at home").fires(2)]).await;
    assert_eq!(created(&mut streams[0]).await.0.title, "at home");
    assert_eq!(created(&mut streams[1]).await.0.title, "there");
    assert_eq!(created(&mut streams[2]).await.0.title, "at home");
    let foreign = StreamNotificationsRequest { workspace_id: elsewhere.to_string(), ..Default::default() };
    refused(world.client().stream_notifications(foreign).await, Code::NotFound, "RESOURCE_NOT_FOUND");
}

async fn a_quiet_stream_has_a_heartbeat_that_moves_on(database: TestDatabase) {
    let world = World::with(database, |config| config.watch.heartbeat_ms = 20).await;
    let mut quiet = stream(&mut world.client(), "").await;
    let begun = position(&mut quiet).await;
    assert!(matches!(next(&mut quiet).await, (Event::Heartbeat(_), _)));
    world.tell(&[Reminder::of(&TestUser::new(), "elsewhere").fires(2)]).await;
    // What others are told moves the token on, too, so that it stays fresh.
    while next(&mut quiet).await.1 == begun {}
}

async fn a_stream_ends_with_its_token(database: TestDatabase) {
    let world = World::on(database).await;
    let soon = world.clock.now().plus(Duration::from_secs(1));
    let mut stream = watching(&mut world.client_of(&world.user.clone().expiring(soon))).await;
    world.clock.advance(Duration::from_secs(1));
    let status = stream.message().await.expect_err("the token ends");
    assert_eq!((status.code(), reason_of(&status).as_str()), (Code::Unauthenticated, "TOKEN_EXPIRED"));
}

async fn a_filter_is_refused(database: TestDatabase) {
    let world = World::on(database).await;
    let request = StreamNotificationsRequest { filter: "category = REMINDER".to_owned(), ..Default::default() };
    refused(world.client().stream_notifications(request).await, Code::InvalidArgument, "FILTER_INVALID");
}
