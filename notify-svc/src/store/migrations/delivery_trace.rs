//! In which trace a delivery is sent.

use mesh_store::{PerBackend, SqlMigration};

/// The `traceparent` of what led to it; NULL, as a rule, where traces are not collected.
pub(super) const DELIVERY_TRACE: SqlMigration = SqlMigration {
    name: "notify_003_delivery_trace",
    up: PerBackend {
        postgres: "ALTER TABLE delivery ADD COLUMN trace_parent text",
        sqlite: "ALTER TABLE delivery ADD COLUMN trace_parent TEXT",
    },
    down: PerBackend { postgres: DOWN, sqlite: DOWN },
};

const DOWN: &str = "ALTER TABLE delivery DROP COLUMN trace_parent";
