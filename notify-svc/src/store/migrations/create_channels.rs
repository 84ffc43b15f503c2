//! Channels, their keys, and deliveries to them.

use mesh_store::{PerBackend, SqlMigration};

/// `channel.host` is what attempts under way are counted by. A key signs until `signs_until_us`; the newest has no such end.
/// A delivery is due at `next_us`, unless somebody holds it until `lease_us`; it is unique for its notification and channel,
/// for ever. `attempts` is JSON: the last ones are always read and written as a whole.
pub(super) const CREATE_CHANNELS: SqlMigration = SqlMigration {
    name: "notify_002_create_channels",
    up: PerBackend {
        postgres: "
            CREATE TABLE channel (
                id uuid PRIMARY KEY,
                workspace_id uuid NOT NULL,
                user_id uuid NOT NULL,
                name text NOT NULL,
                url text NOT NULL,
                host text NOT NULL,
                secret_create_us bigint NOT NULL,
                enabled boolean NOT NULL,
                suspend_reason text,
                last_success_us bigint,
                last_failure_us bigint,
                create_us bigint NOT NULL,
                update_us bigint NOT NULL,
                delete_us bigint,
                version bigint NOT NULL,
                created_by uuid NOT NULL
            );
            CREATE INDEX channel_person ON channel (user_id, create_us, id);
            CREATE TABLE channel_key (
                channel_id uuid NOT NULL,
                version bigint NOT NULL,
                secret bytea NOT NULL,
                signs_until_us bigint,
                PRIMARY KEY (channel_id, version)
            );
            CREATE TABLE delivery (
                id uuid PRIMARY KEY,
                workspace_id uuid NOT NULL,
                user_id uuid NOT NULL,
                notification_id uuid NOT NULL,
                channel_id uuid NOT NULL,
                state smallint NOT NULL,
                next_us bigint,
                lease_us bigint NOT NULL DEFAULT 0,
                attempt_count integer NOT NULL,
                failures integer NOT NULL,
                attempts text NOT NULL,
                deliver_us bigint,
                create_us bigint NOT NULL,
                update_us bigint NOT NULL,
                version bigint NOT NULL,
                created_by uuid NOT NULL
            );
            CREATE UNIQUE INDEX delivery_once ON delivery (notification_id, channel_id);
            CREATE INDEX delivery_due ON delivery (next_us) WHERE next_us IS NOT NULL;
            CREATE INDEX delivery_waiting ON delivery (channel_id) WHERE next_us IS NOT NULL;
            CREATE INDEX delivery_person ON delivery (workspace_id, user_id, create_us, id);
        ",
        sqlite: "
            CREATE TABLE channel (
                id BLOB PRIMARY KEY NOT NULL,
                workspace_id BLOB NOT NULL,
                user_id BLOB NOT NULL,
                name TEXT NOT NULL,
                url TEXT NOT NULL,
                host TEXT NOT NULL,
                secret_create_us INTEGER NOT NULL,
                enabled INTEGER NOT NULL,
                suspend_reason TEXT,
                last_success_us INTEGER,
                last_failure_us INTEGER,
                create_us INTEGER NOT NULL,
                update_us INTEGER NOT NULL,
                delete_us INTEGER,
                version INTEGER NOT NULL,
                created_by BLOB NOT NULL
            ) STRICT;
            CREATE INDEX channel_person ON channel (user_id, create_us, id);
            CREATE TABLE channel_key (
                channel_id BLOB NOT NULL,
                version INTEGER NOT NULL,
                secret BLOB NOT NULL,
                signs_until_us INTEGER,
                PRIMARY KEY (channel_id, version)
            ) STRICT, WITHOUT ROWID;
            CREATE TABLE delivery (
                id BLOB PRIMARY KEY NOT NULL,
                workspace_id BLOB NOT NULL,
                user_id BLOB NOT NULL,
                notification_id BLOB NOT NULL,
                channel_id BLOB NOT NULL,
                state INTEGER NOT NULL,
                next_us INTEGER,
                lease_us INTEGER NOT NULL DEFAULT 0,
                attempt_count INTEGER NOT NULL,
                failures INTEGER NOT NULL,
                attempts TEXT NOT NULL,
                deliver_us INTEGER,
                create_us INTEGER NOT NULL,
                update_us INTEGER NOT NULL,
                version INTEGER NOT NULL,
                created_by BLOB NOT NULL
            ) STRICT;
            CREATE UNIQUE INDEX delivery_once ON delivery (notification_id, channel_id);
            CREATE INDEX delivery_due ON delivery (next_us) WHERE next_us IS NOT NULL;
            CREATE INDEX delivery_waiting ON delivery (channel_id) WHERE next_us IS NOT NULL;
            CREATE INDEX delivery_person ON delivery (workspace_id, user_id, create_us, id);
        ",
    },
    down: PerBackend {
        postgres: "DROP TABLE delivery; DROP TABLE channel_key; DROP TABLE channel;",
        sqlite: "DROP TABLE delivery; DROP TABLE channel_key; DROP TABLE channel;",
    },
};
