//! StreamNotifications with a resume token: on from where it was, or told to list again.

use std::collections::HashSet;

use mesh_proto::notify::v1::{StreamNotificationsRequest, stream_notifications_response::Event};
use mesh_testkit::TestDatabase;
use tonic::Code;

use crate::{
    reminders::Reminder,
    support::{World, change, created, position, refused, stream, watching},
};

mesh_testkit::on_both_databases!(
    a_resumed_stream_tells_what_was_missed,
    a_stream_is_resumed_after_a_restart_without_gap_or_duplicate,
    a_token_older_than_what_is_kept_means_listing_again,
    a_token_of_another_stream_means_listing_again,
    a_token_that_is_none_is_refused,
);

async fn refuses(world: &World, token: &str, code: Code, reason: &str) {
    let request = StreamNotificationsRequest { resume_token: token.to_owned(), ..Default::default() };
    refused(world.client().stream_notifications(request).await, code, reason);
}

async fn fire(world: &World, title: &str) {
    world.tell(&[Reminder::of(&world.user, title).fires(2)]).await;
}

async fn a_resumed_stream_tells_what_was_missed(database: TestDatabase) {
    let world = World::on(database).await;
    let mut first = watching(&mut world.client()).await;
    let gone = Reminder::of(&world.user, "gone");
    world.tell(&[gone.fires(2)]).await;
    let (told, token) = created(&mut first).await;
    drop(first);
    fire(&world, "missed").await;
    world.inbox(2).await;
    world.tell(&[gone.is_withdrawn(3)]).await;
    let mut again = stream(&mut world.client(), &token).await;
    assert_eq!(position(&mut again).await, token);
    assert_eq!(created(&mut again).await.0.title, "missed");
    let Event::Withdrawn(withdrawn) = change(&mut again).await.0 else { panic!("a withdrawal") };
    assert_eq!(withdrawn.id, told.id);
    fire(&world, "live again").await;
    assert_eq!(created(&mut again).await.0.title, "live again");
}

async fn a_stream_is_resumed_after_a_restart_without_gap_or_duplicate(database: TestDatabase) {
    const EACH: usize = 40;
    let mut world = World::on(database).await;
    let mut told = watching(&mut world.client()).await;
    let events = |world: &World| (0..EACH).map(|_| Reminder::of(&world.user, "counted").fires(2)).collect::<Vec<_>>();
    world.tell(&events(&world)).await;
    let (mut seen, mut token) = (Vec::new(), String::new());
    for _ in 0..EACH / 2 {
        let (one, place) = created(&mut told).await;
        seen.push(one.id);
        token = place;
    }
    world.restart().await;
    world.tell(&events(&world)).await;
    let mut told = stream(&mut world.client(), &token).await;
    position(&mut told).await;
    for _ in 0..EACH * 2 - EACH / 2 {
        seen.push(created(&mut told).await.0.id);
    }
    let all: HashSet<_> = world.inbox(EACH * 2).await.into_iter().map(|it| it.id).collect();
    assert_eq!((seen.len(), seen.into_iter().collect::<HashSet<_>>()), (EACH * 2, all));
}

async fn a_token_older_than_what_is_kept_means_listing_again(database: TestDatabase) {
    let world = World::with(database, |config| config.watch.ring_changes = 2).await;
    let mut told = stream(&mut world.client(), "").await;
    let mut tokens = vec![position(&mut told).await];
    for _ in 0..4 {
        fire(&world, "pushes others out").await;
        tokens.push(created(&mut told).await.1);
    }
    for old in &tokens[..2] {
        refuses(&world, old, Code::OutOfRange, "RESYNC_REQUIRED").await;
    }
    let mut resumed = stream(&mut world.client(), &tokens[2]).await;
    position(&mut resumed).await;
    created(&mut resumed).await;
    created(&mut resumed).await;
}

async fn a_token_of_another_stream_means_listing_again(database: TestDatabase) {
    let world = World::with(database, |config| config.watch.patience_ms = 50).await;
    let other = World::on(mesh_testkit::sqlite()).await;
    let foreign = position(&mut stream(&mut other.client(), "").await).await;
    refuses(&world, &foreign, Code::OutOfRange, "RESYNC_REQUIRED").await;
}

async fn a_token_that_is_none_is_refused(database: TestDatabase) {
    let world = World::on(database).await;
    let token = position(&mut stream(&mut world.client(), "").await).await;
    for forged in ["x", "AAAAAAAAAAAAAAAAAAAA", &token[1..], &token[..token.len() - 1], "💥"] {
        refuses(&world, forged, Code::InvalidArgument, "RESUME_TOKEN_INVALID").await;
    }
}
