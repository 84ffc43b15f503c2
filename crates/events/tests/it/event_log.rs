//! What is appended is found again, and exactly when its transaction commits.

use bytes::Bytes;
use mesh_events::{Envelope, NewEvent, Revision, begin_epoch};
use mesh_store::StoreError;
use mesh_testkit::TestDatabase;
use mesh_types::Clock;
use uuid::Uuid;

use crate::world::World;

mesh_testkit::on_both_databases!(
    an_event_is_found_again_as_it_was_told,
    an_event_of_a_change_that_was_rolled_back_is_not_there,
    an_event_id_is_told_once,
    an_event_that_no_bus_carries_is_refused_with_its_change,
    many_events_fit_into_one_change,
    versions_after_a_restore_are_newer_than_all_before,
);

fn as_travelling(event: &NewEvent, epoch: i64) -> Envelope {
    let event = event.clone();
    Envelope {
        id: event.id,
        source: "task-svc".to_owned(),
        time: event.time,
        workspace_id: event.workspace_id,
        entity: event.entity.to_owned(),
        aggregate_id: event.aggregate_id,
        epoch,
        version: event.version,
        verb: event.verb.to_owned(),
        event_type: event.event_type.to_owned(),
        actor: event.actor,
        trace_parent: event.trace_parent,
        payload: event.payload,
    }
}

async fn an_event_is_found_again_as_it_was_told(database: TestDatabase) {
    let world = World::on(&database).await;
    let mut event = world.event(Uuid::from_u128(3), 7);
    event.trace_parent = Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned());
    event.payload = Bytes::from_static(&[0, 255, 0]);
    world.append(std::slice::from_ref(&event)).await;
    let found = world.log.find(event.id).await.expect("the log can be read");
    assert_eq!(found, Some(as_travelling(&event, 1)));
    assert_eq!(world.log.find(Uuid::from_u128(9)).await.expect("the log can be read"), None);
}

async fn an_event_of_a_change_that_was_rolled_back_is_not_there(database: TestDatabase) {
    let mut world = World::on(&database).await;
    let event = world.event(Uuid::from_u128(3), 1);
    let transaction = world.database.begin().await.expect("a transaction begins");
    world.log.append(&transaction, std::slice::from_ref(&event)).await.expect("it is appended");
    transaction.rollback().await.expect("it rolls back");
    assert_eq!(world.log.find(event.id).await.expect("the log can be read"), None);
    let _relay = world.start_relay();
    let next = world.tell(Uuid::from_u128(3), 1..=1).await;
    world.expect_on_the_bus(&next).await;
}

async fn an_event_id_is_told_once(database: TestDatabase) {
    let world = World::on(&database).await;
    let event = world.event(Uuid::from_u128(3), 1);
    world.append(std::slice::from_ref(&event)).await;
    let transaction = world.database.begin().await.expect("a transaction begins");
    let again = world.log.append(&transaction, &[event]).await.expect_err("it is there already");
    assert!(again.is_conflict_on("event_log_event_id_key", "event_log.event_id"), "{again:?}");
}

async fn an_event_that_no_bus_carries_is_refused_with_its_change(database: TestDatabase) {
    let world = World::on(&database).await;
    let event = NewEvent { payload: vec![0; 256 * 1024].into(), ..world.event(Uuid::from_u128(3), 1) };
    let transaction = world.database.begin().await.expect("a transaction begins");
    let refused = world.log.append(&transaction, &[event]).await.expect_err("it is too large");
    assert!(matches!(refused, StoreError::Rejected(_)), "{refused:?}");
}

async fn many_events_fit_into_one_change(database: TestDatabase) {
    let mut world = World::on(&database).await;
    let events: Vec<NewEvent> = (1..=1_203).map(|version| world.event(Uuid::from_u128(3), version)).collect();
    world.append(&events).await;
    let _relay = world.start_relay();
    let ids: Vec<Uuid> = events.iter().map(|event| event.id).collect();
    world.expect_on_the_bus(&ids).await;
}

async fn versions_after_a_restore_are_newer_than_all_before(database: TestDatabase) {
    let world = World::on(&database).await;
    let before = world.tell(Uuid::from_u128(3), 1..=9).await;
    let first = begin_epoch(&world.database, world.clock.now()).await.expect("an epoch begins");
    let second = begin_epoch(&world.database, world.clock.now()).await.expect("another epoch begins");
    assert!(second > first && first > 1);
    let after = world.tell(Uuid::from_u128(3), 3..=3).await;
    let old = world.log.find(before[8]).await.expect("it can be read").expect("it is there");
    let new = world.log.find(after[0]).await.expect("it can be read").expect("it is there");
    assert_eq!(new.revision(), Revision { epoch: second, version: 3 });
    assert!(new.revision() > old.revision());
}
