//! A database of its own for every test, gone when the test is over.

use std::sync::atomic::{AtomicU32, Ordering};

use mesh_store::{Database, DatabaseConfig};
use sea_orm::{ConnectOptions, ConnectionTrait};
use tempfile::TempDir;

use crate::settings;

/// An empty database. Dropping it deletes it.
#[derive(Debug)]
pub struct TestDatabase {
    url: String,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Server { name: String },
    Folder(#[expect(dead_code, reason = "held for its drop")] TempDir),
}

impl TestDatabase {
    /// The address: `postgres://…` or `sqlite:PATH`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Settings for it.
    pub fn config(&self) -> DatabaseConfig {
        DatabaseConfig::new(self.url())
    }

    /// Connects to it.
    ///
    /// # Panics
    /// When it cannot be reached.
    pub async fn connect(&self) -> Database {
        Database::connect(&self.config()).await.expect("the test's database can be reached")
    }
}

/// An empty database on the PostgreSQL server that `cargo xtask test` started.
///
/// # Panics
/// When there is no server.
pub async fn postgres() -> TestDatabase {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let server = settings::required(settings::POSTGRES);
    // A run that was killed may have left one of this name.
    administer(&server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await;
    administer(&server, &format!("CREATE DATABASE {name}")).await;
    TestDatabase { url: address(&server, &name), place: Place::Server { name } }
}

/// An empty database in a file of its own.
///
/// # Panics
/// When the temporary folder cannot be written.
pub fn sqlite() -> TestDatabase {
    let folder = tempfile::tempdir().expect("the temporary folder can be written");
    let url = format!("sqlite:{}", folder.path().join("test.db").display());
    TestDatabase { url, place: Place::Folder(folder) }
}

/// One empty database of each kind, for a test whose body runs on both.
///
/// # Panics
/// When there is no PostgreSQL server.
pub async fn databases() -> [TestDatabase; 2] {
    [postgres().await, sqlite()]
}

/// Makes two tests of each named `async fn(TestDatabase)`: one on PostgreSQL, one on SQLite.
///
/// ```text
/// mesh_testkit::on_both_databases!(a_row_is_found_again);
///
/// async fn a_row_is_found_again(database: TestDatabase) { … }
/// ```
#[macro_export]
macro_rules! on_both_databases {
    ($($test:ident),* $(,)?) => {
        mod postgres {
            $(#[::tokio::test]
            async fn $test() {
                super::$test($crate::postgres().await).await;
            })*
        }
        mod sqlite {
            $(#[::tokio::test]
            async fn $test() {
                super::$test($crate::sqlite()).await;
            })*
        }
    };
}

/// The address of database `name` on the server of `url`.
fn address(url: &str, name: &str) -> String {
    let (place, options) = url.find('?').map_or((url, ""), |at| url.split_at(at));
    let authority = place.find("://").map_or(0, |at| at + 3);
    let end = place[authority..].find('/').map_or(place.len(), |at| authority + at);
    format!("{}/{name}{options}", &place[..end])
}

async fn administer(server: &str, sql: &str) {
    let mut options = ConnectOptions::new(server);
    options.max_connections(1).sqlx_logging(false);
    let connection = sea_orm::Database::connect(options).await.expect("the PostgreSQL server can be reached");
    connection.execute_unprepared(sql).await.expect("a test may make databases");
    connection.close().await.expect("the connection closes");
}

impl Drop for TestDatabase {
    /// Best effort: the server of a test run is thrown away anyway.
    fn drop(&mut self) {
        let Place::Server { name } = &self.place else { return };
        let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        let Some(server) = settings::optional(settings::POSTGRES) else { return };
        // The runtime of the test cannot be waited for here, so the work goes to one of its own.
        let work = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime starts").block_on(administer(&server, &sql));
        });
        let _ = work.join();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_keeps_server_and_options() {
        let with_database = address("postgres://me@host:1/postgres?sslmode=disable", "mine");
        assert_eq!(with_database, "postgres://me@host:1/mine?sslmode=disable");
        assert_eq!(address("postgres://host:1", "mine"), "postgres://host:1/mine");
    }

    #[tokio::test]
    async fn a_database_is_gone_when_it_is_dropped() {
        let database = postgres().await;
        let url = database.url().to_owned();
        administer(&url, "CREATE TABLE t (id int)").await;
        drop(database);
        assert!(sea_orm::Database::connect(url).await.is_err());
    }
}
