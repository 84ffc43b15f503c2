//! What was published stays, once; who consumed goes on where they were.

use mesh_events::{BusError, MAX_EVENT_BYTES, Position, TailFrom};
use mesh_testkit::eventually;

use crate::harness::{Harness, Recorder, Running, events, large_event, publish};

pub(crate) async fn what_was_published_survives_a_kill(mut harness: Harness) {
    let sent = events(10);
    assert_eq!(harness.bus().publish(&sent).await.unwrap(), 10);
    let identity = harness.bus().identity().await.unwrap();
    harness.kill().await;
    let seen = Recorder::new();
    let consumer = Running::start(&harness.bus(), "reader", &[], &seen);
    seen.has(&sent).await;
    assert_eq!(harness.bus().identity().await.unwrap(), identity);
    consumer.stop().await;
}

pub(crate) async fn a_durable_goes_on_where_it_was_after_a_restart(mut harness: Harness) {
    let sent = events(5);
    let seen = Recorder::new();
    harness.bus().publish(&sent[..3]).await.unwrap();
    let consumer = Running::start(&harness.bus(), "reader", &[], &seen);
    seen.has(&sent[..3]).await;
    consumer.stop().await;
    harness.restart().await;
    let consumer = Running::start(&harness.bus(), "reader", &[], &seen);
    publish(&harness.bus(), &sent[3..]).await;
    seen.has(&sent).await;
    consumer.stop().await;
}

pub(crate) async fn an_id_that_is_published_twice_is_stored_once(harness: Harness) {
    let sent = events(4);
    let twice = [sent[0].clone(), sent[0].clone(), sent[1].clone()];
    assert_eq!(harness.bus().publish(&twice).await.unwrap(), 3);
    assert_eq!(harness.bus().publish(&sent).await.unwrap(), 4);
    let seen = Recorder::new();
    let consumer = Running::start(&harness.bus(), "reader", &[], &seen);
    seen.has(&sent).await;
    consumer.stop().await;
}

pub(crate) async fn what_comes_before_a_refused_event_is_published(harness: Harness) {
    let mut sent = events(3);
    sent[2] = large_event(MAX_EVENT_BYTES);
    assert_eq!(harness.bus().publish(&sent).await.unwrap(), 2);
    assert!(matches!(harness.bus().publish(&sent[2..]).await, Err(BusError::Refused(_))));
    assert_eq!(harness.bus().publish(&[large_event(MAX_EVENT_BYTES - 1024)]).await.unwrap(), 1);
    assert_eq!(harness.bus().head().await.unwrap().sequence, 3);
}

pub(crate) async fn a_wiped_stream_has_another_identity_and_takes_everything_again(mut harness: Harness) {
    let sent = events(5);
    harness.bus().publish(&sent).await.unwrap();
    let seen = Recorder::new();
    let consumer = Running::start(&harness.bus(), "reader", &[], &seen);
    seen.has(&sent).await;
    consumer.stop().await;
    let before = harness.bus().head().await.unwrap();
    harness.wipe().await;
    publish(&harness.bus(), &sent).await;
    assert_ne!(harness.bus().identity().await.unwrap(), before.identity);
    let gone = harness.bus().tail(Default::default(), TailFrom::After(before)).await.err();
    assert!(matches!(gone, Some(BusError::PositionGone)));
    let again = Recorder::new();
    let consumer = Running::start(&harness.bus(), "reader", &[], &again);
    again.has(&sent).await;
    consumer.stop().await;
}

pub(crate) async fn a_stream_that_came_back_without_its_newest_events_tells(mut harness: Harness) {
    let sent = events(10);
    publish(&harness.bus(), &sent[..3]).await;
    let saved = harness.save().await;
    let published = eventually(async || harness.bus().publish_placed(&sent[3..6]).await).await;
    let (place, id) = (published.last.expect("a place"), sent[5].id);
    assert_eq!((published.events, place.sequence), (3, 6));
    assert!(harness.bus().holds(&place, id).await.unwrap());

    harness.go_back(saved).await;
    let holds = async |place: &Position| eventually(async || harness.bus().holds(place, id).await).await;
    assert_eq!(harness.bus().identity().await.unwrap(), place.identity);
    assert!(!holds(&place).await, "its place is after the newest event");
    publish(&harness.bus(), &sent[6..]).await;
    assert!(!holds(&place).await, "another event is in its place");
    publish(&harness.bus(), &sent[3..6]).await;
    assert!(!holds(&place).await, "it is in another place now");
    let head = harness.bus().head().await.unwrap();
    assert!(holds(&head).await);
    let elsewhere = Position { identity: "another".to_owned(), ..head };
    assert!(matches!(harness.bus().holds(&elsewhere, id).await, Err(BusError::PositionGone)));
}
