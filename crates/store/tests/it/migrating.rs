//! Migrations, by one program and by several.

use mesh_store::{Database, PerBackend, Sql, SqlMigration};
use mesh_testkit::TestDatabase;
use sea_orm::ConnectionTrait;
use sea_orm_migration::{MigrationTrait, SchemaManager};

use crate::connect;

mesh_testkit::on_both_databases!(
    three_programs_that_start_at_once_migrate_once,
    a_database_of_a_newer_release_is_accepted,
    a_migration_that_fails_leaves_nothing_behind,
    what_was_never_applied_is_named,
    the_shared_tables_can_be_undone_and_made_again,
);

/// Would fail if it ran twice.
const FIRST: SqlMigration = both("test_001", "CREATE TABLE first (id int); INSERT INTO first VALUES (1);");
const SECOND: SqlMigration = both("test_002", "ALTER TABLE first ADD COLUMN more int;");
const BROKEN: SqlMigration = both("test_003", "CREATE TABLE broken (id int); INSERT INTO nothing VALUES (1);");

const fn both(name: &'static str, up: &'static str) -> SqlMigration {
    let up = PerBackend { postgres: up, sqlite: up };
    SqlMigration { name, up, down: PerBackend { postgres: "SELECT 1", sqlite: "SELECT 1" } }
}

fn list(migrations: &[SqlMigration]) -> Vec<Box<dyn MigrationTrait>> {
    let own = migrations.iter().map(|migration| Box::new(*migration) as Box<dyn MigrationTrait>);
    mesh_store::migrations().into_iter().chain(own).collect()
}

async fn has(database: &Database, table: &'static str) -> bool {
    let sql = format!("SELECT * FROM {table}");
    database.writer().execute_unprepared(&sql).await.is_ok()
}

async fn three_programs_that_start_at_once_migrate_once(database: TestDatabase) {
    let programs = [connect(&database).await, connect(&database).await, connect(&database).await];
    let migrations = || list(&[FIRST, SECOND]);
    let [one, two, three] = &programs;
    let results = tokio::join!(one.migrate(migrations()), two.migrate(migrations()), three.migrate(migrations()));
    for result in [results.0, results.1, results.2] {
        result.expect("each finds the database migrated");
    }
    let count = Sql::both("SELECT count(*) AS rows FROM first").one(one.reader(), []).await;
    let rows: i64 =
        count.expect("the table is there").expect("a count is a row").try_get("", "rows").expect("a number");
    assert_eq!(rows, 1);
}

async fn a_database_of_a_newer_release_is_accepted(database: TestDatabase) {
    let newer = connect(&database).await;
    newer.migrate(list(&[FIRST, SECOND])).await.expect("the newer release migrates");
    let older = connect(&database).await;
    older.migrate(list(&[FIRST])).await.expect("the older one starts all the same");
    newer.migrate(list(&[FIRST, SECOND])).await.expect("and the newer one too, again");
}

async fn what_was_never_applied_is_named(database: TestDatabase) {
    let database = connect(&database).await;
    let missing = async |migrations: &[SqlMigration]| database.missing(&list(migrations)).await.expect("an answer");
    assert_eq!(missing(&[FIRST]).await, ["store_001_request_id", "test_001"]);
    database.migrate(list(&[FIRST])).await.expect("it migrates");
    assert_eq!(missing(&[FIRST, SECOND]).await, ["test_002"]);
    database.migrate(list(&[FIRST, SECOND])).await.expect("it migrates");
    assert!(missing(&[FIRST, SECOND]).await.is_empty());
}

async fn a_migration_that_fails_leaves_nothing_behind(database: TestDatabase) {
    let database = connect(&database).await;
    database.migrate(list(&[FIRST, BROKEN])).await.expect_err("the second migration is broken");
    assert!(!has(&database, "broken").await);
    database.migrate(list(&[FIRST, SECOND])).await.expect("a repaired release migrates");
    assert!(has(&database, "first").await);
}

async fn the_shared_tables_can_be_undone_and_made_again(database: TestDatabase) {
    let database = connect(&database).await;
    let manager = SchemaManager::new(database.writer());
    for _ in 0..2 {
        for migration in mesh_store::migrations() {
            migration.up(&manager).await.expect("it is done");
        }
        assert!(has(&database, "request_id").await);
        for migration in mesh_store::migrations() {
            migration.down(&manager).await.expect("it is undone");
        }
        assert!(!has(&database, "request_id").await);
    }
}
