//! The tables that every service has through this crate.

use mesh_store::{PerBackend, SqlMigration};
use sea_orm_migration::MigrationTrait;

/// The migrations of this crate's tables; each service's own come after them.
pub fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(EVENT_LOG), Box::new(RELAY), Box::new(INBOX), Box::new(DEAD_LETTER), Box::new(RELAY_LAST)]
}

const EVENT_LOG: SqlMigration = SqlMigration {
    name: "events_001_event_log",
    up: PerBackend {
        postgres: "
            CREATE TABLE source_epoch (
                one boolean PRIMARY KEY DEFAULT true CHECK (one),
                epoch bigint NOT NULL
            );
            INSERT INTO source_epoch (epoch) VALUES (1);
            CREATE TABLE event_log (
                seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                event_id uuid NOT NULL UNIQUE,
                time_us bigint NOT NULL,
                workspace_id uuid NOT NULL,
                entity text NOT NULL,
                aggregate_id uuid NOT NULL,
                epoch bigint NOT NULL,
                version bigint NOT NULL,
                verb text NOT NULL,
                event_type text NOT NULL,
                actor text NOT NULL,
                trace_parent text,
                payload bytea NOT NULL
            );
            CREATE TABLE outbox_pending (
                seq bigint PRIMARY KEY
            ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
                    autovacuum_vacuum_cost_delay = 0);
        ",
        sqlite: "
            CREATE TABLE source_epoch (
                one INTEGER PRIMARY KEY DEFAULT 1 CHECK (one = 1),
                epoch INTEGER NOT NULL
            ) STRICT;
            INSERT INTO source_epoch (epoch) VALUES (1);
            CREATE TABLE event_log (
                seq INTEGER PRIMARY KEY AUTOINCREMENT,
                event_id BLOB NOT NULL UNIQUE,
                time_us INTEGER NOT NULL,
                workspace_id BLOB NOT NULL,
                entity TEXT NOT NULL,
                aggregate_id BLOB NOT NULL,
                epoch INTEGER NOT NULL,
                version INTEGER NOT NULL,
                verb TEXT NOT NULL,
                event_type TEXT NOT NULL,
                actor TEXT NOT NULL,
                trace_parent TEXT,
                payload BLOB NOT NULL
            ) STRICT;
        ",
    },
    down: PerBackend {
        postgres: "DROP TABLE outbox_pending; DROP TABLE event_log; DROP TABLE source_epoch;",
        sqlite: "DROP TABLE event_log; DROP TABLE source_epoch;",
    },
};

/// `owner` is null when the lease was given back. `bus_identity` is the stream that events were last published to.
const RELAY: SqlMigration = SqlMigration {
    name: "events_002_relay",
    up: PerBackend {
        postgres: "
            CREATE TABLE relay_lease (
                source text PRIMARY KEY,
                owner uuid,
                epoch bigint NOT NULL,
                expires_us bigint NOT NULL,
                bus_identity text
            );
        ",
        sqlite: "
            CREATE TABLE relay_lease (
                source TEXT PRIMARY KEY NOT NULL,
                owner BLOB,
                epoch INTEGER NOT NULL,
                expires_us INTEGER NOT NULL,
                bus_identity TEXT
            ) STRICT;
            CREATE TABLE relay_cursor (
                one INTEGER PRIMARY KEY DEFAULT 1 CHECK (one = 1),
                seq INTEGER NOT NULL
            ) STRICT;
            INSERT INTO relay_cursor (seq) VALUES (0);
        ",
    },
    down: PerBackend { postgres: "DROP TABLE relay_lease", sqlite: "DROP TABLE relay_lease; DROP TABLE relay_cursor;" },
};

/// Rows arrive in the order of their age, so that on PostgreSQL a BRIN index is enough to prune by it.
const INBOX: SqlMigration = SqlMigration {
    name: "events_003_inbox",
    up: PerBackend {
        postgres: "
            CREATE TABLE inbox (
                consumer text NOT NULL,
                event_id uuid NOT NULL,
                seen_us bigint NOT NULL,
                PRIMARY KEY (consumer, event_id)
            );
            CREATE INDEX inbox_seen ON inbox USING brin (seen_us);
        ",
        sqlite: "
            CREATE TABLE inbox (
                consumer TEXT NOT NULL,
                event_id BLOB NOT NULL,
                seen_us INTEGER NOT NULL,
                PRIMARY KEY (consumer, event_id)
            ) STRICT, WITHOUT ROWID;
            CREATE INDEX inbox_seen ON inbox (seen_us);
        ",
    },
    down: PerBackend { postgres: "DROP TABLE inbox", sqlite: "DROP TABLE inbox" },
};

/// `letter` is what came from the bus without its body, as JSON; `payload` is the body.
const DEAD_LETTER: SqlMigration = SqlMigration {
    name: "events_004_dead_letter",
    up: PerBackend {
        postgres: "
            CREATE TABLE dead_letter (
                consumer text NOT NULL,
                event_id uuid NOT NULL,
                state text NOT NULL CHECK (state IN ('retrying', 'parked')),
                attempts integer NOT NULL,
                next_attempt_us bigint NOT NULL,
                failed_us bigint NOT NULL,
                reason text NOT NULL,
                letter text NOT NULL,
                payload bytea NOT NULL,
                PRIMARY KEY (consumer, event_id)
            );
            CREATE INDEX dead_letter_due ON dead_letter (consumer, next_attempt_us) WHERE state = 'retrying';
        ",
        sqlite: "
            CREATE TABLE dead_letter (
                consumer TEXT NOT NULL,
                event_id BLOB NOT NULL,
                state TEXT NOT NULL CHECK (state IN ('retrying', 'parked')),
                attempts INTEGER NOT NULL,
                next_attempt_us INTEGER NOT NULL,
                failed_us INTEGER NOT NULL,
                reason TEXT NOT NULL,
                letter TEXT NOT NULL,
                payload BLOB NOT NULL,
                PRIMARY KEY (consumer, event_id)
            ) STRICT;
            CREATE INDEX dead_letter_due ON dead_letter (consumer, next_attempt_us) WHERE state = 'retrying';
        ",
    },
    down: PerBackend { postgres: "DROP TABLE dead_letter", sqlite: "DROP TABLE dead_letter" },
};

/// The last event that the stream has taken, and where: a stream that comes back without it has lost something.
const RELAY_LAST: SqlMigration = SqlMigration {
    name: "events_005_relay_last",
    up: PerBackend {
        postgres: "ALTER TABLE relay_lease ADD COLUMN bus_sequence bigint, ADD COLUMN bus_event uuid",
        sqlite: "ALTER TABLE relay_lease ADD COLUMN bus_sequence INTEGER;
                 ALTER TABLE relay_lease ADD COLUMN bus_event BLOB;",
    },
    down: PerBackend {
        postgres: "ALTER TABLE relay_lease DROP COLUMN bus_sequence, DROP COLUMN bus_event",
        sqlite: "ALTER TABLE relay_lease DROP COLUMN bus_sequence; ALTER TABLE relay_lease DROP COLUMN bus_event;",
    },
};
