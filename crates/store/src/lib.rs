//! Databases: connect, migrate, classify errors, remember request ids. Every service keeps its rows through this crate,
//! in PostgreSQL or in one SQLite file; nothing here knows what the rows mean.
//!
//! Reading order: [`DatabaseConfig`] → [`Database`] (pools and transactions) → [`Sql`] (one text per database), [`Writes`] (several in
//! one go) → [`StoreError`] (what can go wrong) → [`migrate`](Database::migrate) and [`SqlMigration`] → [`request_ids`] →
//! [`Change`] and [`conclude`] (a change that is sent again is done once).

mod change;
mod config;
mod database;
mod error;
pub mod keyset;
mod migrate;
mod migrations;
mod pool;
pub mod request_ids;
mod sql;
mod writes;

pub use change::{Change, Worked, conclude};
pub use config::{DatabaseConfig, DatabaseUrl};
pub use database::{Backend, Database, Transaction, commit};
pub use error::{ConnectError, StoreError};
pub use migrate::{PerBackend, SqlMigration};
pub use migrations::migrations;
pub use sql::Sql;
pub use writes::{Touched, Writes};
