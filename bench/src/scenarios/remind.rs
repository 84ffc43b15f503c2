//! S6: how long after a reminder is due its notification is there, while a million others wait for their time.

use std::time::Duration;

use anyhow::Context;
use mesh_store::Sql;
use xtask::mesh::Service;

use crate::{
    Row,
    latencies::Latencies,
    steady::{RATE, Steady},
    target::{Mesh, Single},
};

/// As the bar says.
const PENDING: usize = 1_000_000;

/// A million reminders of ten thousand tasks, due from two days on, in rows as scheduler-svc writes them.
const SEED: &str = "
    INSERT INTO task_ref (task_id, workspace_id, epoch, version, title)
      SELECT md5('task' || n)::uuid, md5('home' || n % 100)::uuid, 0, 1, 'Water the plants'
      FROM generate_series(1, 10000) n;
    WITH made AS (
      SELECT md5('reminder' || n)::uuid AS id, md5('task' || n % 10000 + 1)::uuid AS task_id,
        (extract(epoch FROM now()) * 1000000)::bigint AS now_us,
        ((extract(epoch FROM now()) + 172800 + n) * 1000000)::bigint AS due_us, n
      FROM generate_series(1, 1000000) n), reminders AS (
      INSERT INTO reminder (id, workspace_id, task_id, user_id, anchor, at_us, channel_ids, state, fire_us, fire_count,
        late, base_us, round, create_us, update_us, version)
      SELECT id, md5('home' || n % 100)::uuid, task_id, md5('user' || n % 100)::uuid, 10, due_us, '[]', 10, due_us, 0,
        false, due_us, 0, now_us, now_us, 1
      FROM made)
    INSERT INTO timer (reminder_id, due_us, generation) SELECT id, due_us, 1 FROM made;
    ANALYZE;";

/// The same in SQLite, whose rows are put in a statement at a time.
const SQLITE_SEED: [Sql; 3] = [
    Sql::both(
        "INSERT INTO task_ref (task_id, workspace_id, epoch, version, title)
         WITH RECURSIVE made (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM made WHERE n < 10000)
         SELECT unhex(printf('aa%030x', n)), unhex(printf('bb%030x', n % 100)), 0, 1, 'Water the plants' FROM made",
    ),
    Sql::both(
        "INSERT INTO reminder (id, workspace_id, task_id, user_id, anchor, at_us, channel_ids, state, fire_us,
             fire_count, late, base_us, round, create_us, update_us, version)
         WITH RECURSIVE made (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM made WHERE n < 1000000),
         timed AS (SELECT n, (unixepoch() + 172800 + n) * 1000000 AS due_us FROM made)
         SELECT unhex(printf('cc%030x', n)), unhex(printf('bb%030x', n % 100)), unhex(printf('aa%030x', n % 10000 + 1)),
             unhex(printf('dd%030x', n % 100)), 10, due_us, '[]', 10, due_us, 0, 0, due_us, 0, unixepoch() * 1000000,
             unixepoch() * 1000000, 1
         FROM timed",
    ),
    Sql::both("INSERT INTO timer (reminder_id, due_us, generation) SELECT id, fire_us, 1 FROM reminder"),
];

/// S6: from the instant a reminder is due to the message at the person's stream.
pub async fn remind(mesh: &Mesh, duration: Duration) -> anyhow::Result<Vec<Row>> {
    mesh.seed(Service::SchedulerSvc, SEED).context("seed a million reminders")?;
    let token = mesh.sign_up().await?;
    let latencies = Steady::prepare(&mesh.gateway, &token, duration).await?.follow().await?;
    Ok(vec![row("PostgreSQL", &latencies)])
}

/// S6 in one process, on SQLite.
pub async fn remind_in_one_process(mesh: &Mesh, duration: Duration) -> anyhow::Result<Vec<Row>> {
    // Once to have its tables, and once more with a million rows in them.
    let data = Single::start(mesh.programs()).await?.stop()?;
    fill(&data.path().join("scheduler.db")).await.context("seed a million reminders")?;
    let single = Single::start_in(mesh.programs(), data).await?;
    let token = single.sign_up().await?;
    let latencies = Steady::prepare(&single.address, &token, duration).await?.follow().await?;
    Ok(vec![row("SQLite, one process", &latencies)])
}

async fn fill(file: &std::path::Path) -> anyhow::Result<()> {
    let database = mesh_store::Database::connect(&mesh_store::DatabaseConfig::sqlite(file)).await?;
    for seed in SQLITE_SEED {
        seed.run(database.writer(), []).await?;
    }
    database.close().await;
    Ok(())
}

fn row(on: &str, latencies: &Latencies) -> Row {
    let met =
        latencies.quantile(0.5) < Duration::from_millis(20) && latencies.quantile(0.99) < Duration::from_millis(100);
    Row {
        id: "S6",
        what: format!("reminder due → StreamNotifications message, {RATE:.0}/s, {PENDING} pending, {on}"),
        measured: latencies.summary(),
        bar: "p50 < 20 ms, p99 < 100 ms",
        met: Some(met),
    }
}
