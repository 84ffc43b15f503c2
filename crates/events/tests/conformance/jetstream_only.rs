//! What only JetStream can get into: a server that comes and goes under those who use it.

use futures::StreamExt;
use mesh_events::{BusError, Filter, NatsConfig, TailFrom};
use mesh_testkit::{NatsServer, eventually};
use tokio::time::Instant;

use crate::harness::{Harness, Needs, Recorder, Running, events, ids, in_time, next, publish};

#[tokio::test]
async fn a_bus_may_be_there_before_its_server() {
    in_time(async {
        let server = NatsServer::stopped();
        let config = server.config();
        let mut harness = Harness::jetstream_with(Some(server), config).await;
        let (bus, sent, seen) = (harness.bus(), events(3), Recorder::new());
        let consumer = Running::start(&bus, "reader", &[], &seen);
        assert!(matches!(bus.publish(&sent).await, Err(BusError::Unavailable(_))));
        assert!(matches!(bus.identity().await, Err(BusError::Unavailable(_))));
        harness.server().resume().await;
        publish(&bus, &sent).await;
        seen.has(&sent).await;
        consumer.stop().await;
    })
    .await;
}

#[tokio::test]
async fn consumers_and_tails_go_on_when_the_server_was_killed() {
    in_time(async {
        let mut harness = Harness::jetstream(Needs::Own).await;
        let (bus, sent, seen) = (harness.bus(), events(20), Recorder::new());
        let mut tail = bus.tail(Filter::default(), TailFrom::Now).await.unwrap();
        let consumer = Running::start(&bus, "reader", &[], &seen);
        publish(&bus, &sent[..10]).await;
        seen.has(&sent[..10]).await;
        let mut shown = next(&mut tail, 10).await;
        harness.kill().await;
        publish(&bus, &sent[10..]).await;
        shown.extend(next(&mut tail, 10).await);
        assert_eq!(shown, ids(&sent), "the tail has no gap and shows nothing twice");
        eventually(async || ids(&sent).iter().all(|id| seen.ids().contains(id))).await;
        consumer.stop().await;
    })
    .await;
}

#[tokio::test]
async fn consumers_recover_and_tails_end_when_the_server_came_back_empty() {
    in_time(async {
        let mut harness = Harness::jetstream(Needs::Own).await;
        let (bus, sent, seen) = (harness.bus(), events(20), Recorder::new());
        let consumer = Running::start(&bus, "reader", &[], &seen);
        publish(&bus, &sent[..10]).await;
        seen.has(&sent[..10]).await;
        let identity = bus.identity().await.unwrap();
        let mut tail = bus.tail(Filter::default(), TailFrom::Now).await.unwrap();
        harness.wipe().await;
        assert!(matches!(tail.next().await, Some(Err(BusError::PositionGone))));
        eventually(async || bus.identity().await.is_ok_and(|now| now != identity)).await;
        publish(&bus, &sent).await;
        seen.has_count(30).await;
        assert_eq!(seen.ids()[10..], ids(&sent));
        consumer.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_was_deleted_is_made_again_by_whoever_needs_it() {
    in_time(async {
        let harness = Harness::jetstream(Needs::Plain).await;
        let (bus, sent, seen) = (harness.bus(), events(4), Recorder::new());
        let consumer = Running::start(&bus, "reader", &[], &seen);
        publish(&bus, &sent[..2]).await;
        seen.has(&sent[..2]).await;
        harness.delete_stream().await;
        publish(&bus, &sent[2..]).await;
        seen.has(&sent).await;
        consumer.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_handler_that_takes_long_is_not_told_again_meanwhile() {
    in_time(async {
        let harness = Harness::jetstream(Needs::Plain).await;
        let (sent, slow, other) = (events(3), Recorder::new(), Recorder::new());
        slow.hold(true);
        let first = Running::start(&harness.bus(), "reader", &[], &slow);
        publish(&harness.bus(), &sent).await;
        eventually(async || slow.calls() > 0).await;
        let second = Running::start(&harness.elsewhere().await, "reader", &[], &other);
        let since = Instant::now();
        eventually(async || since.elapsed() > harness.ack_wait() * 2).await;
        slow.hold(false);
        slow.has(&sent).await;
        assert!(other.ids().is_empty());
        first.stop().await;
        second.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_frozen_server_is_waited_for() {
    in_time(async {
        let server = NatsServer::start().await;
        let config = NatsConfig { request_timeout_ms: 500, ..server.config() };
        let mut harness = Harness::jetstream_with(Some(server), config).await;
        let (bus, sent, seen) = (harness.bus(), events(6), Recorder::new());
        let consumer = Running::start(&bus, "reader", &[], &seen);
        publish(&bus, &sent[..3]).await;
        seen.has(&sent[..3]).await;
        harness.server().freeze();
        assert!(matches!(bus.publish(&sent[3..]).await, Err(BusError::Unavailable(_))));
        harness.server().thaw();
        publish(&bus, &sent[3..]).await;
        seen.has(&sent).await;
        consumer.stop().await;
    })
    .await;
}

#[tokio::test]
async fn what_a_paused_consumer_gave_back_comes_long_before_its_acknowledgement_is_due() {
    in_time(async {
        let config = NatsConfig { ack_wait_ms: 600_000, max_bytes: 16 << 20, ..mesh_testkit::nats() };
        let harness = Harness::jetstream_with(None, config).await;
        let (bus, sent, seen) = (harness.bus(), events(3), Recorder::new());
        seen.pause(true);
        let consumer = Running::start(&bus, "reader", &[], &seen);
        publish(&bus, &sent).await;
        eventually(async || seen.calls() > 1).await;
        seen.pause(false);
        seen.has_count(3).await;
        consumer.stop().await;
    })
    .await;
}
