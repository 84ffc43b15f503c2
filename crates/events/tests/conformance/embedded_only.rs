//! What only the embedded log can get into.

use std::{sync::Arc, time::Duration};

use mesh_events::{BusError, EmbeddedSettings, Filter, Position, TailFrom};
use mesh_testkit::{FakeClock, eventually};

use crate::harness::{Harness, Needs, Recorder, Running, events, in_time, publish};

const EIGHT_DAYS: Duration = Duration::from_secs(8 * 24 * 3600);

#[tokio::test]
async fn old_events_are_removed_once_every_durable_has_seen_them() {
    in_time(async {
        let clock = FakeClock::default();
        let harness = Harness::embedded_with(EmbeddedSettings::default(), Arc::new(clock.clone())).await;
        let (bus, sent) = (harness.bus(), events(6));
        let start = bus.head().await.unwrap();
        let is_gone = async |place: Position| bus.tail(Filter::default(), TailFrom::After(place)).await.is_err();
        let (seen, late) = (Recorder::new(), Recorder::new());
        late.pause(true);
        let consumers = [Running::start(&bus, "seen", &[], &seen), Running::start(&bus, "late", &[], &late)];
        publish(&bus, &sent[..3]).await;
        seen.has(&sent[..3]).await;
        clock.advance(EIGHT_DAYS);
        publish(&bus, &sent[3..5]).await;
        seen.has(&sent[..5]).await;
        assert!(!is_gone(start.clone()).await, "one durable has not seen them");
        late.pause(false);
        late.has(&sent[..5]).await;
        clock.advance(Duration::from_secs(120));
        publish(&bus, &sent[5..]).await;
        late.has(&sent).await;
        eventually(async || is_gone(start.clone()).await).await;
        assert!(!is_gone(Position { sequence: 3, ..start }).await, "the others are young");
        for consumer in consumers {
            consumer.stop().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_closed_bus_takes_nothing_and_ends_its_consumers_and_tails() {
    in_time(async {
        let mut harness = Harness::embedded(Needs::Plain).await;
        let bus = harness.bus();
        let mut tail = bus.tail(Filter::default(), TailFrom::Now).await.unwrap();
        harness.restart().await;
        assert!(matches!(bus.publish(&events(1)).await, Err(BusError::Unavailable(_))));
        assert!(futures::StreamExt::next(&mut tail).await.is_none());
        assert_eq!(harness.bus().publish(&events(1)).await.unwrap(), 1);
    })
    .await;
}
