//! What cannot be applied is retried beside the stream, then set aside, and can be replayed.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use mesh_events::{
    BatchHandler, Delivery, Housekeeping, HousekeepingSettings, Position,
    dead_letters::{self, DeadLetter, Letter, State},
};
use mesh_testkit::{TestDatabase, eventually};
use mesh_types::Clock;
use uuid::Uuid;

use crate::{
    ledger::Ledger,
    world::{Running, World},
};

mesh_testkit::on_both_databases!(
    a_poison_event_is_retried_with_growing_pauses_and_then_parked,
    an_event_that_can_be_applied_after_all_is_applied_once,
    a_parked_event_is_replayed_weeks_later,
    an_event_that_is_a_letter_is_not_taken_from_the_stream_again,
    a_dependency_that_is_down_does_not_use_up_attempts,
    what_is_no_event_becomes_a_letter,
    letters_are_listed_in_pages,
);

const TASK: Uuid = Uuid::from_u128(3);

/// A world in which one event cannot be applied, with its consumer running.
async fn poisoned(database: &TestDatabase) -> (World, Ledger, Uuid, Running) {
    let mut world = World::on(database).await;
    let ledger = Ledger::on(world.database.clone()).await;
    let poison = world.tell(TASK, 1..=1).await[0];
    ledger.poison(&[poison]);
    hand_over(&world, &ledger, poison).await;
    let consumer = ledger.consumer(&world);
    let running = world.start(|stop| async move { consumer.run(stop).await.expect("it consumes") });
    (world, ledger, poison, running)
}

async fn hand_over(world: &World, ledger: &Ledger, id: Uuid) {
    let event = world.log.find(id).await.expect("the log can be read").expect("it is there");
    ledger.consumer(world).handle(vec![Delivery::Event(event)]).await.expect("it is taken over");
}

async fn letters(world: &World) -> Vec<DeadLetter> {
    dead_letters::list(&world.database, "audit-svc", None, 100).await.expect("letters can be listed")
}

async fn a_poison_event_is_retried_with_growing_pauses_and_then_parked(database: TestDatabase) {
    let (world, _ledger, poison, _running) = poisoned(&database).await;
    for (attempts, pause) in [(1, 1), (2, 5), (3, 30), (4, 120), (5, 600)] {
        let letter =
            eventually(async || letters(&world).await.into_iter().find(|letter| letter.attempts == attempts)).await;
        assert_eq!(letter.state, State::Retrying);
        assert_eq!(letter.next_attempt, world.clock.now().plus(Duration::from_secs(pause)));
        world.clock.set(letter.next_attempt);
    }
    let parked = eventually(async || letters(&world).await.into_iter().find(|letter| letter.attempts == 6)).await;
    assert_eq!((parked.state, parked.letter.id()), (State::Parked, poison));
}

async fn an_event_that_can_be_applied_after_all_is_applied_once(database: TestDatabase) {
    let (world, ledger, poison, _running) = poisoned(&database).await;
    ledger.poison(&[]);
    world.clock.advance(Duration::from_secs(1));
    ledger.expect(&[poison]).await;
    eventually(async || letters(&world).await.is_empty()).await;
    hand_over(&world, &ledger, poison).await;
    assert_eq!(ledger.entries().await, [poison]);
}

async fn a_parked_event_is_replayed_weeks_later(database: TestDatabase) {
    let (world, ledger, poison, _running) = poisoned(&database).await;
    eventually(async || {
        let letter = letters(&world).await.remove(0);
        world.clock.set(letter.next_attempt);
        letter.state == State::Parked
    })
    .await;
    let now = world.clock.advance(Duration::from_secs(60 * 24 * 60 * 60));
    let housekeeping =
        Housekeeping::new(&world.database, Arc::new(world.clock.clone()), HousekeepingSettings::default());
    housekeeping.sweep().await.expect("the inbox forgets the event");
    let known = dead_letters::replay(&world.database, "audit-svc", Uuid::from_u128(99), now).await;
    assert!(!known.expect("letters can be replayed"));

    ledger.poison(&[]);
    assert!(dead_letters::replay(&world.database, "audit-svc", poison, now).await.expect("it can be replayed"));
    ledger.expect(&[poison]).await;
    eventually(async || letters(&world).await.is_empty()).await;
}

async fn an_event_that_is_a_letter_is_not_taken_from_the_stream_again(database: TestDatabase) {
    let (world, ledger, poison, running) = poisoned(&database).await;
    running.stop().await;
    let attempts = ledger.attempts();
    hand_over(&world, &ledger, poison).await;
    assert_eq!(ledger.attempts(), attempts);
    assert_eq!(letters(&world).await.len(), 1);
}

async fn a_dependency_that_is_down_does_not_use_up_attempts(database: TestDatabase) {
    let (world, ledger, poison, _running) = poisoned(&database).await;
    ledger.set_down(true);
    ledger.poison(&[]);
    let before = ledger.attempts();
    world.clock.advance(Duration::from_secs(1));
    eventually(async || ledger.attempts() > before + 2).await;
    assert_eq!(letters(&world).await[0].attempts, 1);
    ledger.set_down(false);
    ledger.expect(&[poison]).await;
}

async fn what_is_no_event_becomes_a_letter(database: TestDatabase) {
    let world = World::on(&database).await;
    let ledger = Ledger::on(world.database.clone()).await;
    let good = world.tell(TASK, 1..=1).await[0];
    let event = world.log.find(good).await.expect("the log can be read").expect("it is there");
    let foreign = Delivery::Foreign {
        position: Position { identity: "stream".to_owned(), sequence: 7 },
        subject: "tm.v1.odd".to_owned(),
        headers: vec![("ce-id".to_owned(), "?".to_owned())],
        reason: "header ce-id holds no UUID".to_owned(),
        payload: Bytes::from_static(&[0, 1, 2]),
    };
    for _ in 0..2 {
        let batch = vec![foreign.clone(), Delivery::Event(event.clone())];
        ledger.consumer(&world).handle(batch).await.expect("all of it is taken over");
    }
    assert_eq!(ledger.entries().await, [good]);
    let letters = letters(&world).await;
    assert_eq!(letters.len(), 1);
    let Letter::Foreign(letter) = &letters[0].letter else { panic!("it is no event: {letters:?}") };
    assert_eq!((letter.subject.as_str(), letter.position.sequence), ("tm.v1.odd", 7));
    assert_eq!(letter.headers, [("ce-id".to_owned(), "?".to_owned())]);
    assert_eq!(letter.payload, Bytes::from_static(&[0, 1, 2]));
    assert_eq!(letters[0].reason, "header ce-id holds no UUID");
}

async fn letters_are_listed_in_pages(database: TestDatabase) {
    let world = World::on(&database).await;
    let ledger = Ledger::on(world.database.clone()).await;
    let mut ids = world.tell(TASK, 1..=5).await;
    ledger.poison(&ids);
    for id in &ids {
        hand_over(&world, &ledger, *id).await;
    }
    ids.sort_unstable();
    let mut found = Vec::new();
    loop {
        let page = dead_letters::list(&world.database, "audit-svc", found.last().copied(), 2).await;
        let page = page.expect("letters can be listed");
        if page.is_empty() {
            break;
        }
        found.extend(page.iter().map(|letter| letter.letter.id()));
    }
    assert_eq!(found, ids);
}
