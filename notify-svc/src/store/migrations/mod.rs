//! What this service's database looks like, step by step: one file a step, each reversible, none ever edited after a
//! release.

mod create_channels;
mod create_notifications;
mod delivery_trace;

use sea_orm_migration::MigrationTrait;

/// Every migration of this service, the shared ones first.
pub fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    let mut migrations = mesh_store::migrations();
    migrations.extend(mesh_events::migrations());
    migrations.push(Box::new(create_notifications::CREATE_NOTIFICATIONS));
    migrations.push(Box::new(create_channels::CREATE_CHANNELS));
    migrations.push(Box::new(delivery_trace::DELIVERY_TRACE));
    migrations
}
