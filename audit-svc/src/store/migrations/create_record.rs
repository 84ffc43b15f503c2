//! Entries, and how far each workspace's record has come.

use mesh_store::{PerBackend, SqlMigration};

/// `record` is the row that is locked to append; `audit_event` and `foreign_message` only ever grow.
pub(super) const CREATE_RECORD: SqlMigration = SqlMigration {
    name: "audit_001_create_record",
    up: PerBackend {
        postgres: "
            CREATE TABLE record (
                workspace_id uuid PRIMARY KEY,
                size bigint NOT NULL,
                last_us bigint NOT NULL
            ) WITH (fillfactor = 70);
            CREATE TABLE audit_event (
                event_id uuid PRIMARY KEY,
                workspace_id uuid NOT NULL,
                sequence bigint NOT NULL,
                entity text NOT NULL,
                entity_id uuid NOT NULL,
                epoch bigint NOT NULL,
                version bigint NOT NULL,
                verb text NOT NULL,
                user_id uuid NOT NULL,
                actor text NOT NULL,
                event_us bigint NOT NULL,
                record_us bigint NOT NULL,
                source text NOT NULL,
                trace_parent text,
                event_type text NOT NULL,
                payload bytea NOT NULL
            );
            CREATE UNIQUE INDEX audit_event_place ON audit_event (workspace_id, sequence);
            CREATE INDEX audit_event_arrival ON audit_event (workspace_id, record_us, sequence);
            CREATE INDEX audit_event_history ON audit_event (entity_id, epoch, version);
            CREATE TABLE foreign_message (
                id uuid PRIMARY KEY,
                stream text NOT NULL,
                stream_sequence bigint NOT NULL,
                subject text NOT NULL,
                headers text NOT NULL,
                reason text NOT NULL,
                payload bytea NOT NULL,
                record_us bigint NOT NULL
            );
            CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
            END $$;
            CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_event
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
            CREATE TRIGGER foreign_message_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON foreign_message
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
        ",
        sqlite: "
            CREATE TABLE record (
                workspace_id BLOB PRIMARY KEY NOT NULL,
                size INTEGER NOT NULL,
                last_us INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID;
            CREATE TABLE audit_event (
                event_id BLOB PRIMARY KEY NOT NULL,
                workspace_id BLOB NOT NULL,
                sequence INTEGER NOT NULL,
                entity TEXT NOT NULL,
                entity_id BLOB NOT NULL,
                epoch INTEGER NOT NULL,
                version INTEGER NOT NULL,
                verb TEXT NOT NULL,
                user_id BLOB NOT NULL,
                actor TEXT NOT NULL,
                event_us INTEGER NOT NULL,
                record_us INTEGER NOT NULL,
                source TEXT NOT NULL,
                trace_parent TEXT,
                event_type TEXT NOT NULL,
                payload BLOB NOT NULL
            ) STRICT;
            CREATE UNIQUE INDEX audit_event_place ON audit_event (workspace_id, sequence);
            CREATE INDEX audit_event_arrival ON audit_event (workspace_id, record_us, sequence);
            CREATE INDEX audit_event_history ON audit_event (entity_id, epoch, version);
            CREATE TABLE foreign_message (
                id BLOB PRIMARY KEY NOT NULL,
                stream TEXT NOT NULL,
                stream_sequence INTEGER NOT NULL,
                subject TEXT NOT NULL,
                headers TEXT NOT NULL,
                reason TEXT NOT NULL,
                payload BLOB NOT NULL,
                record_us INTEGER NOT NULL
            ) STRICT;
            CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event
                BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END;
            CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event
                BEGIN SELECT RAISE(ABORT, 'audit_event is append-only'); END;
            CREATE TRIGGER foreign_message_no_update BEFORE UPDATE ON foreign_message
                BEGIN SELECT RAISE(ABORT, 'foreign_message is append-only'); END;
            CREATE TRIGGER foreign_message_no_delete BEFORE DELETE ON foreign_message
                BEGIN SELECT RAISE(ABORT, 'foreign_message is append-only'); END;
        ",
    },
    down: PerBackend {
        postgres: "DROP TABLE foreign_message, audit_event, record; DROP FUNCTION refuse_change",
        sqlite: "DROP TABLE foreign_message; DROP TABLE audit_event; DROP TABLE record",
    },
};
