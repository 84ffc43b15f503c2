//! A bus that is nearly full.

use mesh_events::BusError;
use mesh_testkit::eventually;

use crate::harness::{Harness, Recorder, Running, SMALL_BYTES, ids, large_event, publish};

pub(crate) async fn a_full_bus_takes_no_more_until_consumers_catch_up(harness: Harness) {
    const EVENT_BYTES: usize = 32 << 10;
    let bus = harness.bus();
    let (ahead, behind) = (Recorder::new(), Recorder::new());
    behind.pause(true);
    let consumers = [Running::start(&bus, "ahead", &[], &ahead), Running::start(&bus, "behind", &[], &behind)];
    let mut sent = vec![large_event(EVENT_BYTES)];
    publish(&bus, &sent).await;
    eventually(async || behind.calls() > 0).await;
    let error = loop {
        let event = large_event(EVENT_BYTES);
        match bus.publish(std::slice::from_ref(&event)).await {
            Ok(_) => sent.push(event),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, BusError::Full(_)), "{error}");
    assert!(sent.len() * EVENT_BYTES > SMALL_BYTES as usize / 2, "only {} were taken", sent.len());
    behind.pause(false);
    let more: Vec<_> = (0..20).map(|_| large_event(EVENT_BYTES)).collect();
    publish(&bus, &more).await;
    sent.extend(more);
    for seen in [&ahead, &behind] {
        seen.has_count(sent.len()).await;
        let (mut told, mut expected) = (seen.ids(), ids(&sent));
        told.sort_unstable();
        told.dedup();
        expected.sort_unstable();
        assert_eq!(told, expected, "what was not consumed was not purged");
    }
    for consumer in consumers {
        consumer.stop().await;
    }
}
