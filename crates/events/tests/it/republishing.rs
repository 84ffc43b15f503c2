//! A bus that has lost what it had gets it again, and whoever had it already does nothing.

use std::sync::Arc;

use mesh_events::{EmbeddedBus, EmbeddedSettings, Envelope, EventBus, NewEvent, republish};
use mesh_testkit::{TestDatabase, eventually};
use mesh_types::{Clock, Timestamp};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{meddling::Meddler, world::World};

mesh_testkit::on_both_databases!(
    a_bus_that_was_wiped_while_the_service_ran_is_filled_again,
    a_bus_that_was_wiped_while_the_service_was_down_is_filled_again,
    a_bus_that_lost_its_newest_events_while_the_service_ran_gets_them_again,
    a_bus_that_lost_its_newest_events_while_the_service_was_down_gets_them_again,
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

/// Meanwhile others have published more than was lost, so that the stream is longer than it ever was.
async fn a_bus_that_lost_its_newest_events_while_the_service_ran_gets_them_again(database: TestDatabase) {
    let mut world = World::on(&database).await;
    let folder = tempfile::tempdir().expect("the temporary folder can be written");
    let first = open(&folder, "bus.db").await;
    let bus = Arc::new(Meddler::new(first.clone()));
    let relay = world.relay(bus.clone() as Arc<dyn EventBus>);
    let _relay = world.start(|stop| async move { relay.run(stop).await });
    world.turn_to(first.clone()).await;
    let mut ids = world.tell(TASK, 1..=10).await;
    world.expect_on_the_bus(&ids).await;
    let whole = copied(&first, &folder).await;
    bus.replace(whole.clone());
    world.turn_to(whole).await;
    ids.extend(world.tell(TASK, 11..=20).await);
    world.expect_on_the_bus(&ids).await;

    let cut = open(&folder, "copy.db").await;
    let strangers: Vec<_> = (1..=25).map(|version| stranger(&world, version)).collect();
    cut.publish(&strangers).await.expect("it takes events");
    bus.replace(cut.clone());
    world.turn_to(cut).await;
    let strangers: Vec<_> = strangers.iter().map(|event| event.id).collect();
    world.expect_on_the_bus(&[&ids[..10], &strangers, &ids[10..]].concat()).await;
    let more = world.tell(TASK, 21..=25).await;
    world.expect_on_the_bus(&[&ids[..10], &strangers, &ids[10..], &more].concat()).await;
}

async fn a_bus_that_lost_its_newest_events_while_the_service_was_down_gets_them_again(database: TestDatabase) {
    let mut world = World::on(&database).await;
    let folder = tempfile::tempdir().expect("the temporary folder can be written");
    let first = open(&folder, "bus.db").await;
    let whole = copied(&first, &folder).await;
    world.turn_to(whole).await;
    let relay = world.start_relay();
    let mut ids = world.tell(TASK, 1..=20).await;
    world.expect_on_the_bus(&ids).await;
    relay.stop().await;

    world.turn_to(open(&folder, "copy.db").await).await;
    ids.extend(world.tell(TASK, 21..=25).await);
    let _relay = world.start_relay();
    world.expect_on_the_bus(&ids).await;
}

async fn open(folder: &TempDir, file: &str) -> Arc<EmbeddedBus> {
    let bus = EmbeddedBus::open(folder.path().join(file), EmbeddedSettings::default()).await;
    Arc::new(bus.expect("an event log opens"))
}

/// The same bus again, with a copy of its file as it is now in `copy.db`.
async fn copied(bus: &EmbeddedBus, folder: &TempDir) -> Arc<EmbeddedBus> {
    bus.close().await;
    for end in ["", "-wal"] {
        let file = |name: &str| folder.path().join(format!("{name}{end}"));
        // The journal is not there if all of it was moved into the file.
        if file("bus.db").exists() {
            std::fs::copy(file("bus.db"), file("copy.db")).expect("the file can be copied");
        }
    }
    open(folder, "bus.db").await
}

/// An event of another service.
fn stranger(world: &World, version: i64) -> Envelope {
    let NewEvent { id, time, workspace_id, aggregate_id, actor, .. } = world.event(Uuid::from_u128(9), version);
    Envelope {
        id,
        source: "another-svc".to_owned(),
        time,
        workspace_id,
        entity: "other".to_owned(),
        aggregate_id,
        epoch: 1,
        version,
        verb: "updated".to_owned(),
        event_type: "taskmesh.event.v1.OtherChanged".to_owned(),
        actor,
        trace_parent: None,
        payload: Default::default(),
    }
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
