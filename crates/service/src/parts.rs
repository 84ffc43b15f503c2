//! The parts that services are made of. What they run in the background goes by the name of its service.

use std::sync::Arc;

use anyhow::{Context, ensure};
use mesh_events::{EventLog, Housekeeping, HousekeepingSettings, Relay, RelaySettings};
use mesh_runtime::{Lifecycle, Stage};
use mesh_store::{Database, DatabaseConfig};
use sea_orm_migration::MigrationTrait;

use crate::Dependencies;

/// The database of the service `name`, with its tables as `migrations` leave them; closed last of all.
///
/// # Errors
/// When it cannot be reached, is too old, or is not migrated and cannot be, or must not.
pub async fn open_database(
    config: &DatabaseConfig,
    migrations: Vec<Box<dyn MigrationTrait>>,
    lifecycle: &Lifecycle,
    name: &'static str,
) -> anyhow::Result<Database> {
    let database = connect(config, name).await?;
    if config.migrate_at_start {
        database.migrate(migrations).await.with_context(|| format!("cannot migrate the {name} database"))?;
    } else {
        let missing = database.missing(&migrations).await.with_context(|| format!("the {name} database"))?;
        ensure!(
            missing.is_empty(),
            "the {name} database is not migrated: run `{name} migrate` ({})",
            missing.join(", ")
        );
    }
    let measured = database.clone();
    lifecycle.spawn(Stage::Workers, format!("{name} pools"), |stop| async move { measured.measure(name, stop).await });
    let to_close = database.clone();
    lifecycle.finally(format!("{name} database"), move || async move { to_close.close().await });
    Ok(database)
}

/// Brings the database of the service `name` to the state that `migrations` describe.
///
/// # Errors
/// When it cannot be reached, is too old, or cannot be migrated.
pub async fn migrate(
    config: &DatabaseConfig,
    migrations: Vec<Box<dyn MigrationTrait>>,
    name: &'static str,
) -> anyhow::Result<()> {
    let database = connect(config, name).await?;
    database.migrate(migrations).await.with_context(|| format!("cannot migrate the {name} database"))?;
    database.close().await;
    tracing::info!(service.name = name, "database migrated");
    Ok(())
}

async fn connect(config: &DatabaseConfig, name: &str) -> anyhow::Result<Database> {
    Database::connect(config).await.with_context(|| format!("cannot connect to the {name} database"))
}

/// The event log of the service `name`, with the relay that publishes it and the housekeeping of the shared tables.
pub fn run_relay(database: &Database, name: &'static str, dependencies: &Dependencies) -> Arc<EventLog> {
    let Dependencies { bus, clock, lifecycle, .. } = dependencies;
    let log = EventLog::new(database.clone(), name);
    let relay = Relay::new(Arc::clone(&log), Arc::clone(bus), Arc::clone(clock), RelaySettings::default());
    lifecycle.spawn(Stage::Relay, format!("{name} relay"), |stop| async move { relay.run(stop).await });
    run_housekeeping(database, name, dependencies);
    log
}

/// The housekeeping of the shared tables, for a service that tells no events and so has no relay.
pub fn run_housekeeping(database: &Database, name: &'static str, dependencies: &Dependencies) {
    let clock = Arc::clone(&dependencies.clock);
    let housekeeping = Housekeeping::new(database, clock, HousekeepingSettings::default());
    let run = |stop| async move { housekeeping.run(stop).await };
    dependencies.lifecycle.spawn(Stage::Workers, format!("{name} housekeeping"), run);
}
