//! Pools and transactions.

use std::time::Duration;

use mesh_store::{Backend, ConnectError, Database, DatabaseConfig, Sql, StoreError};
use mesh_testkit::TestDatabase;
use sea_orm::{ConnectionTrait, DatabaseConnection};

use crate::{connect, connect_with};

mesh_testkit::on_both_databases!(what_is_rolled_back_is_not_there, a_transaction_that_is_dropped_changes_nothing);

const COUNT: Sql = Sql::both("SELECT count(*) AS rows FROM thing");

async fn with_thing(database: &TestDatabase) -> Database {
    let database = connect(database).await;
    database.writer().execute_unprepared("CREATE TABLE thing (id int PRIMARY KEY)").await.expect("the table is made");
    database
}

async fn things(database: &Database) -> i64 {
    let row = COUNT.one(database.reader(), []).await.expect("the table can be read").expect("a count is a row");
    row.try_get("", "rows").expect("a count is a number")
}

async fn what_is_rolled_back_is_not_there(database: TestDatabase) {
    let database = with_thing(&database).await;
    for commit in [false, true] {
        let transaction = database.begin().await.expect("a transaction begins");
        transaction.execute_unprepared("INSERT INTO thing VALUES (1)").await.expect("a row is written");
        if commit {
            mesh_store::commit(transaction).await.expect("it commits");
        } else {
            transaction.rollback().await.expect("it rolls back");
        }
        assert_eq!(things(&database).await, i64::from(commit));
    }
}

async fn a_transaction_that_is_dropped_changes_nothing(database: TestDatabase) {
    let database = with_thing(&database).await;
    let transaction = database.begin().await.expect("a transaction begins");
    transaction.execute_unprepared("INSERT INTO thing VALUES (1)").await.expect("a row is written");
    drop(transaction);
    let next = database.begin().await.expect("the next transaction begins");
    next.execute_unprepared("INSERT INTO thing VALUES (1)").await.expect("the same row can be written");
    drop(next);
    assert_eq!(things(&database).await, 0);
}

async fn pragma(connection: &DatabaseConnection, sql: &'static str) -> String {
    let row = Sql::both(sql).one(connection, []).await.expect("the pragma can be read").expect("it is a row");
    let number = row.try_get_by_index::<i64>(0).map(|number| number.to_string());
    number.or_else(|_| row.try_get_by_index::<String>(0)).expect("it has a value")
}

#[tokio::test]
async fn a_sqlite_file_is_opened_for_safe_writing() {
    let file = mesh_testkit::sqlite();
    let database = connect(&file).await;
    assert_eq!(database.backend(), Backend::Sqlite);
    let writer = database.writer();
    assert_eq!(pragma(writer, "PRAGMA journal_mode").await, "wal");
    assert_eq!(pragma(writer, "PRAGMA synchronous").await, "2", "FULL");
    assert_eq!(pragma(writer, "PRAGMA foreign_keys").await, "1");
    assert_eq!(pragma(writer, "PRAGMA busy_timeout").await, "5000");
    assert_eq!(pragma(writer, "PRAGMA auto_vacuum").await, "2", "INCREMENTAL");
}

#[tokio::test]
async fn readers_of_a_sqlite_file_cannot_write() {
    let file = mesh_testkit::sqlite();
    let database = connect(&file).await;
    let written = Sql::both("CREATE TABLE thing (id int)").run(database.reader(), []).await;
    assert!(matches!(written, Err(StoreError::Unavailable(_))), "{written:?}");
}

#[tokio::test]
async fn a_sqlite_transaction_has_the_write_lock_from_its_beginning() {
    let file = mesh_testkit::sqlite();
    let one = connect(&file).await;
    let other = connect_with(DatabaseConfig { busy_timeout_ms: 50, ..DatabaseConfig::new(file.url()) }).await;
    let _held = one.begin().await.expect("the first transaction begins");
    let refused = other.begin().await.expect_err("the second has to wait");
    assert!(matches!(refused, StoreError::Contended(_)), "{refused:?}");
}

#[tokio::test]
async fn readers_go_on_while_a_sqlite_file_is_written() {
    let file = mesh_testkit::sqlite();
    let database = with_thing(&file).await;
    let transaction = database.begin().await.expect("a transaction begins");
    transaction.execute_unprepared("INSERT INTO thing VALUES (1)").await.expect("a row is written");
    assert_eq!(things(&database).await, 0);
}

#[tokio::test]
async fn background_work_has_connections_of_its_own() {
    let server = mesh_testkit::postgres().await;
    let few = DatabaseConfig { max_connections: 1, acquire_timeout_ms: 200, ..DatabaseConfig::new(server.url()) };
    let database = connect_with(few).await;
    let _held = database.begin().await.expect("a call takes the only connection");
    let starved = database.begin().await.expect_err("there is none left for calls");
    assert!(matches!(starved, StoreError::Unavailable(_)), "{starved:?}");
    database.background().begin().await.expect("background work has its own");
}

#[tokio::test]
async fn a_frozen_transaction_is_ended_by_the_server() {
    let server = mesh_testkit::postgres().await;
    let short = DatabaseConfig { idle_in_transaction_timeout_ms: 100, ..DatabaseConfig::new(server.url()) };
    let frozen = connect_with(short).await;
    frozen.writer().execute_unprepared("CREATE TABLE thing (id int PRIMARY KEY)").await.expect("the table is made");
    let transaction = frozen.begin().await.expect("a transaction begins");
    transaction.execute_unprepared("LOCK TABLE thing").await.expect("it locks");
    let other = connect(&server).await;
    other.writer().execute_unprepared("INSERT INTO thing VALUES (1)").await.expect("the lock is gone before long");
    let late = mesh_store::commit(transaction).await.expect_err("the transaction is lost");
    assert!(matches!(late, StoreError::Unavailable(_)), "{late:?}");
}

#[tokio::test]
async fn a_transaction_begins_although_the_server_has_closed_every_connection() {
    const OTHERS: &str = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
                          AND application_name = 'victim'";
    let server = mesh_testkit::postgres().await;
    let victim = connect_with(DatabaseConfig::new(format!("{}?application_name=victim", server.url()))).await;
    let held: Vec<_> = futures::future::join_all((0..8).map(|_| victim.begin())).await;
    drop(held);
    let killer = connect(&server).await;
    mesh_testkit::eventually(async || {
        let sql = format!("SELECT pg_terminate_backend(pid) {OTHERS}");
        killer.writer().execute_unprepared(&sql).await.expect("it may");
        let left = format!("SELECT count(*) AS left {OTHERS}");
        let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, left);
        let row = killer.reader().query_one_raw(statement).await.expect("it can be read").expect("a count is a row");
        row.try_get::<i64>("", "left").expect("a number") == 0
    })
    .await;
    victim.begin().await.expect("a transaction begins");
}

#[tokio::test]
async fn an_address_of_an_unknown_kind_is_refused() {
    let refused = Database::connect(&DatabaseConfig::new("mysql://localhost/x")).await.expect_err("no such kind");
    assert!(matches!(refused, ConnectError::AddressUnknown));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let nobody =
        DatabaseConfig { acquire_timeout_ms: 300, ..DatabaseConfig::new("postgres://me:secret@127.0.0.1:1/x") };
    let refused = tokio::time::timeout(Duration::from_secs(10), Database::connect(&nobody)).await;
    let error = refused.expect("it does not hang").expect_err("nobody is there");
    assert!(matches!(error, ConnectError::Store(StoreError::Unavailable(_))), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("secret"));
}
