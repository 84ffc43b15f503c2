//! Reminders, their timers, the replicas that hold timers, and what is known of tasks.

use mesh_store::{PerBackend, SqlMigration};

/// A reminder that will not fire has the largest `fire_us`, so that one index serves the order. `timer` is narrow and has
/// a row for each reminder that will fire. `timer_replica` is on the database's clock.
pub(super) const CREATE_REMINDERS: SqlMigration = SqlMigration {
    name: "scheduler_001_create_reminders",
    up: PerBackend { postgres: POSTGRES, sqlite: SQLITE },
    down: PerBackend { postgres: DROP, sqlite: DROP },
};

const DROP: &str = "DROP TABLE timer_replica; DROP TABLE timer; DROP TABLE reminder; DROP TABLE task_ref;";

const POSTGRES: &str = "
    CREATE TABLE task_ref (
        task_id uuid PRIMARY KEY,
        workspace_id uuid,
        epoch bigint NOT NULL DEFAULT 0,
        version bigint NOT NULL DEFAULT 0,
        title text NOT NULL DEFAULT '',
        status smallint NOT NULL DEFAULT 10,
        deleted boolean NOT NULL DEFAULT false,
        start_us bigint,
        start_local text,
        start_zone text,
        due_us bigint,
        due_local text,
        due_zone text
    );
    CREATE TABLE reminder (
        id uuid PRIMARY KEY,
        workspace_id uuid NOT NULL,
        task_id uuid NOT NULL,
        user_id uuid NOT NULL,
        offset_us bigint,
        anchor smallint NOT NULL,
        at_us bigint,
        repeat_us bigint,
        repeat_limit integer,
        channel_ids text NOT NULL,
        carry_over boolean,
        state smallint NOT NULL,
        fire_us bigint NOT NULL,
        last_fire_us bigint,
        fire_count integer NOT NULL,
        late boolean NOT NULL,
        snooze_us bigint,
        base_us bigint,
        round integer NOT NULL,
        zone text,
        create_us bigint NOT NULL,
        update_us bigint NOT NULL,
        delete_us bigint,
        version bigint NOT NULL
    ) WITH (fillfactor = 85);
    CREATE INDEX reminder_task ON reminder (task_id, user_id) WHERE delete_us IS NULL;
    CREATE INDEX reminder_fire ON reminder (user_id, workspace_id, fire_us, id);
    CREATE INDEX reminder_create ON reminder (user_id, workspace_id, create_us, id);
    CREATE TABLE timer (
        reminder_id uuid PRIMARY KEY,
        due_us bigint NOT NULL,
        generation bigint NOT NULL,
        holder uuid
    ) WITH (fillfactor = 80);
    CREATE INDEX timer_due ON timer (due_us);
    CREATE TABLE timer_replica (
        id uuid PRIMARY KEY,
        lease_until_us bigint NOT NULL
    );
";

const SQLITE: &str = "
    CREATE TABLE task_ref (
        task_id BLOB PRIMARY KEY NOT NULL,
        workspace_id BLOB,
        epoch INTEGER NOT NULL DEFAULT 0,
        version INTEGER NOT NULL DEFAULT 0,
        title TEXT NOT NULL DEFAULT '',
        status INTEGER NOT NULL DEFAULT 10,
        deleted INTEGER NOT NULL DEFAULT 0,
        start_us INTEGER,
        start_local TEXT,
        start_zone TEXT,
        due_us INTEGER,
        due_local TEXT,
        due_zone TEXT
    ) STRICT;
    CREATE TABLE reminder (
        id BLOB PRIMARY KEY NOT NULL,
        workspace_id BLOB NOT NULL,
        task_id BLOB NOT NULL,
        user_id BLOB NOT NULL,
        offset_us INTEGER,
        anchor INTEGER NOT NULL,
        at_us INTEGER,
        repeat_us INTEGER,
        repeat_limit INTEGER,
        channel_ids TEXT NOT NULL,
        carry_over INTEGER,
        state INTEGER NOT NULL,
        fire_us INTEGER NOT NULL,
        last_fire_us INTEGER,
        fire_count INTEGER NOT NULL,
        late INTEGER NOT NULL,
        snooze_us INTEGER,
        base_us INTEGER,
        round INTEGER NOT NULL,
        zone TEXT,
        create_us INTEGER NOT NULL,
        update_us INTEGER NOT NULL,
        delete_us INTEGER,
        version INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX reminder_task ON reminder (task_id, user_id) WHERE delete_us IS NULL;
    CREATE INDEX reminder_fire ON reminder (user_id, workspace_id, fire_us, id);
    CREATE INDEX reminder_create ON reminder (user_id, workspace_id, create_us, id);
    CREATE TABLE timer (
        reminder_id BLOB PRIMARY KEY NOT NULL,
        due_us INTEGER NOT NULL,
        generation INTEGER NOT NULL,
        holder BLOB
    ) STRICT;
    CREATE INDEX timer_due ON timer (due_us);
    CREATE TABLE timer_replica (
        id BLOB PRIMARY KEY NOT NULL,
        lease_until_us INTEGER NOT NULL
    ) STRICT;
";
