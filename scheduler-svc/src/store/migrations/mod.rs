//! What this service's database looks like, step by step: one file a step, each reversible, none ever edited after a
//! release.

mod create_reminders;
mod create_schedules;
mod extend_schedules;
mod reminder_day_start;
mod reminder_trace;

use sea_orm_migration::MigrationTrait;

/// Every migration of this service, the shared ones first.
pub fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    let mut migrations = mesh_store::migrations();
    migrations.extend(mesh_events::migrations());
    migrations.push(Box::new(create_reminders::CREATE_REMINDERS));
    migrations.push(Box::new(create_schedules::CREATE_SCHEDULES));
    migrations.push(Box::new(extend_schedules::EXTEND_SCHEDULES));
    migrations.push(Box::new(reminder_day_start::REMINDER_DAY_START));
    migrations.push(Box::new(reminder_trace::REMINDER_TRACE));
    migrations
}
