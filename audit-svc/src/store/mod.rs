//! The database: the only place with sea-orm. Entries are appended and read; triggers refuse everything else.

mod append;
mod foreign;
mod migrations;
mod pages;
mod records;
mod tables;

use mesh_store::Database;

pub use migrations::migrations;

/// The record. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    database: Database,
}

impl Store {
    /// The record in this database, whose tables are there.
    pub fn new(database: Database) -> Self {
        Self { database }
    }
}

/// PostgreSQL takes no NUL in text. Nobody writes one on purpose, and what did is still in the payload.
fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}
