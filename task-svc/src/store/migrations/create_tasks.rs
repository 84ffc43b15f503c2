//! Tasks, and which occurrences of schedules have had theirs.

use mesh_store::{PerBackend, SqlMigration};

/// Text that is ordered is ordered byte by byte in both databases. A task that is never due has the largest `due_us`,
/// so that one index serves the order. `task_occurrence` outlives the tasks it tells of.
pub(super) const CREATE_TASKS: SqlMigration = SqlMigration {
    name: "task_001_create_tasks",
    up: PerBackend {
        postgres: "
            CREATE TABLE task (
                id uuid PRIMARY KEY,
                workspace_id uuid NOT NULL,
                list_id uuid,
                parent_id uuid,
                title text COLLATE \"C\" NOT NULL,
                description text,
                status smallint NOT NULL,
                priority smallint NOT NULL,
                tags text NOT NULL,
                start_us bigint,
                start_local text,
                start_zone text,
                due_us bigint NOT NULL,
                due_local text,
                due_zone text,
                position text COLLATE \"C\" NOT NULL,
                schedule_id uuid,
                occurrence text,
                completed_us bigint,
                create_us bigint NOT NULL,
                update_us bigint NOT NULL,
                delete_us bigint,
                version bigint NOT NULL,
                created_by uuid NOT NULL
            );
            CREATE INDEX task_create ON task (workspace_id, create_us, id);
            CREATE INDEX task_due ON task (workspace_id, due_us, id);
            CREATE INDEX task_parent ON task (workspace_id, parent_id) WHERE parent_id IS NOT NULL;
            CREATE TABLE task_occurrence (
                workspace_id uuid NOT NULL,
                schedule_id uuid NOT NULL,
                occurrence text NOT NULL,
                task_id uuid NOT NULL,
                PRIMARY KEY (workspace_id, schedule_id, occurrence)
            );
        ",
        sqlite: "
            CREATE TABLE task (
                id BLOB PRIMARY KEY NOT NULL,
                workspace_id BLOB NOT NULL,
                list_id BLOB,
                parent_id BLOB,
                title TEXT NOT NULL,
                description TEXT,
                status INTEGER NOT NULL,
                priority INTEGER NOT NULL,
                tags TEXT NOT NULL,
                start_us INTEGER,
                start_local TEXT,
                start_zone TEXT,
                due_us INTEGER NOT NULL,
                due_local TEXT,
                due_zone TEXT,
                position TEXT NOT NULL,
                schedule_id BLOB,
                occurrence TEXT,
                completed_us INTEGER,
                create_us INTEGER NOT NULL,
                update_us INTEGER NOT NULL,
                delete_us INTEGER,
                version INTEGER NOT NULL,
                created_by BLOB NOT NULL
            ) STRICT;
            CREATE INDEX task_create ON task (workspace_id, create_us, id);
            CREATE INDEX task_due ON task (workspace_id, due_us, id);
            CREATE INDEX task_parent ON task (workspace_id, parent_id) WHERE parent_id IS NOT NULL;
            CREATE TABLE task_occurrence (
                workspace_id BLOB NOT NULL,
                schedule_id BLOB NOT NULL,
                occurrence TEXT NOT NULL,
                task_id BLOB NOT NULL,
                PRIMARY KEY (workspace_id, schedule_id, occurrence)
            ) STRICT, WITHOUT ROWID;
        ",
    },
    down: PerBackend {
        postgres: "DROP TABLE task_occurrence; DROP TABLE task;",
        sqlite: "DROP TABLE task_occurrence; DROP TABLE task;",
    },
};
