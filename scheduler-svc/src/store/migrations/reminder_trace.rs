//! In which trace a reminder fires.

use mesh_store::{PerBackend, SqlMigration};

/// The `traceparent` of the call that made or last edited it; NULL, as a rule, where traces are not collected.
pub(super) const REMINDER_TRACE: SqlMigration = SqlMigration {
    name: "scheduler_005_reminder_trace",
    up: PerBackend {
        postgres: "ALTER TABLE reminder ADD COLUMN trace_parent text",
        sqlite: "ALTER TABLE reminder ADD COLUMN trace_parent TEXT",
    },
    down: PerBackend { postgres: DOWN, sqlite: DOWN },
};

const DOWN: &str = "ALTER TABLE reminder DROP COLUMN trace_parent";
