//! Attempts to deliver: made until one succeeds or the last one failed, and at least once whatever crashes.

use std::time::Duration;

use mesh_proto::notify::v1::{AttemptOutcome, Channel, ChannelState, Delivery, DeliveryState, RetryDeliveryRequest};
use mesh_testkit::{TestDatabase, TestUser, eventually};
use tonic::Code;

use crate::{
    hooks::{
        create, deliveries, fire, get, retry, the_delivery, the_delivery_in, tried, update, webhook, with_receiver,
        world, world_with,
    },
    receiver::{Receiver, Reply},
    reminders::Reminder,
    support::{World, refused},
};

mesh_testkit::on_both_databases!(
    what_fails_is_tried_again_with_the_same_id,
    what_fails_for_good_is_dead_until_somebody_retries_it,
    what_was_sent_but_not_recorded_is_sent_again_with_the_same_id,
    a_receiver_that_is_gone_suspends_its_channel,
    a_busy_receiver_is_left_alone_for_as_long_as_it_asks,
    a_redirect_is_not_followed,
    a_slow_receiver_holds_up_nobody_else,
    many_slow_receivers_of_one_person_hold_up_nobody_else,
);

/// From when on the next attempt is due, in seconds after the world's clock.
fn due_in(world: &World, delivery: &Delivery) -> i64 {
    use mesh_types::Clock;
    delivery.next_attempt_time.expect("it waits").seconds - world.clock.now().to_parts().0
}

async fn what_fails_is_tried_again_with_the_same_id(database: TestDatabase) {
    let (world, receiver, channel) = with_receiver(database, Reply::Status(500)).await;
    fire(&world, "in the end").await;
    let first = tried(&world, 1).await;
    assert_eq!((first.state(), due_in(&world, &first)), (DeliveryState::Retrying, 5));
    assert_eq!((first.attempts[0].outcome(), first.attempts[0].status_code), (AttemptOutcome::Refused, 500));
    assert_eq!(first.attempts[0].error, "the receiver answered with status 500");
    receiver.answer(Reply::HangUp);
    world.clock.advance(Duration::from_secs(5));
    let second = tried(&world, 2).await;
    assert_eq!((second.attempts[1].outcome(), due_in(&world, &second)), (AttemptOutcome::Unreachable, 300));
    receiver.answer(Reply::Status(200));
    world.clock.advance(Duration::from_secs(299));
    world.clock.advance(Duration::from_secs(1));
    let arrived = the_delivery_in(&world, DeliveryState::Delivered).await;
    let numbers: Vec<_> = arrived.attempts.iter().map(|attempt| attempt.number).collect();
    assert_eq!((arrived.attempt_count, numbers), (3, vec![1, 2, 3]));
    let seen = receiver.requests(3).await;
    assert!(seen.iter().all(|request| request.id() == arrived.id && request.body == seen[0].body));
    assert_ne!(seen[0].header("webhook-timestamp"), seen[2].header("webhook-timestamp"));
    let channel = get(&mut world.client(), &channel.id).await;
    let last = [channel.last_failure_time, channel.last_success_time].map(|time| time.map(|time| time.seconds));
    assert_eq!(last[0].zip(last[1]).map(|(failure, success)| success - failure), Some(300));
    // These are observations, not changes.
    assert_eq!(channel.version, 1);
}

async fn what_fails_for_good_is_dead_until_somebody_retries_it(database: TestDatabase) {
    let world = world_with(database, |config| config.webhooks.retry_seconds = vec![1, 1]).await;
    let receiver = Receiver::answering(Reply::Status(500)).await;
    let mut client = world.client();
    create(&mut client, webhook(&receiver.url())).await;
    fire(&world, "late").await;
    for times in 1..3 {
        tried(&world, times).await;
        world.clock.advance(Duration::from_secs(1));
    }
    let dead = the_delivery_in(&world, DeliveryState::Dead).await;
    assert_eq!((dead.attempt_count, dead.next_attempt_time), (3, None));
    let stale = RetryDeliveryRequest { etag: "1-0".to_owned(), ..retry(&dead.id) };
    refused(client.retry_delivery(stale).await, Code::Aborted, "ETAG_MISMATCH");
    let revived = client.retry_delivery(retry(&dead.id)).await.expect("tried again").into_inner();
    assert_eq!((revived.state(), revived.version), (DeliveryState::Pending, dead.version + 1));
    // The schedule begins anew.
    assert_eq!(tried(&world, 4).await.state(), DeliveryState::Retrying);
    receiver.answer(Reply::Status(200));
    client.retry_delivery(retry(&dead.id)).await.expect("now, and not in a second");
    let arrived = the_delivery_in(&world, DeliveryState::Delivered).await;
    let again = client.retry_delivery(retry(&dead.id)).await.expect("it stays as it is").into_inner();
    assert_eq!(again, arrived);
    assert!(receiver.requests(5).await.iter().all(|request| request.id() == dead.id));
}

/// A service that dies after the receiver took a message and before it could record that.
async fn what_was_sent_but_not_recorded_is_sent_again_with_the_same_id(database: TestDatabase) {
    let receiver = Receiver::answering(Reply::Nothing).await;
    let url = receiver.url();
    let (dying, database, user) = tokio::task::spawn_blocking(move || in_a_runtime_of_its_own(database, &url))
        .await
        .expect("the service runs until it is told to die");
    let first = receiver.requests(1).await;
    dying.shutdown_background();
    receiver.answer(Reply::Status(200));
    let mut world = world(database).await;
    world.user = user;
    fire(&world, "marker").await;
    let marked = receiver.requests(2).await;
    assert_ne!(first[0].id(), marked[1].id());
    // The marker's attempt is recorded, so that its lease is not the one that ends.
    eventually(async || {
        let all = deliveries(&mut world.client()).await;
        all.iter().any(|it| it.state() == DeliveryState::Delivered)
    })
    .await;
    // Well after what an attempt may take, nobody else can be at it any more.
    world.clock.advance(Duration::from_secs(61));
    let seen = receiver.requests(3).await;
    assert_eq!((first[0].id(), &first[0].body), (seen[2].id(), &seen[2].body));
    eventually(async || {
        let all = deliveries(&mut world.client()).await;
        all.len() == 2 && all.iter().all(|it| it.state() == DeliveryState::Delivered && it.attempt_count == 1)
    })
    .await;
}

/// Starts a service, makes a channel to `url`, and lets a reminder fire. The service dies with the runtime.
fn in_a_runtime_of_its_own(database: TestDatabase, url: &str) -> (tokio::runtime::Runtime, TestDatabase, TestUser) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (database, user) = runtime.block_on(async {
        let world = world(database).await;
        create(&mut world.client(), webhook(url)).await;
        fire(&world, "at least once").await;
        the_delivery(&world, |_| true).await;
        let World { database, user, .. } = world;
        (database, user)
    });
    (runtime, database, user)
}

async fn a_receiver_that_is_gone_suspends_its_channel(database: TestDatabase) {
    let (world, receiver, channel) = with_receiver(database, Reply::Status(410)).await;
    let mut client = world.client();
    fire(&world, "to nobody").await;
    let dead = the_delivery_in(&world, DeliveryState::Dead).await;
    assert_eq!((dead.attempt_count, dead.attempts[0].outcome()), (1, AttemptOutcome::Rejected));
    let suspended = get(&mut client, &channel.id).await;
    assert_eq!((suspended.state(), suspended.version), (ChannelState::Suspended, 2));
    assert!(suspended.suspend_reason.contains("410"), "{}", suspended.suspend_reason);
    fire(&world, "to nobody, too").await;
    world.inbox(2).await;
    assert_eq!(deliveries(&mut client).await, std::slice::from_ref(&dead));
    refused(client.retry_delivery(retry(&dead.id)).await, Code::FailedPrecondition, "STATE_INVALID");
    receiver.answer(Reply::Status(200));
    let moved = Channel { id: channel.id.clone(), ..webhook(&format!("{}&new", receiver.url())) };
    let moved = client.update_channel(update(moved, &["webhook.url"])).await.expect("a new URL").into_inner();
    assert_eq!((moved.state(), moved.suspend_reason.as_str()), (ChannelState::Active, ""));
    client.retry_delivery(retry(&dead.id)).await.expect("it is tried again");
    the_delivery_in(&world, DeliveryState::Delivered).await;
}

async fn a_busy_receiver_is_left_alone_for_as_long_as_it_asks(database: TestDatabase) {
    let (world, receiver, _) = with_receiver(database, Reply::With(429, "retry-after", "3600".to_owned())).await;
    fire(&world, "patience").await;
    let first = tried(&world, 1).await;
    assert_eq!((first.attempts[0].outcome(), due_in(&world, &first)), (AttemptOutcome::Refused, 3_600));
    receiver.answer(Reply::With(503, "retry-after", "Thu, 01 Jan 2026 03:00:00 GMT".to_owned()));
    world.clock.advance(Duration::from_secs(3_600));
    assert_eq!(due_in(&world, &tried(&world, 2).await), 7_200);
    receiver.answer(Reply::With(503, "retry-after", "99999999999".to_owned()));
    world.clock.advance(Duration::from_secs(7_200));
    assert_eq!(due_in(&world, &tried(&world, 3).await), 86_400);
    // A wait that is shorter than the schedule's changes nothing.
    receiver.answer(Reply::With(429, "retry-after", "1".to_owned()));
    world.clock.advance(Duration::from_secs(86_400));
    assert_eq!(due_in(&world, &tried(&world, 4).await), 7_200);
}

async fn a_redirect_is_not_followed(database: TestDatabase) {
    let elsewhere = Receiver::answering(Reply::Status(200)).await;
    let (world, receiver, _) = with_receiver(database, Reply::With(307, "location", elsewhere.url())).await;
    fire(&world, "stays here").await;
    let first = tried(&world, 1).await;
    assert_eq!((first.state(), first.attempts[0].status_code), (DeliveryState::Retrying, 307));
    let expected = "the receiver answered with a redirect (307), which is not followed";
    assert_eq!(first.attempts[0].error, expected);
    assert_eq!((receiver.seen().len(), elsewhere.seen().len()), (1, 0));
}

async fn a_slow_receiver_holds_up_nobody_else(database: TestDatabase) {
    let world = world_with(database, |config| {
        config.webhooks.max_in_flight = 4;
        config.webhooks.max_in_flight_per_host = 2;
    })
    .await;
    let slow = Receiver::answering(Reply::Nothing).await;
    create(&mut world.client(), webhook(&slow.url())).await;
    let to_slow: Vec<_> = (0..20).map(|_| Reminder::of(&world.user, "slow").fires(2)).collect();
    world.tell(&to_slow).await;
    slow.requests(2).await;
    let quick = Receiver::at("127.0.0.2:0", Reply::Status(200)).await;
    let other = TestUser::new();
    crate::hooks::create(&mut world.client_of(&other), webhook(&quick.url())).await;
    let to_quick: Vec<_> = (0..10).map(|_| Reminder::of(&other, "quick").fires(2)).collect();
    world.tell(&to_quick).await;
    quick.requests(10).await;
    assert_eq!(slow.seen().len(), 2);
}

async fn many_slow_receivers_of_one_person_hold_up_nobody_else(database: TestDatabase) {
    let world = world_with(database, |config| {
        config.webhooks.max_in_flight = 4;
        config.webhooks.max_in_flight_per_host = 2;
    })
    .await;
    let mut slow = Vec::new();
    for host in 2..6 {
        slow.push(Receiver::at(&format!("127.0.0.{host}:0"), Reply::Nothing).await);
    }
    for receiver in &slow {
        create(&mut world.client(), webhook(&receiver.url())).await;
    }
    let to_slow: Vec<_> = (0..5).map(|_| Reminder::of(&world.user, "slow").fires(2)).collect();
    world.tell(&to_slow).await;
    let under_way = || slow.iter().map(|receiver| receiver.seen().len()).sum::<usize>();
    eventually(async || under_way() == 2).await;
    let (quick, other) = (Receiver::answering(Reply::Status(200)).await, TestUser::new());
    create(&mut world.client_of(&other), webhook(&quick.url())).await;
    let to_quick: Vec<_> = (0..10).map(|_| Reminder::of(&other, "quick").fires(2)).collect();
    world.tell(&to_quick).await;
    quick.requests(10).await;
    assert_eq!(under_way(), 2);
}
