//! The ring and the queues, without a bus.

use std::{sync::Arc, time::Duration};

use uuid::Uuid;

use super::*;

const HERE: Uuid = Uuid::from_u128(1);
const ELSEWHERE: Uuid = Uuid::from_u128(2);

/// Something with nothing to it but what watching needs.
#[derive(Clone, Debug)]
struct Thing {
    id: Uuid,
    version: i64,
    audience: Uuid,
}

impl Watched for Thing {
    fn id(&self) -> Uuid {
        self.id
    }

    fn version(&self) -> i64 {
        self.version
    }

    fn audience(&self) -> Uuid {
        self.audience
    }
}

fn live(ring: usize, queue: usize) -> Arc<Live<Thing>> {
    live_from(0, ring, queue)
}

/// Of a stream that has come this far already.
fn live_from(newest: u64, ring: usize, queue: usize) -> Arc<Live<Thing>> {
    let live = Live::new(LiveSettings { stream: "tests", ring, queue, patience: Duration::ZERO });
    live.begin(place(newest));
    live
}

fn shown(sequence: u64, thing: u128, version: i64) -> Shown<Thing> {
    shown_in(HERE, sequence, thing, version)
}

fn shown_in(audience: Uuid, sequence: u64, thing: u128, version: i64) -> Shown<Thing> {
    Shown { sequence, epoch: 1, item: Thing { id: Uuid::from_u128(thing), version, audience } }
}

fn place(sequence: u64) -> Place {
    Place { stream: "stream".into(), sequence }
}

/// The numbers of the changes that wait for a watcher, until it ends or none is left.
async fn waiting(subscription: &mut Subscription<Thing>) -> (Vec<u64>, Option<Ended>) {
    let mut sequences = Vec::new();
    loop {
        match futures::FutureExt::now_or_never(subscription.next()) {
            Some(Ok(shown)) => sequences.push(shown.sequence),
            Some(Err(ended)) => return (sequences, Some(ended)),
            None => return (sequences, None),
        }
    }
}

#[tokio::test]
async fn what_changes_again_is_told_once_and_later() {
    let live = live(100, 10);
    let mut watcher = live.subscribe(vec![HERE], None).expect("a watch");
    for change in [shown(1, 7, 1), shown(2, 8, 1), shown(3, 7, 2)] {
        live.show(change);
    }
    assert_eq!(waiting(&mut watcher).await, (vec![2, 3], None));
    assert_eq!(watcher.place(), &place(3));
}

#[tokio::test]
async fn a_version_older_than_what_was_told_is_not_told() {
    let live = live(100, 10);
    let mut watcher = live.subscribe(vec![HERE], None).expect("a watch");
    live.show(shown(1, 7, 2));
    live.show(shown(2, 7, 1));
    live.show(shown(3, 7, 2));
    live.show(Shown { epoch: 2, ..shown(4, 7, 1) });
    assert_eq!(waiting(&mut watcher).await, (vec![4], None));
    let mut resumed = live.subscribe(vec![HERE], Some(place(1))).expect("nothing is missing");
    assert_eq!(waiting(&mut resumed).await, (vec![4], None));
}

#[tokio::test]
async fn what_waits_for_a_slow_watcher_is_never_replaced_by_an_older_version() {
    let live = live(2, 10);
    let mut watcher = live.subscribe(vec![HERE], None).expect("a watch");
    live.show(shown(1, 7, 5));
    // The ring has forgotten the thing when its older version comes late.
    live.show(shown_in(ELSEWHERE, 2, 8, 1));
    live.show(shown_in(ELSEWHERE, 3, 9, 1));
    live.show(shown(4, 7, 4));
    assert_eq!(waiting(&mut watcher).await, (vec![1], None));
}

#[tokio::test]
async fn a_change_that_comes_twice_is_told_once() {
    let live = live(100, 10);
    let mut watcher = live.subscribe(vec![HERE], None).expect("a watch");
    for change in [shown(1, 7, 1), shown(2, 8, 1), shown(1, 7, 1), shown(2, 8, 1)] {
        live.show(change);
    }
    assert_eq!(waiting(&mut watcher).await, (vec![1, 2], None));
}

#[tokio::test]
async fn a_resumed_watch_begins_where_the_ring_still_reaches() {
    let live = live(3, 10);
    for sequence in 1..=5 {
        live.show(shown(sequence * 10, sequence.into(), 1));
    }
    assert_eq!(live.subscribe(vec![HERE], Some(place(19))).err(), Some(Ended::Resync));
    let mut resumed = live.subscribe(vec![HERE], Some(place(20))).expect("the ring holds what came after");
    assert_eq!(waiting(&mut resumed).await, (vec![30, 40, 50], None));
    assert_eq!(live.subscribe(vec![HERE], Some(place(51))).err(), Some(Ended::Resync));
}

#[tokio::test]
async fn what_came_before_the_first_change_that_was_seen_is_not_known() {
    let live = live_from(100, 10, 10);
    live.show(shown(100, 7, 1));
    assert_eq!(live.subscribe(vec![HERE], Some(place(98))).err(), Some(Ended::Resync));
    assert!(live.subscribe(vec![HERE], Some(place(99))).is_ok());
}

#[tokio::test]
async fn of_a_stream_of_which_nothing_came_in_only_the_future_is_known() {
    let live = live_from(100, 10, 10);
    for old in [0, 99] {
        assert_eq!(live.subscribe(vec![HERE], Some(place(old))).err(), Some(Ended::Resync), "{old}");
    }
    let mut resumed = live.subscribe(vec![HERE], Some(place(100))).expect("nothing is missing");
    live.show(shown(101, 7, 1));
    assert_eq!(waiting(&mut resumed).await, (vec![101], None));
}

#[tokio::test]
async fn what_is_kept_of_the_stream_comes_in_for_those_who_come_back_only() {
    let live = live_from(100, 10, 10);
    let mut fresh = live.subscribe(vec![HERE], None).expect("a watch");
    assert_eq!(fresh.place(), &place(100));
    live.show(shown(97, 7, 1));
    let mut resumed = live.subscribe(vec![HERE], Some(place(98))).expect("the rest is to come");
    fresh.catch_up();
    resumed.catch_up();
    assert_eq!((fresh.place(), resumed.place()), (&place(100), &place(98)));
    for sequence in 98..=101 {
        live.show(shown(sequence, sequence.into(), 1));
    }
    assert_eq!(waiting(&mut fresh).await, (vec![101], None));
    assert_eq!(waiting(&mut resumed).await, (vec![99, 100, 101], None));
}

#[tokio::test]
async fn a_stream_of_which_something_was_missed_ends_every_watch() {
    let live = live(10, 10);
    let mut watcher = live.subscribe(vec![HERE], None).expect("a watch");
    live.show(shown(5, 7, 1));
    live.lose();
    assert_eq!(waiting(&mut watcher).await, (vec![], Some(Ended::Resync)));
    assert!(live.watch(vec![HERE], None).await.is_err(), "there is no stream");
    live.begin(place(9));
    assert_eq!(live.subscribe(vec![HERE], Some(place(5))).err(), Some(Ended::Resync));
}

#[tokio::test]
async fn a_backlog_does_not_make_a_watcher_slow() {
    let live = live(100, 2);
    for sequence in 1..=50 {
        live.show(shown(sequence, sequence.into(), 1));
    }
    let mut resumed = live.subscribe(vec![HERE], Some(place(10))).expect("a watch");
    assert_eq!(waiting(&mut resumed).await, ((11..=50).collect(), None));
}

#[tokio::test]
async fn a_watcher_that_takes_nothing_is_ended_and_keeps_its_place() {
    let live = live(100, 2);
    let mut watcher = live.subscribe(vec![HERE], None).expect("a watch");
    for sequence in 1..=3 {
        live.show(shown(sequence, sequence.into(), 1));
    }
    assert_eq!(waiting(&mut watcher).await, (vec![], Some(Ended::TooSlow)));
    assert_eq!(watcher.place(), &place(0));
    watcher.catch_up();
    assert_eq!(watcher.place(), &place(0));
}

#[tokio::test]
async fn another_stream_ends_every_watch() {
    let live = live(100, 10);
    let mut watcher = live.subscribe(vec![HERE], None).expect("a watch");
    live.show(shown(5, 7, 1));
    live.begin(Place { stream: "another".into(), sequence: 0 });
    assert_eq!(waiting(&mut watcher).await, (vec![], Some(Ended::Resync)));
    assert_eq!(live.subscribe(vec![HERE], Some(place(5))).err(), Some(Ended::Resync));
    live.show(shown(1, 7, 1));
    assert_eq!(live.head().map(|head| head.sequence), Some(1));
}

#[tokio::test]
async fn changes_elsewhere_move_a_quiet_watch_on() {
    let live = live(2, 10);
    let mut watcher = live.subscribe(vec![HERE], None).expect("a watch");
    for sequence in 1..=9 {
        live.show(shown_in(ELSEWHERE, sequence, sequence.into(), 1));
    }
    assert_eq!(waiting(&mut watcher).await, (vec![], None));
    watcher.catch_up();
    assert_eq!(watcher.place(), &place(9));
    live.show(shown(10, 7, 1));
    watcher.catch_up();
    assert_eq!(watcher.place(), &place(9), "something waits");
}

#[tokio::test]
async fn whoever_has_gone_is_forgotten() {
    let live = live(2, 10);
    let watchers = [HERE, ELSEWHERE].map(|audience| live.subscribe(vec![audience], None).expect("a watch"));
    assert_eq!(live.state().watchers.len(), 2);
    drop(watchers);
    assert_eq!(live.state().watchers.len(), 0);
}
