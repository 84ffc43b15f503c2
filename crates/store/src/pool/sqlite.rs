//! SQLite: one file, one connection that writes and a few that only read.

use std::{path::Path, time::Duration};

use sea_orm::{DatabaseConnection, sqlx};
use sqlx::sqlite::{SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::{
    ConnectError, DatabaseConfig, Sql, StoreError,
    database::{Backend, Pools},
};

/// Older ones can corrupt a database in WAL mode: <https://www.sqlite.org/wal.html#walresetbug>.
const OLDEST: [u32; 3] = [3, 51, 3];

/// Opens the file, creating it when it is missing.
pub(crate) async fn connect(config: &DatabaseConfig, path: &Path) -> Result<Pools, ConnectError> {
    let writer = open(config, for_writing(config, path), 1).await?;
    check_version(&writer).await?;
    let reader = open(config, common(config, path).read_only(true), config.max_readers.max(1)).await?;
    let background = writer.clone();
    Ok(Pools { config: config.clone(), backend: Backend::Sqlite, writer, reader, background })
}

/// What every connection has in common. The driver sets the busy timeout before anything else.
fn common(config: &DatabaseConfig, path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(Duration::from_millis(config.busy_timeout_ms))
        .foreign_keys(true)
        .pragma("temp_store", "MEMORY")
}

fn for_writing(config: &DatabaseConfig, path: &Path) -> SqliteConnectOptions {
    common(config, path)
        .create_if_missing(true)
        .auto_vacuum(SqliteAutoVacuum::Incremental)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("journal_size_limit", "67108864")
}

async fn open(
    config: &DatabaseConfig,
    options: SqliteConnectOptions,
    connections: u32,
) -> Result<DatabaseConnection, StoreError> {
    let pool = SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(config.acquire_timeout())
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await?;
    Ok(pool.into())
}

async fn check_version(connection: &DatabaseConnection) -> Result<(), ConnectError> {
    const VERSION: Sql = Sql::both("SELECT sqlite_version() AS version");
    let row = VERSION.one(connection, []).await?.ok_or_else(|| StoreError::corrupt("sqlite_version"))?;
    let found: String = row.try_get("", "version").map_err(StoreError::from)?;
    let numbers: Vec<u32> = found.split('.').map(|part| part.parse().unwrap_or_default()).collect();
    if numbers.as_slice() < OLDEST.as_slice() {
        return Err(ConnectError::TooOld { product: "SQLite", needed: "3.51.3", found });
    }
    Ok(())
}
