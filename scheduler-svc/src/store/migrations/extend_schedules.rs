//! Schedules that are made from a template, split, changed, and planned by the clock.

use mesh_store::{PerBackend, SqlMigration};

/// A schedule without a first task of its own has the nil UUID there, as a column cannot be made to allow null in SQLite.
/// `plan_us` is when there is something to plan as time goes by.
pub(super) const EXTEND_SCHEDULES: SqlMigration = SqlMigration {
    name: "scheduler_003_extend_schedules",
    up: PerBackend {
        postgres: "
            ALTER TABLE schedule
                ADD COLUMN split_from uuid, ADD COLUMN rules_from text, ADD COLUMN ends_before text,
                ADD COLUMN plan_us bigint;
            CREATE INDEX schedule_plan ON schedule (plan_us) WHERE plan_us IS NOT NULL;
            CREATE INDEX occurrence_open ON occurrence (schedule_id, nominal) WHERE state <= 30;
            CREATE TABLE zone_data (id smallint PRIMARY KEY, version text NOT NULL);
        ",
        sqlite: "
            ALTER TABLE schedule ADD COLUMN split_from BLOB;
            ALTER TABLE schedule ADD COLUMN rules_from TEXT;
            ALTER TABLE schedule ADD COLUMN ends_before TEXT;
            ALTER TABLE schedule ADD COLUMN plan_us INTEGER;
            CREATE INDEX schedule_plan ON schedule (plan_us) WHERE plan_us IS NOT NULL;
            CREATE INDEX occurrence_open ON occurrence (schedule_id, nominal) WHERE state <= 30;
            CREATE TABLE zone_data (id INTEGER PRIMARY KEY NOT NULL, version TEXT NOT NULL) STRICT;
        ",
    },
    down: PerBackend {
        postgres: "
            DROP TABLE zone_data; DROP INDEX occurrence_open; DROP INDEX schedule_plan;
            ALTER TABLE schedule
                DROP COLUMN plan_us, DROP COLUMN ends_before, DROP COLUMN rules_from, DROP COLUMN split_from;
        ",
        sqlite: "
            DROP TABLE zone_data; DROP INDEX occurrence_open; DROP INDEX schedule_plan;
            ALTER TABLE schedule DROP COLUMN plan_us;
            ALTER TABLE schedule DROP COLUMN ends_before;
            ALTER TABLE schedule DROP COLUMN rules_from;
            ALTER TABLE schedule DROP COLUMN split_from;
        ",
    },
};
