//! Deliveries: one for each notification and channel, as long as it is wanted.

use std::time::Duration;

use mesh_proto::{
    event::v1::DeliveryChanged,
    notify::v1::{
        AttemptOutcome, Channel, DeleteChannelRequest, DeliveryState, ListDeliveriesRequest, RetryDeliveryRequest,
    },
};
use mesh_testkit::{TestDatabase, TestUser, eventually};
use prost::Message;
use tonic::Code;

use crate::{
    hooks::{create, deliveries, fire, get, retry, the_delivery_in, told, tried, update, webhook, with_receiver},
    receiver::{Receiver, Reply},
    reminders::{Reminder, again, fresh_id},
    support::refused,
};

mesh_testkit::on_both_databases!(
    every_channel_that_is_on_gets_every_notification_once,
    a_reminder_that_names_channels_goes_to_these_alone,
    a_reminder_told_twice_is_delivered_once,
    what_is_withdrawn_before_it_was_sent_is_cancelled,
    deleting_a_channel_cancels_what_waits_for_it,
    a_channel_that_is_off_gets_nothing,
    two_replicas_send_everything_once,
    deliveries_are_each_persons_own,
    pages_follow_one_another,
    a_retry_with_the_same_request_id_is_one_retry,
    every_change_is_told,
);

async fn every_channel_that_is_on_gets_every_notification_once(database: TestDatabase) {
    let (world, one, channel) = with_receiver(database, Reply::Status(200)).await;
    let other = Receiver::answering(Reply::Status(202)).await;
    create(&mut world.client(), webhook(&other.url())).await;
    for title in ["first", "second", "third"] {
        fire(&world, title).await;
    }
    one.requests(3).await;
    other.requests(3).await;
    let all = eventually(async || {
        let all = deliveries(&mut world.client()).await;
        if all.iter().all(|it| it.state() == DeliveryState::Delivered) { Ok(all) } else { Err(all) }
    })
    .await;
    assert_eq!(all.len(), 6);
    for delivery in all {
        assert_eq!((delivery.version, delivery.attempt_count, delivery.attempts.len()), (2, 1, 1));
        assert_eq!(delivery.attempts[0].outcome(), AttemptOutcome::Delivered);
        assert!(delivery.next_attempt_time.is_none() && delivery.deliver_time.is_some());
    }
    assert!(get(&mut world.client(), &channel.id).await.last_success_time.is_some());
}

async fn a_reminder_that_names_channels_goes_to_these_alone(database: TestDatabase) {
    let (world, named, channel) = with_receiver(database, Reply::Status(200)).await;
    let other = Receiver::answering(Reply::Status(200)).await;
    let mut client = world.client();
    create(&mut client, webhook(&other.url())).await;
    let off = create(&mut client, Channel { enabled: Some(false), ..webhook(&other.url()) }).await;
    let foreign = create(&mut world.client_of(&TestUser::new()), webhook(&other.url())).await;
    let of_no_use = vec![off.id, foreign.id, fresh_id().to_string(), "nonsense".to_owned()];
    let nowhere = Reminder { channels: of_no_use.clone(), ..Reminder::of(&world.user, "inbox only") };
    let somewhere =
        Reminder { channels: [of_no_use, vec![channel.id.clone()]].concat(), ..Reminder::of(&world.user, "one") };
    world.tell(&[nowhere.fires(2), somewhere.fires(2)]).await;
    // Told after them, to both.
    fire(&world, "everywhere").await;
    world.inbox(3).await;
    named.requests(2).await;
    other.requests(1).await;
    let all = deliveries(&mut client).await;
    assert_eq!(all.iter().filter(|delivery| delivery.channel_id == channel.id).count(), 2);
    assert_eq!(all.len(), 3, "{all:?}");
}

async fn a_reminder_told_twice_is_delivered_once(database: TestDatabase) {
    let (world, receiver, _) = with_receiver(database, Reply::Status(200)).await;
    let fires = Reminder::of(&world.user, "once").fires(2);
    world.tell(&[fires.clone(), again(&fires)]).await;
    the_delivery_in(&world, DeliveryState::Delivered).await;
    world.tell(&[again(&fires)]).await;
    fire(&world, "marker").await;
    let seen = receiver.requests(2).await;
    assert_ne!(seen[0].id(), seen[1].id());
    assert_eq!(deliveries(&mut world.client()).await.len(), 2);
}

async fn what_is_withdrawn_before_it_was_sent_is_cancelled(database: TestDatabase) {
    let (world, receiver, _) = with_receiver(database, Reply::Status(500)).await;
    let reminder = fire(&world, "done meanwhile").await;
    tried(&world, 1).await;
    world.tell(&[reminder.is_withdrawn(3)]).await;
    let cancelled = the_delivery_in(&world, DeliveryState::Cancelled).await;
    assert_eq!((cancelled.next_attempt_time, cancelled.attempt_count), (None, 1));
    refused(world.client().retry_delivery(retry(&cancelled.id)).await, Code::FailedPrecondition, "STATE_INVALID");
    // One that was withdrawn before it came is not delivered at all.
    let void = Reminder::of(&world.user, "void");
    world.tell(&[void.is_withdrawn(3), void.fires(2)]).await;
    world.clock.advance(Duration::from_secs(86_400));
    world.inbox(2).await;
    assert_eq!(deliveries(&mut world.client()).await, std::slice::from_ref(&cancelled));
    // What has waited longest goes first: it would be sent before these.
    for (count, title) in [(2, "marker"), (3, "another marker")] {
        fire(&world, title).await;
        receiver.requests(count).await;
    }
    assert_eq!(receiver.seen().iter().filter(|request| request.id() == cancelled.id).count(), 1);
}

async fn deleting_a_channel_cancels_what_waits_for_it(database: TestDatabase) {
    let (world, receiver, channel) = with_receiver(database, Reply::Status(500)).await;
    let mut client = world.client();
    for title in ["one", "two", "three"] {
        fire(&world, title).await;
    }
    receiver.requests(3).await;
    eventually(async || deliveries(&mut world.client()).await.iter().all(|it| it.attempt_count == 1)).await;
    let request = DeleteChannelRequest { id: channel.id, ..DeleteChannelRequest::default() };
    client.delete_channel(request).await.expect("deleted");
    let all = deliveries(&mut client).await;
    assert_eq!(all.len(), 3);
    assert!(all.iter().all(|it| it.state() == DeliveryState::Cancelled && it.version == 3), "{all:?}");
    refused(client.retry_delivery(retry(&all[0].id)).await, Code::FailedPrecondition, "STATE_INVALID");
    world.clock.advance(Duration::from_secs(86_400));
    fire(&world, "nowhere").await;
    world.inbox(4).await;
    assert_eq!(deliveries(&mut client).await.len(), 3);
    // What has waited longest goes first: it would be sent before these.
    let other = Receiver::answering(Reply::Status(200)).await;
    create(&mut client, webhook(&other.url())).await;
    for (count, title) in [(1, "marker"), (2, "another marker")] {
        fire(&world, title).await;
        other.requests(count).await;
    }
    assert_eq!(receiver.seen().len(), 3);
}

async fn a_channel_that_is_off_gets_nothing(database: TestDatabase) {
    let (world, receiver, channel) = with_receiver(database, Reply::Status(500)).await;
    let mut client = world.client();
    fire(&world, "waits").await;
    tried(&world, 1).await;
    let off = Channel { id: channel.id, enabled: Some(false), ..Channel::default() };
    client.update_channel(update(off, &["enabled"])).await.expect("turned off");
    fire(&world, "not planned").await;
    world.inbox(2).await;
    world.clock.advance(Duration::from_secs(5));
    let cancelled = the_delivery_in(&world, DeliveryState::Cancelled).await;
    assert_eq!(receiver.seen().len(), 1);
    // Turned on again, it is sent at once: whoever cancelled it does not hold it.
    receiver.answer(Reply::Status(200));
    let on = Channel { id: cancelled.channel_id.clone(), enabled: Some(true), ..Channel::default() };
    client.update_channel(update(on, &["enabled"])).await.expect("turned on");
    client.retry_delivery(retry(&cancelled.id)).await.expect("wanted again");
    the_delivery_in(&world, DeliveryState::Delivered).await;
}

async fn two_replicas_send_everything_once(database: TestDatabase) {
    let (world, receiver, _) = with_receiver(database, Reply::Status(200)).await;
    let (lifecycle, _served) = world.replica().await;
    let events: Vec<_> = (0..60).map(|_| Reminder::of(&world.user, "shared").fires(2)).collect();
    world.tell(&events).await;
    eventually(async || {
        let all = deliveries(&mut world.client()).await;
        all.len() == 60 && all.iter().all(|it| it.state() == DeliveryState::Delivered)
    })
    .await;
    let ids: std::collections::HashSet<_> = receiver.requests(60).await.iter().map(|request| request.id()).collect();
    assert_eq!(ids.len(), 60);
    lifecycle.shutdown().await.expect("it stops in order");
}

async fn deliveries_are_each_persons_own(database: TestDatabase) {
    let (world, _receiver, _) = with_receiver(database, Reply::Status(200)).await;
    fire(&world, "mine").await;
    let mine = the_delivery_in(&world, DeliveryState::Delivered).await;
    let colleague = TestUser::new().member_of(world.user.workspace(), mesh_types::Role::Owner);
    for other in [TestUser::new(), colleague] {
        let mut client = world.client_of(&other);
        let all = ListDeliveriesRequest { workspace_id: "-".to_owned(), ..ListDeliveriesRequest::default() };
        assert!(client.list_deliveries(all).await.expect("a page").into_inner().deliveries.is_empty());
        refused(client.retry_delivery(retry(&mine.id)).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    }
}

async fn pages_follow_one_another(database: TestDatabase) {
    let (world, receiver, _) = with_receiver(database, Reply::Status(200)).await;
    for count in 1..6 {
        fire(&world, "one of five").await;
        receiver.requests(count).await;
    }
    let mut client = world.client();
    eventually(async || deliveries(&mut world.client()).await.iter().all(|it| it.attempt_count == 1)).await;
    let all = deliveries(&mut client).await;
    let mut request = ListDeliveriesRequest { page_size: 2, ..ListDeliveriesRequest::default() };
    let mut listed = Vec::new();
    loop {
        let page = client.list_deliveries(request.clone()).await.expect("a page").into_inner();
        listed.extend(page.deliveries);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!((listed.len(), listed), (5, all));
    let other = ListDeliveriesRequest { workspace_id: "-".to_owned(), ..request };
    refused(client.list_deliveries(other).await, Code::InvalidArgument, "PAGE_TOKEN_INVALID");
    let filter = ListDeliveriesRequest { filter: "state=DEAD".to_owned(), ..ListDeliveriesRequest::default() };
    refused(client.list_deliveries(filter).await, Code::InvalidArgument, "FILTER_INVALID");
}

async fn a_retry_with_the_same_request_id_is_one_retry(database: TestDatabase) {
    let (world, receiver, _) = with_receiver(database, Reply::Status(500)).await;
    let mut client = world.client();
    fire(&world, "again").await;
    let first = tried(&world, 1).await;
    let once = RetryDeliveryRequest { request_id: "r1".to_owned(), ..retry(&first.id) };
    let retried = client.retry_delivery(once.clone()).await.expect("retried").into_inner();
    tried(&world, 2).await;
    assert_eq!(client.retry_delivery(once).await.expect("retried before").into_inner(), retried);
    assert_eq!(receiver.requests(2).await.len(), 2);
}

async fn every_change_is_told(database: TestDatabase) {
    let (world, receiver, _) = with_receiver(database, Reply::Status(500)).await;
    fire(&world, "told").await;
    let failed = tried(&world, 1).await;
    receiver.answer(Reply::Status(200));
    world.client().retry_delivery(retry(&failed.id)).await.expect("retried");
    let arrived = the_delivery_in(&world, DeliveryState::Delivered).await;
    let events = told(&world, "delivery").await;
    let verbs: Vec<_> = events.iter().map(|event| (event.verb.as_str(), event.version)).collect();
    assert_eq!(verbs, [("created", 1), ("failed", 2), ("retried", 3), ("delivered", 4)]);
    let services: Vec<_> = events.iter().map(|event| event.actor.service.clone().unwrap_or_default()).collect();
    assert_eq!(services, ["notify-svc", "notify-svc", "", "notify-svc"]);
    assert!(events.iter().all(|event| event.actor.user_id == world.user.id()));
    let body = |index: usize| DeliveryChanged::decode(events[index].payload.clone()).expect("a DeliveryChanged");
    assert_eq!((body(1).after, body(3).after), (Some(failed), Some(arrived)));
    let paths = ["state", "next_attempt_time", "attempt_count", "attempts"];
    assert_eq!(body(1).changed.unwrap_or_default().paths, paths);
    assert_eq!(body(1).before.expect("a state before").state(), DeliveryState::Pending);
}
