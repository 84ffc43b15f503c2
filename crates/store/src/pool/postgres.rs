//! PostgreSQL: a pool for calls, a small one for what runs in the background, and one lone connection for migrations.

use std::{str::FromStr, time::Duration};

use sea_orm::{DatabaseConnection, sqlx};
use sqlx::{
    Connection,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{
    ConnectError, DatabaseConfig, Sql, StoreError,
    database::{Backend, Pools},
};

/// The oldest version this is tested with, as `server_version_num` tells it.
const OLDEST: i32 = 150_000;

/// A pooled connection that was idle for longer is tried before it is used: the server may be another one by now.
const TRUSTED_WHEN_IDLE: Duration = Duration::from_secs(1);

/// Connects both pools.
pub(crate) async fn connect(config: &DatabaseConfig) -> Result<Pools, ConnectError> {
    let statement_timeout = config.statement_timeout_ms;
    let writer = open(config, options(config, statement_timeout)?, config.max_connections).await?;
    check_version(&writer).await?;
    let background = open(config, options(config, statement_timeout)?, config.max_background_connections).await?;
    let reader = writer.clone();
    Ok(Pools { config: config.clone(), backend: Backend::Postgres, writer, reader, background })
}

/// One connection without a statement timeout, for migrations.
pub(crate) async fn connect_alone(config: &DatabaseConfig) -> Result<DatabaseConnection, ConnectError> {
    Ok(open(config, options(config, 0)?, 1).await?)
}

fn options(config: &DatabaseConfig, statement_timeout_ms: u64) -> Result<PgConnectOptions, ConnectError> {
    let options = PgConnectOptions::from_str(config.url.expose())
        .map_err(|error| ConnectError::AddressMalformed(error.to_string()))?;
    Ok(options.options([
        ("statement_timeout", statement_timeout_ms.to_string()),
        ("idle_in_transaction_session_timeout", config.idle_in_transaction_timeout_ms.to_string()),
    ]))
}

async fn open(
    config: &DatabaseConfig,
    options: PgConnectOptions,
    connections: u32,
) -> Result<DatabaseConnection, StoreError> {
    let pool = PgPoolOptions::new()
        .max_connections(connections.max(1))
        .acquire_timeout(config.acquire_timeout())
        .test_before_acquire(false)
        .before_acquire(|connection, metadata| {
            Box::pin(async move { Ok(metadata.idle_for < TRUSTED_WHEN_IDLE || connection.ping().await.is_ok()) })
        })
        .connect_with(options)
        .await?;
    Ok(pool.into())
}

async fn check_version(connection: &DatabaseConnection) -> Result<(), ConnectError> {
    const VERSION: Sql = Sql::both("SELECT current_setting('server_version_num')::int AS version");
    let row = VERSION.one(connection, []).await?.ok_or_else(|| StoreError::corrupt("server_version_num"))?;
    let version: i32 = row.try_get("", "version").map_err(StoreError::from)?;
    if version < OLDEST {
        let found = format!("{}.{}", version / 10_000, version % 10_000);
        return Err(ConnectError::TooOld { product: "PostgreSQL", needed: "15", found });
    }
    Ok(())
}
