//! Hand-written SQL: one text per database, run on whatever connection or transaction the caller holds.
//!
//! Parameters are `$1`, `$2`, … in both databases.

use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement, Value};

use crate::StoreError;

/// A statement in the two dialects.
#[derive(Clone, Copy, Debug)]
pub struct Sql {
    /// For PostgreSQL.
    pub postgres: &'static str,
    /// For SQLite.
    pub sqlite: &'static str,
}

impl Sql {
    /// A statement that reads the same in both.
    pub const fn both(text: &'static str) -> Self {
        Self { postgres: text, sqlite: text }
    }

    /// The statement for this connection, with values for its parameters.
    pub fn bind<C: ConnectionTrait>(&self, connection: &C, values: impl IntoIterator<Item = Value>) -> Statement {
        let backend = connection.get_database_backend();
        let text = if backend == DbBackend::Sqlite { self.sqlite } else { self.postgres };
        Statement::from_sql_and_values(backend, text, values)
    }

    /// Runs it and returns how many rows it changed.
    ///
    /// # Errors
    /// What the database says.
    pub async fn run<C, V>(&self, connection: &C, values: V) -> Result<u64, StoreError>
    where
        C: ConnectionTrait,
        V: IntoIterator<Item = Value>,
    {
        let statement = self.bind(connection, values);
        Ok(connection.execute_raw(statement).await?.rows_affected())
    }

    /// Runs it and returns its first row, if there is one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn one<C, V>(&self, connection: &C, values: V) -> Result<Option<QueryResult>, StoreError>
    where
        C: ConnectionTrait,
        V: IntoIterator<Item = Value>,
    {
        let statement = self.bind(connection, values);
        Ok(connection.query_one_raw(statement).await?)
    }

    /// Runs it and returns its rows.
    ///
    /// # Errors
    /// What the database says.
    pub async fn all<C, V>(&self, connection: &C, values: V) -> Result<Vec<QueryResult>, StoreError>
    where
        C: ConnectionTrait,
        V: IntoIterator<Item = Value>,
    {
        let statement = self.bind(connection, values);
        Ok(connection.query_all_raw(statement).await?)
    }
}
