//! A bus that has lost what it had gets it again, and whoever had it already does nothing.

use std::sync::Arc;

use mesh_events::{EventBus, republish};
use mesh_testkit::{TestDatabase, eventually};
use mesh_types::{Clock, Timestamp};
use uuid::Uuid;

use crate::{meddling::Meddler, world::World};

mesh_testkit::on_both_databases!(
    a_bus_that_was_wiped_while_the_service_ran_is_filled_again,
    a_bus_that_was_wiped_while_the_service_was_down_is_filled_again,
    an_operator_has_the_log_published_again,
);

const TASK: Uuid = Uuid::from_u128(3);

async fn a_bus_that_was_wiped_while_the_service_ran_is_filled_again(database: TestDatabase) {
    let mut world = World::on(&database).await;
    let bus = Arc::new(Meddler::new(world.bus.clone()));
    let relay = world.relay(bus.clone() as Arc<dyn EventBus>);
    let _relay = world.start(|stop| async move { relay.run(stop).await });
    let mut ids = world.tell(TASK, 1..=120).await;
    world.expect_on_the_bus(&ids).await;

    world.wipe_the_bus().await;
    bus.replace(world.bus.clone());
    world.expect_on_the_bus(&ids).await;
    ids.extend(world.tell(TASK, 121..=130).await);
    world.expect_on_the_bus(&ids).await;
}

async fn a_bus_that_was_wiped_while_the_service_was_down_is_filled_again(database: TestDatabase) {
    let mut world = World::on(&database).await;
    let relay = world.start_relay();
    let mut ids = world.tell(TASK, 1..=20).await;
    world.expect_on_the_bus(&ids).await;
    relay.stop().await;

    ids.extend(world.tell(TASK, 21..=25).await);
    world.wipe_the_bus().await;
    let _relay = world.start_relay();
    world.expect_on_the_bus(&ids).await;
}

/// The bus knows the ids of the last minutes, so it is counted what the relay has to publish.
async fn an_operator_has_the_log_published_again(database: TestDatabase) {
    let mut world = World::on(&database).await;
    let bus = Arc::new(Meddler::new(world.bus.clone()));
    let relay = world.relay(bus.clone() as Arc<dyn EventBus>);
    let _relay = world.start(|stop| async move { relay.run(stop).await });
    let old = world.tell(TASK, 1..=5).await;
    let since = world.clock.advance(std::time::Duration::from_secs(60));
    let new = world.tell(TASK, 6..=8).await;
    let ids = [old, new].concat();
    world.expect_on_the_bus(&ids).await;
    eventually(async || nothing_is_pending(&world).await).await;

    let later = since.plus(std::time::Duration::from_secs(60));
    for (since, expected) in [(later, 0), (since, 3), (Timestamp::from_micros(0), 8)] {
        let queued = republish(&world.database, since).await.expect("the log can be queued again");
        assert_eq!(queued, expected);
        eventually(async || nothing_is_pending(&world).await).await;
    }
    assert!(world.clock.now() < later);
    assert_eq!(world.on_the_bus(), ids, "the bus drops what it has");
}

/// Asked by having nothing published again.
async fn nothing_is_pending(world: &World) -> bool {
    let future = Timestamp::from_micros(i64::MAX);
    republish(&world.database, future).await.expect("the log can be asked") == 0
}
