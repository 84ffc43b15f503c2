//! Notifications, and what is void of what reminders told.

use mesh_store::{PerBackend, SqlMigration};

/// A notification stays for ever known by its id, so that it is told once. `reminder_epoch` and `reminder_version` are
/// the revision of the reminder that it tells of. A tombstone holds the newest revision that made void what was told
/// before it, zero if there is none: everybody who handles events of a reminder locks its row.
pub(super) const CREATE_NOTIFICATIONS: SqlMigration = SqlMigration {
    name: "notify_001_create_notifications",
    up: PerBackend {
        postgres: "
            CREATE TABLE notification (
                id uuid PRIMARY KEY,
                workspace_id uuid NOT NULL,
                user_id uuid NOT NULL,
                category smallint NOT NULL,
                title text NOT NULL,
                body text NOT NULL,
                task_id uuid,
                reminder_id uuid,
                reminder_epoch bigint,
                reminder_version bigint,
                event_us bigint NOT NULL,
                late boolean NOT NULL,
                urgent boolean NOT NULL,
                seen_us bigint,
                read_us bigint,
                withdraw_us bigint,
                create_us bigint NOT NULL,
                update_us bigint NOT NULL,
                version bigint NOT NULL,
                created_by uuid NOT NULL
            );
            CREATE INDEX notification_inbox ON notification (workspace_id, user_id, create_us, id);
            CREATE INDEX notification_unseen ON notification (workspace_id, user_id, create_us, id)
                WHERE seen_us IS NULL AND withdraw_us IS NULL;
            CREATE INDEX notification_unread ON notification (workspace_id, user_id)
                WHERE read_us IS NULL AND withdraw_us IS NULL;
            CREATE INDEX notification_reminder ON notification (reminder_id) WHERE reminder_id IS NOT NULL;
            CREATE TABLE reminder_tombstone (
                reminder_id uuid PRIMARY KEY,
                epoch bigint NOT NULL,
                version bigint NOT NULL
            );
        ",
        sqlite: "
            CREATE TABLE notification (
                id BLOB PRIMARY KEY NOT NULL,
                workspace_id BLOB NOT NULL,
                user_id BLOB NOT NULL,
                category INTEGER NOT NULL,
                title TEXT NOT NULL,
                body TEXT NOT NULL,
                task_id BLOB,
                reminder_id BLOB,
                reminder_epoch INTEGER,
                reminder_version INTEGER,
                event_us INTEGER NOT NULL,
                late INTEGER NOT NULL,
                urgent INTEGER NOT NULL,
                seen_us INTEGER,
                read_us INTEGER,
                withdraw_us INTEGER,
                create_us INTEGER NOT NULL,
                update_us INTEGER NOT NULL,
                version INTEGER NOT NULL,
                created_by BLOB NOT NULL
            ) STRICT;
            CREATE INDEX notification_inbox ON notification (workspace_id, user_id, create_us, id);
            CREATE INDEX notification_unseen ON notification (workspace_id, user_id, create_us, id)
                WHERE seen_us IS NULL AND withdraw_us IS NULL;
            CREATE INDEX notification_unread ON notification (workspace_id, user_id)
                WHERE read_us IS NULL AND withdraw_us IS NULL;
            CREATE INDEX notification_reminder ON notification (reminder_id) WHERE reminder_id IS NOT NULL;
            CREATE TABLE reminder_tombstone (
                reminder_id BLOB PRIMARY KEY NOT NULL,
                epoch INTEGER NOT NULL,
                version INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID;
        ",
    },
    down: PerBackend {
        postgres: "DROP TABLE reminder_tombstone; DROP TABLE notification;",
        sqlite: "DROP TABLE reminder_tombstone; DROP TABLE notification;",
    },
};
