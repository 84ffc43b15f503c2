//! The SQLite file: how it is opened, and what is in it.

use std::{path::Path, time::Duration};

use mesh_types::{Timestamp, new_id};
use sqlx::{
    ConnectOptions, Connection, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};

/// `auto_vacuum` counts only before the first table, and `journal_mode` writes the first page.
const PREPARE: &str = "
PRAGMA auto_vacuum = INCREMENTAL;
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA journal_size_limit = 16777216;
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS stream (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    identity TEXT NOT NULL,
    purged_to INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS event (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id BLOB NOT NULL UNIQUE,
    published_us INTEGER NOT NULL,
    entity TEXT NOT NULL,
    subject TEXT NOT NULL,
    headers TEXT NOT NULL,
    payload BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS consumer_cursor (
    durable TEXT PRIMARY KEY,
    sequence INTEGER NOT NULL,
    updated_us INTEGER NOT NULL
) WITHOUT ROWID;
COMMIT;
";

/// Where the log is.
#[derive(Clone, Debug)]
pub(super) struct File {
    options: SqliteConnectOptions,
}

/// What is in the log when it is opened.
pub(super) struct Opened {
    pub(super) connection: SqliteConnection,
    pub(super) identity: String,
    /// The newest event's number, also when that event is gone.
    pub(super) head: u64,
    /// The newest event that was removed.
    pub(super) purged_to: u64,
    pub(super) cursors: Vec<(String, i64)>,
}

impl File {
    pub(super) fn at(path: &Path) -> Self {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .busy_timeout(Duration::from_secs(5))
            .statement_cache_capacity(32)
            .pragma("cache_size", "-2048")
            .pragma("mmap_size", "0")
            .pragma("temp_store", "MEMORY")
            .disable_statement_logging();
        Self { options }
    }

    /// Opens it for the writer; a new file gets an identity of its own.
    pub(super) async fn open(&self, now: Timestamp) -> Result<Opened, sqlx::Error> {
        let mut connection = self.writer().await?;
        sqlx::query("INSERT INTO stream (one, identity) VALUES (1, ?) ON CONFLICT DO NOTHING")
            .bind(new_id(now).to_string())
            .execute(&mut connection)
            .await?;
        let (identity, purged_to): (String, i64) =
            sqlx::query_as("SELECT identity, purged_to FROM stream").fetch_one(&mut connection).await?;
        let cursors =
            sqlx::query_as("SELECT durable, sequence FROM consumer_cursor").fetch_all(&mut connection).await?;
        let head = head(&mut connection).await?;
        Ok(Opened { connection, identity, head, purged_to: purged_to.unsigned_abs(), cursors })
    }

    /// A connection that writes.
    pub(super) async fn writer(&self) -> Result<SqliteConnection, sqlx::Error> {
        let mut connection = SqliteConnection::connect_with(&self.options).await?;
        sqlx::raw_sql(PREPARE).execute(&mut connection).await?;
        Ok(connection)
    }

    /// Connections that read.
    pub(super) async fn readers(&self) -> Result<SqlitePool, sqlx::Error> {
        let options = self.options.clone().create_if_missing(false).read_only(true);
        let pool = SqlitePoolOptions::new().max_connections(4).min_connections(1).test_before_acquire(false);
        pool.idle_timeout(None).max_lifetime(None).connect_with(options).await
    }
}

/// The newest event's number, also when that event is gone; 0 when there was none.
pub(super) async fn head(connection: &mut SqliteConnection) -> Result<u64, sqlx::Error> {
    let head: Option<i64> =
        sqlx::query_scalar("SELECT seq FROM sqlite_sequence WHERE name = 'event'").fetch_optional(connection).await?;
    Ok(head.unwrap_or(0).unsigned_abs())
}
