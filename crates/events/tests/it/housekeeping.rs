//! What is old enough is forgotten, and nothing else.

use std::{sync::Arc, time::Duration};

use mesh_events::{Housekeeping, HousekeepingSettings};
use mesh_testkit::TestDatabase;
use uuid::Uuid;

use crate::world::World;

mesh_testkit::on_both_databases!(
    published_events_are_pruned_after_a_week,
    events_that_are_not_published_are_kept_however_old,
    more_than_one_round_is_pruned_at_once,
);

const TASK: Uuid = Uuid::from_u128(3);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn housekeeping(world: &World) -> Housekeeping {
    Housekeeping::new(&world.database, Arc::new(world.clock.clone()), HousekeepingSettings::default())
}

async fn is_there(world: &World, id: Uuid) -> bool {
    world.log.find(id).await.expect("the log can be read").is_some()
}

async fn published_events_are_pruned_after_a_week(database: TestDatabase) {
    let mut world = World::on(&database).await;
    let relay = world.start_relay();
    let old = world.tell(TASK, 1..=5).await;
    world.clock.advance(6 * DAY);
    let new = world.tell(TASK, 6..=7).await;
    world.expect_on_the_bus(&[old.clone(), new.clone()].concat()).await;
    relay.stop().await;
    assert_eq!(housekeeping(&world).sweep().await.expect("it sweeps"), 0);
    world.clock.advance(2 * DAY);
    assert_eq!(housekeeping(&world).sweep().await.expect("it sweeps"), 5);
    assert!(!is_there(&world, old[4]).await);
    assert!(is_there(&world, new[0]).await);
}

async fn events_that_are_not_published_are_kept_however_old(database: TestDatabase) {
    let mut world = World::on(&database).await;
    let ids = world.tell(TASK, 1..=5).await;
    world.clock.advance(30 * DAY);
    assert_eq!(housekeeping(&world).sweep().await.expect("it sweeps"), 0);
    let relay = world.start_relay();
    world.expect_on_the_bus(&ids).await;
    relay.stop().await;
    assert_eq!(housekeeping(&world).sweep().await.expect("it sweeps"), 5);
}

async fn more_than_one_round_is_pruned_at_once(database: TestDatabase) {
    let mut world = World::on(&database).await;
    let events: Vec<_> = (1..=2_300).map(|version| world.event(TASK, version)).collect();
    world.append(&events).await;
    let relay = world.start_relay();
    mesh_testkit::eventually(async || world.on_the_bus().len() == events.len()).await;
    relay.stop().await;
    world.clock.advance(8 * DAY);
    assert_eq!(housekeeping(&world).sweep().await.expect("it sweeps"), 2_300);
}
