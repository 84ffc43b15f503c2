//! Several changes in one go do what they would do one by one, or nothing.

use mesh_store::{Database, Sql, StoreError, Writes};
use mesh_testkit::TestDatabase;

use crate::connect;

mesh_testkit::on_both_databases!(changes_are_made_together_and_counted, of_changes_that_fail_together_none_is_made,);

const COUNT: Sql = Sql::both("SELECT (SELECT count(*) FROM note) + (SELECT count(*) FROM tag) AS rows");

async fn with_tables(database: &TestDatabase) -> Database {
    let database = connect(database).await;
    for table in ["note (id BIGINT PRIMARY KEY, word TEXT NOT NULL)", "tag (id BIGINT PRIMARY KEY, word TEXT NOT NULL)"]
    {
        let text: &'static str = format!("CREATE TABLE {table}").leak();
        Sql::both(text).run(database.writer(), []).await.expect("the table is made");
    }
    database
}

async fn rows(database: &Database) -> i64 {
    let row = COUNT.one(database.reader(), []).await.expect("they are counted").expect("a row");
    row.try_get("", "rows").expect("a number")
}

fn new_note_and_tag(id: i64) -> Writes {
    let mut writes = Writes::default();
    let words = || [id.into(), "milk".into()];
    writes.add("note_made", "INSERT INTO note (id, word) VALUES ($1, $2) RETURNING id", words());
    writes.add("tag_made", "INSERT INTO tag (id, word) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id", words());
    writes
}

async fn run(database: &Database, writes: Writes) -> Result<(u64, u64), StoreError> {
    let transaction = database.begin().await?;
    let touched = writes.run(&transaction).await?;
    mesh_store::commit(transaction).await?;
    Ok((touched.by("note_made"), touched.by("tag_made")))
}

async fn changes_are_made_together_and_counted(database: TestDatabase) {
    let database = with_tables(&database).await;
    Sql::both("INSERT INTO tag (id, word) VALUES (2, 'eggs')").run(database.writer(), []).await.expect("it is there");
    assert_eq!(run(&database, new_note_and_tag(1)).await.expect("both are new"), (1, 1));
    assert_eq!(run(&database, new_note_and_tag(2)).await.expect("the tag is known"), (1, 0));
    assert_eq!(run(&database, Writes::default()).await.expect("nothing is to do"), (0, 0));
    assert_eq!(rows(&database).await, 4);
}

async fn of_changes_that_fail_together_none_is_made(database: TestDatabase) {
    let database = with_tables(&database).await;
    run(&database, new_note_and_tag(1)).await.expect("both are new");
    let mut writes = Writes::default();
    writes.add("tag_made", "INSERT INTO tag (id, word) VALUES ($1, $2) RETURNING id", [2.into(), "eggs".into()]);
    writes.add("note_made", "INSERT INTO note (id, word) VALUES ($1, $2) RETURNING id", [1.into(), "eggs".into()]);
    let refused = run(&database, writes).await.expect_err("the note is known");
    assert!(matches!(refused, StoreError::Conflict { .. }), "{refused:?}");
    assert_eq!(rows(&database).await, 2);
}
