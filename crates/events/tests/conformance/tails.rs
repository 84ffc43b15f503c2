//! Following the stream without acknowledgements.

use futures::{StreamExt, TryStreamExt};
use mesh_events::{BusError, EventBus, Filter, Position, TailFrom, TailStream};
use uuid::Uuid;

use crate::harness::{Harness, Recorder, Running, event, events, ids, large_event, next, publish};

async fn tail(bus: &dyn EventBus, from: TailFrom) -> TailStream {
    bus.tail(Filter::default(), from).await.unwrap()
}

async fn is_gone(bus: &dyn EventBus, place: Position) -> bool {
    matches!(bus.tail(Filter::default(), TailFrom::After(place)).await.err(), Some(BusError::PositionGone))
}

pub(crate) async fn a_tail_goes_on_after_a_position(harness: Harness) {
    let (bus, sent) = (harness.bus(), events(300));
    publish(&bus, &sent[..290]).await;
    let identity = bus.identity().await.unwrap();
    let mut all = tail(&*bus, TailFrom::After(Position { identity, sequence: 0 })).await;
    let placed: Vec<_> = all.by_ref().take(290).try_collect().await.unwrap();
    assert_eq!(placed.iter().map(|placed| placed.event.as_ref().clone()).collect::<Vec<_>>(), sent[..290]);
    assert_eq!(placed.iter().map(|placed| placed.position.sequence).collect::<Vec<_>>(), (1..=290).collect::<Vec<_>>());
    let mut rest = tail(&*bus, TailFrom::After(placed[199].position.clone())).await;
    assert_eq!(next(&mut rest, 90).await, ids(&sent[200..290]));
    publish(&bus, &sent[290..]).await;
    assert_eq!(next(&mut rest, 10).await, ids(&sent[290..]));
    assert_eq!(next(&mut all, 10).await, ids(&sent[290..]));
}

pub(crate) async fn a_tail_from_now_shows_only_what_is_new(harness: Harness) {
    let (bus, sent) = (harness.bus(), events(8));
    publish(&bus, &sent[..5]).await;
    let mut new = tail(&*bus, TailFrom::Now).await;
    publish(&bus, &sent[5..]).await;
    assert_eq!(next(&mut new, 3).await, ids(&sent[5..]));
}

pub(crate) async fn a_tail_of_the_last_events_shows_them_and_goes_on(harness: Harness) {
    let (bus, sent) = (harness.bus(), events(8));
    let mut none = tail(&*bus, TailFrom::Last(3)).await;
    publish(&bus, &sent[..5]).await;
    let mut last = tail(&*bus, TailFrom::Last(3)).await;
    let mut more = tail(&*bus, TailFrom::Last(100)).await;
    publish(&bus, &sent[5..]).await;
    assert_eq!(next(&mut last, 6).await, ids(&sent[2..]));
    assert_eq!(next(&mut more, 8).await, ids(&sent));
    assert_eq!(next(&mut none, 8).await, ids(&sent));
}

pub(crate) async fn a_tail_after_the_head_misses_nothing(harness: Harness) {
    let (bus, sent) = (harness.bus(), events(4));
    let empty = bus.head().await.unwrap();
    assert_eq!(empty.sequence, 0);
    publish(&bus, &sent[..2]).await;
    let head = bus.head().await.unwrap();
    publish(&bus, &sent[2..]).await;
    assert_eq!(next(&mut tail(&*bus, TailFrom::After(head)).await, 2).await, ids(&sent[2..]));
    assert_eq!(next(&mut tail(&*bus, TailFrom::After(empty)).await, 4).await, ids(&sent));
}

pub(crate) async fn a_tail_shows_its_entities_only(harness: Harness) {
    let bus = harness.bus();
    let sent = [event("task", "a", 1), event("list", "b", 1), event("tag", "c", 1), event("task", "d", 1)];
    let filter = Filter { entities: vec!["task".to_owned(), "tag".to_owned()] };
    let mut some = bus.tail(filter, TailFrom::Last(0)).await.unwrap();
    publish(&bus, &sent).await;
    assert_eq!(next(&mut some, 3).await, [sent[0].id, sent[2].id, sent[3].id]);
}

pub(crate) async fn a_position_that_cannot_be_gone_on_from_is_gone(harness: Harness) {
    let bus = harness.bus();
    publish(&bus, &events(3)).await;
    let head = bus.head().await.unwrap();
    assert!(!is_gone(&*bus, head.clone()).await);
    assert!(is_gone(&*bus, Position { sequence: head.sequence + 1, ..head.clone() }).await, "the future");
    assert!(is_gone(&*bus, Position { identity: "another".to_owned(), ..head }).await, "another stream");
}

pub(crate) async fn a_position_that_was_purged_is_gone(harness: Harness) {
    let bus = harness.bus();
    let start = bus.head().await.unwrap();
    let mut behind = tail(&*bus, TailFrom::After(start.clone())).await;
    let seen = Recorder::new();
    let consumer = Running::start(&bus, "reader", &[], &seen);
    for sent in 1.. {
        publish(&bus, &[large_event(64 << 10)]).await;
        seen.has_count(sent).await;
        if is_gone(&*bus, start.clone()).await {
            break;
        }
    }
    assert!(matches!(behind.next().await, Some(Err(BusError::PositionGone))), "it would go on with a gap");
    assert!(behind.next().await.is_none());
    assert!(!is_gone(&*bus, bus.head().await.unwrap()).await);
    let first = Position { sequence: 1, ..start };
    assert!(bus.holds(&first, Uuid::nil()).await.unwrap(), "what is purged is not lost");
    consumer.stop().await;
}
