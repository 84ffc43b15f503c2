//! When the day of a reminder's person begins, and what is known of people.

use mesh_store::{PerBackend, SqlMigration};

/// A person of version 0 is only expected so far. `to_follow` is set while there may be reminders that do not know yet how
/// the person counts their days.
pub(super) const REMINDER_DAY_START: SqlMigration = SqlMigration {
    name: "scheduler_004_reminder_day_start",
    up: PerBackend {
        postgres: "
            ALTER TABLE reminder ADD COLUMN day_start text;
            CREATE TABLE person (
                user_id uuid PRIMARY KEY,
                epoch bigint NOT NULL DEFAULT 0,
                version bigint NOT NULL DEFAULT 0,
                zone text,
                day_start text,
                to_follow boolean NOT NULL DEFAULT false
            );
            CREATE INDEX person_to_follow ON person (user_id) WHERE to_follow;
        ",
        sqlite: "
            ALTER TABLE reminder ADD COLUMN day_start TEXT;
            CREATE TABLE person (
                user_id BLOB PRIMARY KEY NOT NULL,
                epoch INTEGER NOT NULL DEFAULT 0,
                version INTEGER NOT NULL DEFAULT 0,
                zone TEXT,
                day_start TEXT,
                to_follow INTEGER NOT NULL DEFAULT 0
            ) STRICT;
            CREATE INDEX person_to_follow ON person (user_id) WHERE to_follow;
        ",
    },
    down: PerBackend { postgres: DOWN, sqlite: DOWN },
};

const DOWN: &str = "DROP TABLE person; ALTER TABLE reminder DROP COLUMN day_start;";
