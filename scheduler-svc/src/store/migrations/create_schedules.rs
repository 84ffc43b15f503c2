//! Schedules and their occurrences.

use mesh_store::{PerBackend, SqlMigration};

/// Nominal starts are text of one form, so that text order, byte by byte, is the order of time. A schedule without a next
/// occurrence has the largest `next_us`, so that one index serves the order. Occurrences stay for ever: their key is what
/// keeps a successor from being planned twice.
pub(super) const CREATE_SCHEDULES: SqlMigration = SqlMigration {
    name: "scheduler_002_create_schedules",
    up: PerBackend {
        postgres: "
            CREATE TABLE schedule (
                id uuid PRIMARY KEY,
                workspace_id uuid NOT NULL,
                task_id uuid NOT NULL,
                template text NOT NULL,
                rrule text NOT NULL,
                description text NOT NULL,
                start text NOT NULL,
                time_zone text NOT NULL,
                policies text NOT NULL,
                state smallint NOT NULL,
                next_nominal text,
                next_us bigint NOT NULL,
                planned_count integer NOT NULL,
                pause_us bigint,
                end_us bigint,
                create_us bigint NOT NULL,
                update_us bigint NOT NULL,
                delete_us bigint,
                version bigint NOT NULL,
                created_by uuid NOT NULL
            );
            CREATE INDEX schedule_create ON schedule (workspace_id, create_us, id);
            CREATE INDEX schedule_next ON schedule (workspace_id, next_us, id);
            CREATE TABLE occurrence (
                schedule_id uuid NOT NULL,
                nominal text COLLATE \"C\" NOT NULL,
                instant_us bigint NOT NULL,
                local text NOT NULL,
                offset_seconds integer NOT NULL,
                adjustments text NOT NULL,
                task_id uuid NOT NULL,
                state smallint NOT NULL,
                successor_planned boolean NOT NULL,
                plan_us bigint NOT NULL,
                close_us bigint,
                since_version bigint NOT NULL,
                since_us bigint NOT NULL,
                newest_epoch bigint NOT NULL,
                newest_version bigint NOT NULL,
                to_do smallint,
                attempts integer NOT NULL,
                attempt_us bigint NOT NULL,
                PRIMARY KEY (schedule_id, nominal)
            );
            CREATE INDEX occurrence_task ON occurrence (task_id);
            CREATE INDEX occurrence_to_do ON occurrence (attempt_us) WHERE to_do IS NOT NULL;
        ",
        sqlite: "
            CREATE TABLE schedule (
                id BLOB PRIMARY KEY NOT NULL,
                workspace_id BLOB NOT NULL,
                task_id BLOB NOT NULL,
                template TEXT NOT NULL,
                rrule TEXT NOT NULL,
                description TEXT NOT NULL,
                start TEXT NOT NULL,
                time_zone TEXT NOT NULL,
                policies TEXT NOT NULL,
                state INTEGER NOT NULL,
                next_nominal TEXT,
                next_us INTEGER NOT NULL,
                planned_count INTEGER NOT NULL,
                pause_us INTEGER,
                end_us INTEGER,
                create_us INTEGER NOT NULL,
                update_us INTEGER NOT NULL,
                delete_us INTEGER,
                version INTEGER NOT NULL,
                created_by BLOB NOT NULL
            ) STRICT;
            CREATE INDEX schedule_create ON schedule (workspace_id, create_us, id);
            CREATE INDEX schedule_next ON schedule (workspace_id, next_us, id);
            CREATE TABLE occurrence (
                schedule_id BLOB NOT NULL,
                nominal TEXT NOT NULL,
                instant_us INTEGER NOT NULL,
                local TEXT NOT NULL,
                offset_seconds INTEGER NOT NULL,
                adjustments TEXT NOT NULL,
                task_id BLOB NOT NULL,
                state INTEGER NOT NULL,
                successor_planned INTEGER NOT NULL,
                plan_us INTEGER NOT NULL,
                close_us INTEGER,
                since_version INTEGER NOT NULL,
                since_us INTEGER NOT NULL,
                newest_epoch INTEGER NOT NULL,
                newest_version INTEGER NOT NULL,
                to_do INTEGER,
                attempts INTEGER NOT NULL,
                attempt_us INTEGER NOT NULL,
                PRIMARY KEY (schedule_id, nominal)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX occurrence_task ON occurrence (task_id);
            CREATE INDEX occurrence_to_do ON occurrence (attempt_us) WHERE to_do IS NOT NULL;
        ",
    },
    down: PerBackend {
        postgres: "DROP TABLE occurrence; DROP TABLE schedule;",
        sqlite: "DROP TABLE occurrence; DROP TABLE schedule;",
    },
};
