//! All of it together: one service tells, another applies, and both crash again and again.

use mesh_testkit::TestDatabase;
use uuid::Uuid;

use crate::{
    ledger::Ledger,
    world::{Running, World},
};

mesh_testkit::on_both_databases!(every_event_is_applied_once_although_relay_and_consumers_crash);

async fn every_event_is_applied_once_although_relay_and_consumers_crash(database: TestDatabase) {
    let mut world = World::on(&database).await;
    let other =
        if database.url().starts_with("sqlite:") { mesh_testkit::sqlite() } else { mesh_testkit::postgres().await };
    let ledger = Ledger::apart(&other).await;
    let mut told = Vec::new();
    for round in 1..=6 {
        let running = [world.start_relay(), consume(&mut world, &ledger), consume(&mut world, &ledger)];
        told.extend(world.tell(Uuid::from_u128(round), 1..=60).await);
        let enough = told.len() - 30;
        mesh_testkit::eventually(async || ledger.entries().await.len() >= enough).await;
        for running in running {
            running.crash().await;
        }
    }
    let running = [world.start_relay(), consume(&mut world, &ledger)];
    ledger.expect(&told).await;
    for running in running {
        running.stop().await;
    }
    assert_eq!(ledger.entries().await.len(), told.len());
}

fn consume(world: &mut World, ledger: &Ledger) -> Running {
    let consumer = ledger.consumer(world);
    world.start(|stop| async move { consumer.run(stop).await.expect("it consumes") })
}
