//! A service's database: its pools, and the transactions that change it.

use std::sync::Arc;

use mesh_types::crash_point;
use sea_orm::{DatabaseConnection, DbBackend, SqliteTransactionMode, TransactionOptions, TransactionTrait};

use crate::{ConnectError, DatabaseConfig, StoreError, pool};

/// A transaction that may write. Rolled back when it is dropped.
pub type Transaction = sea_orm::DatabaseTransaction;

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// PostgreSQL 15 or newer.
    Postgres,
    /// One SQLite file.
    Sqlite,
}

/// A connected database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Database {
    pools: Arc<Pools>,
    role: Role,
}

#[derive(Debug)]
pub(crate) struct Pools {
    pub(crate) config: DatabaseConfig,
    pub(crate) backend: Backend,
    /// For changes: on SQLite the one connection that writes.
    pub(crate) writer: DatabaseConnection,
    /// For reads: on PostgreSQL the same pool as `writer`.
    pub(crate) reader: DatabaseConnection,
    /// For relay, consumers and timers: on SQLite the same pool as `writer`.
    pub(crate) background: DatabaseConnection,
}

#[derive(Clone, Copy, Debug)]
enum Role {
    Calls,
    Background,
}

impl Database {
    /// Connects, and checks that the database is recent enough.
    ///
    /// # Errors
    /// For an address that is malformed, a database that cannot be reached, or one that is too old.
    pub async fn connect(config: &DatabaseConfig) -> Result<Self, ConnectError> {
        let pools = match config.url.sqlite_path() {
            Some(path) => pool::sqlite::connect(config, path).await?,
            None if config.url.is_postgres() => pool::postgres::connect(config).await?,
            None => return Err(ConnectError::AddressUnknown),
        };
        Ok(Self { pools: Arc::new(pools), role: Role::Calls })
    }

    /// Which database it is.
    pub fn backend(&self) -> Backend {
        self.pools.backend
    }

    /// The same database through the small pool that calls cannot starve: for relay, consumers and timers.
    #[must_use]
    pub fn background(&self) -> Self {
        Self { pools: self.pools.clone(), role: Role::Background }
    }

    /// A connection to read with, outside of any transaction.
    pub fn reader(&self) -> &DatabaseConnection {
        match (self.pools.backend, self.role) {
            (Backend::Postgres, Role::Background) => &self.pools.background,
            _ => &self.pools.reader,
        }
    }

    /// A connection for single statements that change something and are a transaction by themselves.
    pub fn writer(&self) -> &DatabaseConnection {
        match self.role {
            Role::Calls => &self.pools.writer,
            Role::Background => &self.pools.background,
        }
    }

    /// Begins a transaction that may write. On SQLite it holds the file's write lock from the beginning, so that it
    /// never has to give up half-way.
    ///
    /// # Errors
    /// When there is no connection to be had in time.
    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        let mut connections_left = self.config().max_connections;
        loop {
            match self.try_begin().await {
                // A pooled connection that the server has closed since shows only when it is used. Nothing has been
                // done yet, so take the next one.
                Err(StoreError::Unavailable(error)) if is_broken_connection(&error) && connections_left > 0 => {
                    connections_left -= 1;
                }
                result => return result,
            }
        }
    }

    /// Waits for connections in use to be returned and closes them all.
    pub async fn close(&self) {
        let pools = &self.pools;
        for pool in [&pools.background, &pools.reader, &pools.writer] {
            if let Err(error) = pool.close_by_ref().await {
                tracing::warn!(error = %error, "database pool did not close");
            }
        }
    }

    pub(crate) fn pools(&self) -> &Pools {
        &self.pools
    }

    pub(crate) fn config(&self) -> &DatabaseConfig {
        &self.pools.config
    }

    async fn try_begin(&self) -> Result<Transaction, StoreError> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(self.writer().begin_with_options(options).await?)
    }
}

impl From<Backend> for DbBackend {
    fn from(backend: Backend) -> Self {
        match backend {
            Backend::Postgres => Self::Postgres,
            Backend::Sqlite => Self::Sqlite,
        }
    }
}

/// Commits a service's change: between this and the answer a crash loses nothing.
///
/// # Errors
/// What the database says. The outcome of a commit that fails as unavailable is unknown; a repeated request id tells.
pub async fn commit(transaction: Transaction) -> Result<(), StoreError> {
    crash_point("store.before_commit");
    transaction.commit().await?;
    crash_point("store.after_commit");
    Ok(())
}

fn is_broken_connection(error: &sea_orm::DbErr) -> bool {
    use sea_orm::{DbErr, RuntimeErr, SqlxError};
    let (DbErr::Conn(RuntimeErr::SqlxError(error))
    | DbErr::Exec(RuntimeErr::SqlxError(error))
    | DbErr::Query(RuntimeErr::SqlxError(error))) = error
    else {
        return false;
    };
    match error.as_ref() {
        SqlxError::Io(_) | SqlxError::Protocol(_) => true,
        // The server said why before it closed the connection: it shuts down, or ended the session.
        SqlxError::Database(error) => error.code().is_some_and(|code| code.starts_with("57P") || code == "25P03"),
        _ => false,
    }
}
