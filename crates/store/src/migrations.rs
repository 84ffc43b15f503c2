//! The tables that every service has through this crate.

use sea_orm_migration::MigrationTrait;

use crate::{PerBackend, SqlMigration};

/// The migrations of this crate's tables; each service's own come after them.
pub fn migrations() -> Vec<Box<dyn MigrationTrait>> {
    vec![Box::new(REQUEST_ID)]
}

/// `key` is derived from principal, workspace, method and the client's id. Found by key only, pruned by age: a BRIN
/// index is enough for rows that arrive in the order of their age.
const REQUEST_ID: SqlMigration = SqlMigration {
    name: "store_001_request_id",
    up: PerBackend {
        postgres: "
            CREATE TABLE request_id (
                key uuid PRIMARY KEY,
                body_digest bytea NOT NULL,
                event_id uuid,
                aggregate_id uuid NOT NULL,
                created_us bigint NOT NULL
            );
            CREATE INDEX request_id_created ON request_id USING brin (created_us);
        ",
        sqlite: "
            CREATE TABLE request_id (
                key BLOB PRIMARY KEY NOT NULL,
                body_digest BLOB NOT NULL,
                event_id BLOB,
                aggregate_id BLOB NOT NULL,
                created_us INTEGER NOT NULL
            ) STRICT;
            CREATE INDEX request_id_created ON request_id (created_us);
        ",
    },
    down: PerBackend { postgres: "DROP TABLE request_id", sqlite: "DROP TABLE request_id" },
};
