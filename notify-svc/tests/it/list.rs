//! ListNotifications: pages, order, counts.

use std::time::Duration;

use mesh_proto::notify::v1::ListNotificationsRequest;
use mesh_testkit::{TestDatabase, eventually};
use tonic::Code;

use crate::{
    reminders::Reminder,
    support::{World, list_all, oldest_first, page, refused},
};

mesh_testkit::on_both_databases!(
    the_newest_come_first,
    pages_neither_repeat_nor_hide,
    every_order_can_be_paged_through,
    a_page_token_is_good_for_its_own_list_only,
    withdrawn_ones_are_listed_when_asked_for,
);

fn in_order(order_by: &str, page_size: i32) -> ListNotificationsRequest {
    ListNotificationsRequest { order_by: order_by.to_owned(), page_size, ..Default::default() }
}

/// Notifications named 0, 1, 2…, a second apart; two in the same second.
async fn a_week(world: &World) {
    for number in 0..7 {
        world.tell(&[Reminder::of(&world.user, &number.to_string()).fires(2 + number % 3)]).await;
        world.inbox(number as usize + 1).await;
        if number != 3 {
            world.clock.advance(Duration::from_secs(1));
        }
    }
}

async fn titles(world: &World, request: ListNotificationsRequest) -> Vec<String> {
    list_all(&mut world.client(), request).await.into_iter().map(|it| it.title).collect()
}

async fn the_newest_come_first(database: TestDatabase) {
    let world = World::on(database).await;
    a_week(&world).await;
    let mut listed = titles(&world, ListNotificationsRequest::default()).await;
    // Of two that came at the same time the id decides.
    listed[2..4].sort();
    assert_eq!(listed, ["6", "5", "3", "4", "2", "1", "0"]);
    let mut turned = titles(&world, oldest_first()).await;
    turned.reverse();
    turned[2..4].sort();
    assert_eq!(turned, listed);
}

async fn pages_neither_repeat_nor_hide(database: TestDatabase) {
    let world = World::on(database).await;
    a_week(&world).await;
    let all = titles(&world, in_order("", 0)).await;
    let mut client = world.client();
    let first = page(&mut client, in_order("", 3)).await;
    world.tell(&[Reminder::of(&world.user, "meanwhile").fires(2)]).await;
    world.inbox(8).await;
    let rest = ListNotificationsRequest { page_token: first.next_page_token, ..in_order("", 3) };
    let rest = list_all(&mut client, rest).await;
    let seen: Vec<String> = first.notifications.into_iter().chain(rest).map(|it| it.title).collect();
    assert_eq!(seen, all);
}

async fn every_order_can_be_paged_through(database: TestDatabase) {
    let world = World::on(database).await;
    a_week(&world).await;
    for order in
        ["create_time", "update_time desc", "event_time", "event_time desc,create_time", "event_time,update_time"]
    {
        let at_once = titles(&world, in_order(order, 0)).await;
        assert_eq!((titles(&world, in_order(order, 2)).await, at_once.len()), (at_once, 7), "{order}");
    }
    let by_event = list_all(&mut world.client(), in_order("event_time,create_time desc", 2)).await;
    let key = |it: &mesh_proto::notify::v1::Notification| {
        (it.event_time.map(|time| time.seconds), std::cmp::Reverse(it.create_time.map(|time| time.seconds)))
    };
    assert!(by_event.is_sorted_by_key(key));
}

async fn a_page_token_is_good_for_its_own_list_only(database: TestDatabase) {
    let world = World::on(database).await;
    a_week(&world).await;
    let mut client = world.client();
    let token = page(&mut client, in_order("", 2)).await.next_page_token;
    let with = |request| ListNotificationsRequest { page_token: token.clone(), ..request };
    let others = [
        in_order("event_time", 2),
        ListNotificationsRequest { show_withdrawn: true, ..in_order("", 2) },
        ListNotificationsRequest { workspace_id: "-".to_owned(), ..in_order("", 2) },
    ];
    for other in others {
        refused(client.list_notifications(with(other)).await, Code::InvalidArgument, "PAGE_TOKEN_INVALID");
    }
    let mut somebody = world.client_of(&mesh_testkit::TestUser::new());
    refused(somebody.list_notifications(with(in_order("", 2))).await, Code::InvalidArgument, "PAGE_TOKEN_INVALID");
}

async fn withdrawn_ones_are_listed_when_asked_for(database: TestDatabase) {
    let world = World::on(database).await;
    let gone = Reminder::of(&world.user, "gone");
    world.tell(&[gone.fires(2), Reminder::of(&world.user, "here").fires(2), gone.is_withdrawn(3)]).await;
    world.inbox(2).await;
    eventually(async || titles(&world, in_order("", 0)).await == ["here"]).await;
    let shown = titles(&world, ListNotificationsRequest { show_withdrawn: true, ..in_order("", 0) }).await;
    assert_eq!(shown.len(), 2);
    let counts = page(&mut world.client(), in_order("", 0)).await;
    assert_eq!((counts.unread_count, counts.unseen_count), (1, 1));
}
