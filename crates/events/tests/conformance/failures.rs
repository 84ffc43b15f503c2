//! Handlers that crash or cannot go on, and messages that are no events.

use bytes::Bytes;
use mesh_events::Delivery;
use mesh_testkit::eventually;

use crate::harness::{Harness, Recorder, Running, events, publish};

pub(crate) async fn an_event_whose_handler_crashed_comes_again(harness: Harness) {
    let sent = events(3);
    let stuck = Recorder::new();
    stuck.hold(true);
    let consumer = Running::start(&harness.bus(), "reader", &[], &stuck);
    publish(&harness.bus(), &sent).await;
    eventually(async || stuck.calls() > 0).await;
    consumer.crash().await;
    let seen = Recorder::new();
    let consumer = Running::start(&harness.bus(), "reader", &[], &seen);
    seen.has_count(3).await;
    let mut versions: Vec<_> = seen.events().iter().map(|event| event.version).collect();
    versions.sort_unstable();
    assert_eq!(versions, [1, 2, 3]);
    assert!(stuck.ids().is_empty());
    consumer.stop().await;
}

pub(crate) async fn a_paused_consumer_is_told_everything_once_it_can_go_on(harness: Harness) {
    let sent = events(40);
    let seen = Recorder::new();
    seen.pause(true);
    let consumer = Running::start(&harness.bus(), "reader", &[], &seen);
    publish(&harness.bus(), &sent[..20]).await;
    eventually(async || seen.calls() > 2).await;
    publish(&harness.bus(), &sent[20..]).await;
    assert!(seen.ids().is_empty());
    seen.pause(false);
    seen.has_count(40).await;
    let mut told = seen.events();
    told.sort_by_key(|event| event.version);
    assert_eq!(told, sent);
    consumer.stop().await;
}

pub(crate) async fn what_is_no_event_is_delivered_as_foreign_among_good_ones(harness: Harness) {
    let sent = events(2);
    publish(&harness.bus(), &sent[..1]).await;
    harness.intrude("task").await;
    publish(&harness.bus(), &sent[1..]).await;
    let seen = Recorder::new();
    let consumer = Running::start(&harness.bus(), "reader", &["task"], &seen);
    seen.has_count(3).await;
    seen.has(&sent).await;
    let foreign = seen.foreign();
    let [Delivery::Foreign { position, subject, headers, reason, payload }] = foreign.as_slice() else {
        panic!("one is foreign, not {foreign:?}");
    };
    assert_eq!((position.sequence, payload), (2, &Bytes::from_static(b"boo")));
    assert_eq!(position.identity, harness.bus().identity().await.unwrap());
    assert!(subject.ends_with(".0.nowhere.task.appeared"));
    assert_eq!(headers.as_slice(), [("x-origin".to_owned(), "elsewhere".to_owned())]);
    assert_eq!(reason, "header ce-specversion is missing");
    consumer.stop().await;
}
