//! From the bus into a database: each event once.

use mesh_events::{BatchHandler, Delivery, EventLog, dead_letters, projection};
use mesh_store::Database;
use mesh_testkit::TestDatabase;
use uuid::Uuid;

use crate::{ledger::Ledger, world::World};

mesh_testkit::on_both_databases!(
    every_event_is_applied_once_in_the_order_of_its_arrival,
    an_event_that_is_delivered_twice_is_applied_once,
    two_replicas_that_are_given_the_same_events_apply_them_once,
    a_poison_event_does_not_take_others_with_it,
    nothing_is_counted_against_an_event_while_a_dependency_is_down,
    a_consumer_whose_database_is_gone_pauses,
    a_projection_looks_at_the_newest_event_of_each_aggregate,
);

const TASK: Uuid = Uuid::from_u128(3);

async fn world_and_ledger(database: &TestDatabase) -> (World, Ledger) {
    let world = World::on(database).await;
    let ledger = Ledger::on(world.database.clone()).await;
    (world, ledger)
}

/// As the bus would deliver them.
async fn delivered(log: &EventLog, ids: &[Uuid]) -> Vec<Delivery> {
    let mut deliveries = Vec::new();
    for id in ids {
        let event = log.find(*id).await.expect("the log can be read").expect("the event is there");
        deliveries.push(Delivery::Event(event));
    }
    deliveries
}

async fn every_event_is_applied_once_in_the_order_of_its_arrival(database: TestDatabase) {
    let (mut world, ledger) = world_and_ledger(&database).await;
    let consumer = ledger.consumer(&world);
    let _relay = world.start_relay();
    let running = world.start(|stop| async move { consumer.run(stop).await.expect("it consumes") });
    let ids = world.tell(TASK, 1..=100).await;
    ledger.expect(&ids).await;
    assert_eq!(ledger.entries().await, ids);
    assert!(ledger.commits() > 0);
    running.stop().await;
}

async fn an_event_that_is_delivered_twice_is_applied_once(database: TestDatabase) {
    let (world, ledger) = world_and_ledger(&database).await;
    let ids = world.tell(TASK, 1..=3).await;
    let consumer = ledger.consumer(&world);
    let twice = [delivered(&world.log, &ids).await, delivered(&world.log, &ids[..2]).await].concat();
    consumer.handle(twice.clone()).await.expect("they are applied");
    consumer.handle(twice).await.expect("there is nothing to do");
    assert_eq!(ledger.entries().await, ids);
    assert_eq!((ledger.attempts(), ledger.commits()), (1, 1));
}

async fn two_replicas_that_are_given_the_same_events_apply_them_once(database: TestDatabase) {
    let (world, ledger) = world_and_ledger(&database).await;
    let ids = world.tell(TASK, 1..=40).await;
    let mut backwards = ids.clone();
    backwards.reverse();
    let (one, other) = (ledger.consumer(&world), ledger.consumer(&world));
    let (first, second) = (delivered(&world.log, &ids).await, delivered(&world.log, &backwards).await);
    let (first, second) = tokio::join!(one.handle(first), other.handle(second));
    first.expect("one of them applies the events");
    second.expect("the other one finds them applied");
    ledger.expect(&ids).await;
}

async fn a_poison_event_does_not_take_others_with_it(database: TestDatabase) {
    let (mut world, ledger) = world_and_ledger(&database).await;
    let mut ids = world.tell(TASK, 1..=20).await;
    let poison = ids.remove(7);
    ledger.poison(&[poison]);
    let consumer = ledger.consumer(&world);
    let _relay = world.start_relay();
    let _consumer = world.start(|stop| async move { consumer.run(stop).await.expect("it consumes") });
    ledger.expect(&ids).await;
    ids.extend(world.tell(TASK, 21..=25).await);
    ledger.expect(&ids).await;
    let letters = dead_letters::list(&world.database, "audit-svc", None, 10).await.expect("letters can be listed");
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].letter.id(), poison);
    assert_eq!(letters[0].reason, "it is poison");
}

async fn nothing_is_counted_against_an_event_while_a_dependency_is_down(database: TestDatabase) {
    let (mut world, ledger) = world_and_ledger(&database).await;
    let ids = world.tell(TASK, 1..=5).await;
    ledger.set_down(true);
    let consumer = ledger.consumer(&world);
    let _relay = world.start_relay();
    let _consumer = world.start(|stop| async move { consumer.run(stop).await.expect("it consumes") });
    mesh_testkit::eventually(async || ledger.attempts() >= 3).await;
    assert!(ledger.entries().await.is_empty());
    ledger.set_down(false);
    ledger.expect(&ids).await;
    let letters = dead_letters::list(&world.database, "audit-svc", None, 10).await.expect("letters can be listed");
    assert!(letters.is_empty());
}

async fn a_consumer_whose_database_is_gone_pauses(database: TestDatabase) {
    let (world, ledger) = world_and_ledger(&database).await;
    let ids = world.tell(TASK, 1..=2).await;
    let deliveries = delivered(&world.log, &ids).await;
    let consumer = ledger.consumer(&world);
    let gone: &Database = &world.database;
    gone.close().await;
    consumer.handle(deliveries).await.expect_err("it cannot go on");
}

async fn a_projection_looks_at_the_newest_event_of_each_aggregate(database: TestDatabase) {
    let world = World::on(&database).await;
    let other = Uuid::from_u128(4);
    let ids = [world.tell(TASK, 2..=2).await, world.tell(other, 1..=1).await, world.tell(TASK, 1..=1).await].concat();
    let mut events = Vec::new();
    for id in &ids {
        events.push(world.log.find(*id).await.expect("it can be read").expect("it is there"));
    }
    let newest: Vec<Uuid> = projection::newest(&events).into_iter().map(|event| event.id).collect();
    assert_eq!(newest, ids[..2]);
}
