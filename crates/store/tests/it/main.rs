//! The store on real databases. Needs the servers of `cargo xtask test`.
#![expect(clippy::expect_used, reason = "a test that cannot go on has failed")]

mod changes;
mod connecting;
mod errors;
mod migrating;
mod request_ids;
mod writes;

use mesh_store::{Database, DatabaseConfig};
use mesh_testkit::TestDatabase;

/// Connected, without any table.
async fn connect(database: &TestDatabase) -> Database {
    connect_with(DatabaseConfig::new(database.url())).await
}

async fn connect_with(config: DatabaseConfig) -> Database {
    Database::connect(&config).await.expect("the database can be reached")
}
