//! MarkSeen: notifications were shown to a person.

use mesh_proto::notify::v1::{MarkReadRequest, MarkSeenRequest};
use mesh_testkit::{TestDatabase, eventually};
use tonic::Code;

use crate::{
    reminders::{Reminder, fresh_id},
    support::{Client, World, oldest_first, page, refused},
};

mesh_testkit::on_both_databases!(
    all_that_was_not_seen_is_marked,
    only_those_that_are_named_are_marked,
    only_those_that_were_there_then_are_marked,
    one_call_marks_a_thousand_at_most,
    a_repeated_request_gets_the_same_answer,
    what_is_not_ones_own_is_passed_over,
);

async fn mark(client: &mut Client, request: MarkSeenRequest) -> i64 {
    client.mark_seen(request).await.expect("they are marked").into_inner().changed_count
}

async fn fire(world: &World, count: usize) {
    let events: Vec<_> = (0..count).map(|_| Reminder::of(&world.user, "look").fires(2)).collect();
    world.tell(&events).await;
}

async fn all_that_was_not_seen_is_marked(database: TestDatabase) {
    let world = World::on(database).await;
    let gone = Reminder::of(&world.user, "gone");
    world.tell(&[gone.fires(2), gone.is_withdrawn(3)]).await;
    fire(&world, 3).await;
    let all = world.inbox(4).await;
    eventually(async || page(&mut world.client(), oldest_first()).await.notifications.len() == 3).await;
    let mut client = world.client();
    let live = all.iter().find(|it| it.title == "look").expect("one that is told");
    client.mark_read(MarkReadRequest { id: live.id.clone(), ..Default::default() }).await.expect("it is read");
    assert_eq!(mark(&mut client, MarkSeenRequest::default()).await, 2);
    assert_eq!(mark(&mut client, MarkSeenRequest::default()).await, 0);
    let page = page(&mut client, oldest_first()).await;
    assert!(page.notifications.iter().all(|it| it.seen_time.is_some() && it.version == 2));
    assert_eq!((page.unread_count, page.unseen_count), (2, 0));
}

async fn only_those_that_are_named_are_marked(database: TestDatabase) {
    let world = World::on(database).await;
    fire(&world, 3).await;
    let all = world.inbox(3).await;
    let ids = vec![all[0].id.clone(), all[2].id.clone(), all[0].id.clone(), fresh_id().to_string()];
    assert_eq!(mark(&mut world.client(), MarkSeenRequest { ids, ..Default::default() }).await, 2);
    let unseen: Vec<_> = world.inbox(3).await.into_iter().filter(|it| it.seen_time.is_none()).collect();
    assert_eq!(unseen, [all[1].clone()]);
}

async fn only_those_that_were_there_then_are_marked(database: TestDatabase) {
    let world = World::on(database).await;
    fire(&world, 1).await;
    let first = world.the_one(|_| true).await;
    world.clock.advance(std::time::Duration::from_secs(1));
    fire(&world, 1).await;
    world.inbox(2).await;
    let until = MarkSeenRequest { up_to: first.create_time, ..Default::default() };
    assert_eq!(mark(&mut world.client(), until).await, 1);
    let inbox = world.inbox(2).await;
    assert_eq!(inbox.iter().map(|it| it.seen_time.is_some()).collect::<Vec<_>>(), [true, false]);
}

async fn one_call_marks_a_thousand_at_most(database: TestDatabase) {
    let world = World::on(database).await;
    fire(&world, 1_200).await;
    world.inbox(1_200).await;
    let mut client = world.client();
    assert_eq!(page(&mut client, oldest_first()).await.unseen_count, 1_000);
    assert_eq!(mark(&mut client, MarkSeenRequest::default()).await, 1_000);
    assert_eq!(page(&mut client, oldest_first()).await.unseen_count, 200);
    assert_eq!(mark(&mut client, MarkSeenRequest::default()).await, 200);
}

async fn a_repeated_request_gets_the_same_answer(database: TestDatabase) {
    let world = World::on(database).await;
    fire(&world, 2).await;
    world.inbox(2).await;
    let mut client = world.client();
    let request = MarkSeenRequest { request_id: "r1".to_owned(), ..Default::default() };
    for _ in 0..2 {
        assert_eq!(mark(&mut client, request.clone()).await, 2);
    }
    let other = MarkSeenRequest { ids: vec![fresh_id().to_string()], ..request };
    refused(client.mark_seen(other).await, Code::InvalidArgument, "REQUEST_ID_REUSED");
}

async fn what_is_not_ones_own_is_passed_over(database: TestDatabase) {
    let world = World::on(database).await;
    fire(&world, 1).await;
    let mine = world.the_one(|_| true).await;
    let other = mesh_testkit::TestUser::new().member_of(world.user.workspace(), mesh_types::Role::Owner);
    let workspace_id = world.user.workspace().to_string();
    let request = MarkSeenRequest { ids: vec![mine.id.clone()], workspace_id, ..Default::default() };
    assert_eq!(mark(&mut world.client_of(&other), request).await, 0);
    assert_eq!(world.inbox(1).await, [mine]);
}
