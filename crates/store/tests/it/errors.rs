//! Failures of each kind, as each database tells them.

use mesh_store::{Backend, Database, DatabaseConfig, StoreError};
use mesh_testkit::TestDatabase;
use mesh_types::{ErrorKind, Fault, Reason};
use sea_orm::ConnectionTrait;

use crate::{connect, connect_with};

mesh_testkit::on_both_databases!(
    a_second_row_with_the_same_key_is_a_conflict_on_a_named_constraint,
    values_against_the_rules_of_a_table_are_rejected,
    a_statement_that_makes_no_sense_is_our_fault,
    a_row_that_is_not_what_it_should_be_is_corrupt,
    callers_learn_nothing_about_the_insides,
    a_closed_database_is_unavailable,
);

async fn with_thing(database: &TestDatabase) -> Database {
    let database = connect(database).await;
    let table = "CREATE TABLE thing (id int PRIMARY KEY, owner int NOT NULL, rank int CHECK (rank > 0),
                 CONSTRAINT thing_owner_rank_key UNIQUE (owner, rank))";
    database.writer().execute_unprepared(table).await.expect("the table is made");
    execute(&database, "INSERT INTO thing VALUES (1, 1, 1)").await.expect("a row is written");
    database
}

async fn execute(database: &Database, sql: &str) -> Result<(), StoreError> {
    database.writer().execute_unprepared(sql).await?;
    Ok(())
}

async fn a_second_row_with_the_same_key_is_a_conflict_on_a_named_constraint(database: TestDatabase) {
    let database = with_thing(&database).await;
    let primary = execute(&database, "INSERT INTO thing VALUES (1, 2, 2)").await.expect_err("the id is taken");
    assert!(primary.is_conflict_on("thing_pkey", "thing.id"), "{primary:?}");
    let unique = execute(&database, "INSERT INTO thing VALUES (2, 1, 1)").await.expect_err("the pair is taken");
    assert!(unique.is_conflict_on("thing_owner_rank_key", "thing.owner, thing.rank"), "{unique:?}");
    assert_eq!(unique.kind(), ErrorKind::AlreadyExists);
}

async fn values_against_the_rules_of_a_table_are_rejected(database: TestDatabase) {
    let database = with_thing(&database).await;
    for sql in ["INSERT INTO thing VALUES (2, 2, 0)", "INSERT INTO thing VALUES (2, NULL, 1)"] {
        let refused = execute(&database, sql).await.expect_err("it is against a rule");
        assert!(matches!(refused, StoreError::Rejected(_)), "{refused:?}");
    }
}

async fn a_statement_that_makes_no_sense_is_our_fault(database: TestDatabase) {
    let database = connect(&database).await;
    let failed = execute(&database, "SELECT * FROM nothing").await.expect_err("there is no such table");
    assert!(matches!(failed, StoreError::Database(_)), "{failed:?}");
}

async fn a_row_that_is_not_what_it_should_be_is_corrupt(database: TestDatabase) {
    let database = connect(&database).await;
    let row = mesh_store::Sql::both("SELECT 'text' AS number").one(database.reader(), []).await;
    let row = row.expect("it can be read").expect("it is a row");
    let failed = StoreError::from(row.try_get::<i64>("", "number").expect_err("it is no number"));
    assert!(matches!(failed, StoreError::Corrupt(_)), "{failed:?}");
}

async fn callers_learn_nothing_about_the_insides(database: TestDatabase) {
    let database = connect(&database).await;
    let failed = execute(&database, "SELECT * FROM nothing").await.expect_err("there is no such table");
    let fault = Fault::from(failed);
    assert_eq!((fault.kind, fault.reason), (ErrorKind::Internal, Reason::Internal));
    assert!(!format!("{fault:?}").contains("nothing"));
}

async fn a_closed_database_is_unavailable(database: TestDatabase) {
    let database = connect(&database).await;
    database.close().await;
    let failed = database.begin().await.expect_err("it is closed");
    assert_eq!(Fault::from(failed).reason, Reason::DependencyUnavailable);
}

#[tokio::test]
async fn a_deadlock_and_a_lock_that_is_not_to_be_had_are_contention() {
    let server = mesh_testkit::postgres().await;
    let database = with_thing(&server).await;
    execute(&database, "INSERT INTO thing VALUES (2, 2, 2)").await.expect("a second row is written");
    let (one, other) = tokio::join!(database.begin(), database.begin());
    let (one, other) = (one.expect("it begins"), other.expect("it begins"));
    let lock = |id: i32| format!("SELECT * FROM thing WHERE id = {id} FOR UPDATE");
    one.execute_unprepared(&lock(1)).await.expect("the first has row 1");
    other.execute_unprepared(&lock(2)).await.expect("the second has row 2");
    let refused = other.execute_unprepared(&format!("{} NOWAIT", lock(1))).await.expect_err("row 1 is taken");
    assert!(matches!(StoreError::from(refused), StoreError::Contended(_)));
    other.rollback().await.expect("it rolls back");

    let other = database.begin().await.expect("it begins");
    other.execute_unprepared(&lock(2)).await.expect("the second has row 2");
    let (wants_second, wants_first) = (lock(2), lock(1));
    let each_waits = tokio::join!(one.execute_unprepared(&wants_second), other.execute_unprepared(&wants_first));
    let loser = each_waits.0.err().or(each_waits.1.err()).expect("one of them loses");
    assert!(matches!(StoreError::from(loser), StoreError::Contended(_)));
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_ended() {
    let server = mesh_testkit::postgres().await;
    let database = connect_with(DatabaseConfig { statement_timeout_ms: 50, ..DatabaseConfig::new(server.url()) }).await;
    let ended = execute(&database, "SELECT pg_sleep(10)").await.expect_err("it takes too long");
    assert!(matches!(ended, StoreError::Unavailable(_)), "{ended:?}");
}

#[tokio::test]
async fn a_full_disk_is_unavailable_and_what_was_there_stays() {
    let file = mesh_testkit::sqlite();
    let database = with_thing(&file).await;
    assert_eq!(database.backend(), Backend::Sqlite);
    execute(&database, "PRAGMA max_page_count = 10").await.expect("the file's size is limited");
    let full = execute(&database, "CREATE TABLE blob AS SELECT randomblob(100000) AS data").await;
    let full = full.expect_err("there is no room");
    assert!(matches!(full, StoreError::Unavailable(_)), "{full:?}");
    let there =
        execute(&database, "INSERT INTO thing VALUES (1, 2, 2)").await.expect_err("the first row is still there");
    assert!(matches!(there, StoreError::Conflict { .. }), "{there:?}");
}
