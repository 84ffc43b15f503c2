//! Who is told what, and in which order.

use std::collections::{BTreeMap, BTreeSet};

use mesh_events::Envelope;
use mesh_testkit::eventually;
use tokio::task::JoinSet;

use crate::harness::{Harness, Recorder, Running, durable, event, events, ids, publish};

pub(crate) async fn events_of_an_aggregate_come_in_order(harness: Harness) {
    let sent: Vec<_> = (1..=200).flat_map(|version| ["a", "b", "c"].map(|name| event("task", name, version))).collect();
    let seen = Recorder::new();
    let consumer = Running::start(&harness.bus(), "reader", &[], &seen);
    publish(&harness.bus(), &sent).await;
    seen.has_count(sent.len()).await;
    assert_in_order(&seen.events());
    consumer.stop().await;
}

pub(crate) async fn two_consumers_share_the_events_of_a_durable(harness: Harness) {
    let sent = events(400);
    let (first, second) = (Recorder::new(), Recorder::new());
    let consumers = [
        Running::start(&harness.bus(), "reader", &[], &first),
        Running::start(&harness.elsewhere().await, "reader", &[], &second),
    ];
    for part in sent.chunks(20) {
        publish(&harness.bus(), part).await;
    }
    let both = || [first.ids(), second.ids()].concat();
    mesh_testkit::eventually(async || both().len() >= sent.len()).await;
    let (told, expected) = (both(), ids(&sent));
    assert_eq!(told.len(), expected.len(), "each was told to one of them");
    assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), expected.into_iter().collect());
    for consumer in consumers {
        consumer.stop().await;
    }
}

pub(crate) async fn two_durables_are_both_told_everything(harness: Harness) {
    let sent = events(30);
    let (first, second) = (Recorder::new(), Recorder::new());
    let one = Running::start(&harness.bus(), "one", &[], &first);
    publish(&harness.bus(), &sent).await;
    let two = Running::start(&harness.bus(), "two", &[], &second);
    first.has(&sent).await;
    second.has(&sent).await;
    one.stop().await;
    two.stop().await;
}

pub(crate) async fn a_durable_is_told_of_its_entities_only(harness: Harness) {
    let entities = ["task", "list", "tag"];
    let sent: Vec<_> = (1..=30).map(|version| event(entities[version as usize % 3], "one", version)).collect();
    let of = |wanted: &[&str]| -> Vec<Envelope> {
        sent.iter().filter(|event| wanted.contains(&event.entity.as_str())).cloned().collect()
    };
    let (lists, others) = (Recorder::new(), Recorder::new());
    let one = Running::start(&harness.bus(), "lists", &["list"], &lists);
    let two = Running::start(&harness.bus(), "others", &["task", "tag"], &others);
    publish(&harness.bus(), &sent).await;
    lists.has(&of(&["list"])).await;
    others.has(&of(&["task", "tag"])).await;
    one.stop().await;
    two.stop().await;
}

pub(crate) async fn a_durable_that_asks_for_more_is_told_of_what_comes_after(harness: Harness) {
    let (before, after) = (Recorder::new(), Recorder::new());
    let consumer = Running::start(&harness.bus(), "reader", &["task"], &before);
    let known = event("task", "one", 1);
    publish(&harness.bus(), std::slice::from_ref(&known)).await;
    before.has(&[known]).await;
    consumer.stop().await;
    let consumer = Running::start(&harness.bus(), "reader", &["task", "user"], &after);
    let sent = [event("task", "one", 2), event("user", "one", 1), event("list", "one", 1), event("task", "one", 3)];
    publish(&harness.bus(), &sent).await;
    after.has(&[sent[0].clone(), sent[1].clone(), sent[3].clone()]).await;
    consumer.stop().await;
}

pub(crate) async fn what_waits_for_a_durable_is_counted(harness: Harness) {
    let bus = harness.bus();
    let durable = durable("reader", &["task"]);
    assert_eq!(bus.backlog(&durable).await.unwrap(), 0, "nobody knows it yet");
    let seen = Recorder::new();
    seen.pause(true);
    let consumer = Running::start(&bus, "reader", &["task"], &seen);
    let sent = [event("task", "one", 1), event("list", "one", 1), event("task", "one", 2), event("task", "two", 1)];
    publish(&bus, &sent).await;
    let waiting = async || bus.backlog(&durable).await.unwrap();
    eventually(async || if waiting().await == 3 { Ok(()) } else { Err(waiting().await) }).await;
    seen.pause(false);
    eventually(async || if waiting().await == 0 { Ok(()) } else { Err(waiting().await) }).await;
    consumer.stop().await;
}

pub(crate) async fn ten_thousand_events_pass(harness: Harness) {
    let sent: Vec<_> = (1..=1_000)
        .flat_map(|version| (0..10).map(move |aggregate| event("task", &aggregate.to_string(), version)))
        .collect();
    let seen = Recorder::new();
    let consumer = Running::start(&harness.bus(), "reader", &[], &seen);
    publish(&harness.bus(), &sent).await;
    seen.has_count(sent.len()).await;
    assert_eq!(seen.ids().len(), sent.len());
    assert_in_order(&seen.events());
    consumer.stop().await;
}

pub(crate) async fn many_publishers_at_once_lose_nothing(harness: Harness) {
    let mut publishers = JoinSet::new();
    for publisher in 0..50 {
        let bus = harness.bus();
        publishers.spawn(async move {
            for version in 1..=10 {
                let sent = event("task", &publisher.to_string(), version);
                assert_eq!(bus.publish(&[sent]).await.unwrap(), 1);
            }
        });
    }
    publishers.join_all().await;
    let seen = Recorder::new();
    let consumer = Running::start(&harness.bus(), "reader", &[], &seen);
    seen.has_count(500).await;
    assert_in_order(&seen.events());
    consumer.stop().await;
}

/// Every aggregate's versions go from 1 without a gap.
fn assert_in_order(events: &[Envelope]) {
    let mut versions: BTreeMap<_, i64> = BTreeMap::new();
    for event in events {
        let newest = versions.entry(event.aggregate_id).or_default();
        assert_eq!(event.version, *newest + 1);
        *newest = event.version;
    }
}
