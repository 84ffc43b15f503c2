//! T10M: ten million pending reminders: what they take on disk and in memory, what a look for timers costs, and whether
//! ten thousand that are overdue delay those that are on time.

use std::time::{Duration, Instant};

use anyhow::Context;
use mesh_store::{Database, Sql};
use xtask::mesh::Service;

use crate::{
    Row,
    histogram::Histogram,
    process,
    steady::{RATE, Steady},
    target::Mesh,
};

const PENDING: usize = 10_000_000;
const OVERDUE: usize = 10_000;
/// How long before the first that is on time scheduler-svc is there again.
const HEAD_START: Duration = Duration::from_millis(500);
const CLAIM: &str = "scheduler_timer_claim_seconds";
const LATENESS: &str = "scheduler_reminder_lateness_seconds";

/// Ten million reminders of a hundred thousand people, made one after the other and due at any time of a year, in rows as
/// scheduler-svc writes them. Indexes are made again afterwards: a year of inserts is not what is measured.
const SEED: &str = "
    SET maintenance_work_mem = '512MB';
    INSERT INTO task_ref (task_id, workspace_id, epoch, version, title)
      SELECT md5('task' || n)::uuid, md5('home' || n)::uuid, 0, 1, 'Water the plants' FROM generate_series(1, 100000) n;
    DO $$
    DECLARE
      found record;
      definition text;
      again text[] := '{}';
      now_us bigint := (extract(epoch FROM now()) * 1000000)::bigint;
    BEGIN
      FOR found IN SELECT indexname, indexdef FROM pg_indexes
        WHERE tablename IN ('reminder', 'timer') AND indexname NOT LIKE '%_pkey' LOOP
        again := again || found.indexdef;
        EXECUTE 'DROP INDEX ' || found.indexname;
      END LOOP;
      INSERT INTO reminder (id, workspace_id, task_id, user_id, anchor, at_us, channel_ids, state, fire_us, fire_count,
        late, base_us, round, create_us, update_us, version)
      SELECT (lpad(to_hex(1700000000000 + n), 12, '0') || '70008' || substr(md5(n::text), 1, 15))::uuid,
        md5('home' || person)::uuid, md5('task' || person)::uuid, md5('user' || person)::uuid, 10, due_us, '[]', 10,
        due_us, 0, false, due_us, 0, now_us, now_us, 1
      FROM (SELECT n, n % 100000 + 1 AS person, now_us + 172800000000 + (random() * 31536000)::bigint * 1000000 AS due_us
        FROM generate_series(1, 10000000) n) AS made;
      INSERT INTO timer (reminder_id, due_us, generation) SELECT id, fire_us, 1 FROM reminder;
      FOREACH definition IN ARRAY again LOOP
        EXECUTE definition;
      END LOOP;
    END $$;";

/// Ten thousand that were due in the hour before.
const SEED_OVERDUE: &str = "
    WITH made AS (
      SELECT gen_random_uuid() AS id, n % 100 + 1 AS person, (extract(epoch FROM now()) * 1000000)::bigint AS now_us,
        ((extract(epoch FROM now()) - 10 - n % 3600) * 1000000)::bigint AS due_us
      FROM generate_series(1, 10000) n), reminders AS (
      INSERT INTO reminder (id, workspace_id, task_id, user_id, anchor, at_us, channel_ids, state, fire_us, fire_count,
        late, base_us, round, create_us, update_us, version)
      SELECT id, md5('home' || person)::uuid, md5('task' || person)::uuid, md5('user' || person)::uuid, 10, due_us, '[]',
        10, due_us, 0, false, due_us, 0, now_us - 7200000000, now_us - 7200000000, 1
      FROM made)
    INSERT INTO timer (reminder_id, due_us, generation) SELECT id, due_us, 1 FROM made;";

const SIZES: Sql = Sql::both(
    "SELECT pg_relation_size('timer') AS rows, pg_relation_size('timer_pkey') AS by_id,
         pg_relation_size('timer_due') AS by_due, pg_relation_size('reminder') AS reminders,
         pg_indexes_size('reminder') AS reminder_indexes",
);

const STILL_OVERDUE: Sql = Sql::both(
    "SELECT count(*) AS overdue FROM timer WHERE due_us < (extract(epoch FROM now()) * 1000000)::bigint - 5000000",
);

/// T10M: ten million pending.
pub async fn timers(mesh: &mut Mesh, duration: Duration) -> anyhow::Result<Vec<Row>> {
    let began = Instant::now();
    mesh.stop_service(Service::SchedulerSvc)?;
    mesh.seed(Service::SchedulerSvc, SEED).context("seed ten million reminders")?;
    mesh.seed(Service::SchedulerSvc, "VACUUM (ANALYZE) timer")?;
    mesh.seed(Service::SchedulerSvc, "VACUUM (ANALYZE) reminder")?;
    eprintln!("T10M: filled in {:.0} s", began.elapsed().as_secs_f64());
    let database = mesh.database(Service::SchedulerSvc).await?;
    let mut rows = vec![sizes(&database).await?];
    rows.push(start(mesh).await?);
    rows.push(looks(mesh, duration).await?);
    rows.extend(mixed(mesh, &database, duration).await?);
    database.close().await;
    Ok(rows)
}

async fn sizes(database: &Database) -> anyhow::Result<Row> {
    let row = SIZES.one(database.reader(), []).await?.context("sizes")?;
    let each = |name: &str| anyhow::Ok(row.try_get::<i64>("", name)? as f64 / PENDING as f64);
    let (rows, by_id, by_due) = (each("rows")?, each("by_id")?, each("by_due")?);
    let (reminders, indexes) = (each("reminders")?, each("reminder_indexes")?);
    Ok(Row {
        id: "T10M",
        what: format!("bytes on disk of each of {PENDING} pending reminders"),
        measured: format!(
            "timer {rows:.0}, its indexes {by_id:.0} (id) and {by_due:.0} (due); reminder {reminders:.0}, its indexes \
             {indexes:.0}"
        ),
        bar: "",
        met: None,
    })
}

async fn start(mesh: &mut Mesh) -> anyhow::Result<Row> {
    let ready = mesh.start_service(Service::SchedulerSvc)?;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let held = process::resident(mesh.process(Service::SchedulerSvc.name())?)? as f64 / (1024.0 * 1024.0);
    Ok(Row {
        id: "T10M",
        what: "start of scheduler-svc before them, and its idle memory".to_owned(),
        measured: format!("ready in {:.2} s, {held:.1} MB", ready.as_secs_f64()),
        bar: "< 1 s, < 40 MB",
        met: Some(ready < Duration::from_secs(1) && held < 40.0),
    })
}

/// What a look for timers costs when there is nothing near, by the service's own histogram.
async fn looks(mesh: &Mesh, duration: Duration) -> anyhow::Result<Row> {
    let admin = mesh.admin(Service::SchedulerSvc)?;
    let before = Histogram::read(&admin, CLAIM).await?;
    tokio::time::sleep(duration.min(Duration::from_secs(10))).await;
    let looks = Histogram::read(&admin, CLAIM).await?.since(&before);
    let (mean, most) = (looks.mean() * 1e3, looks.quantile(0.99) * 1e3);
    Ok(Row {
        id: "T10M",
        what: format!("a look for timers (three queries), {:.0} of them", looks.count()),
        measured: format!("mean {mean:.1} ms, p99 ≤ {most:.1} ms"),
        bar: "",
        met: None,
    })
}

/// Those that are on time, while ten thousand overdue ones fire: scheduler-svc was not there when these were due, and is
/// again just before the first that is on time.
async fn mixed(mesh: &mut Mesh, database: &Database, duration: Duration) -> anyhow::Result<Vec<Row>> {
    let token = mesh.sign_up().await?;
    let steady = Steady::prepare(&mesh.gateway, &token, duration).await?;
    mesh.stop_service(Service::SchedulerSvc)?;
    mesh.seed(Service::SchedulerSvc, SEED_OVERDUE).context("seed overdue reminders")?;
    tokio::time::sleep(steady.until_first()?.saturating_sub(HEAD_START)).await;
    mesh.start_service(Service::SchedulerSvc)?;
    let (latencies, overdue) = tokio::join!(steady.follow(), backlog(database));
    let (latencies, overdue) = (latencies?, overdue?);

    // The process is a new one, so its histograms hold nothing else.
    let admin = mesh.admin(Service::SchedulerSvc)?;
    let fired = Histogram::read_labelled(&admin, LATENESS, r#"cause="on_time""#).await?;
    let measured = format!(
        "{}; fired p99 ≤ {:.0} ms late; the overdue ones were through after {:.1} s",
        latencies.summary(),
        fired.quantile(0.99) * 1e3,
        overdue.as_secs_f64()
    );
    Ok(vec![Row {
        id: "T10M",
        what: format!(
            "reminder due → message, {RATE:.0}/s on time while {OVERDUE} overdue ones fire, {PENDING} pending"
        ),
        measured,
        bar: "p99 < 100 ms",
        met: Some(latencies.quantile(0.99) < Duration::from_millis(100)),
    }])
}

/// How long it takes until all that is overdue has fired.
async fn backlog(database: &Database) -> anyhow::Result<Duration> {
    let began = Instant::now();
    loop {
        let row = STILL_OVERDUE.one(database.reader(), []).await?.context("a count")?;
        if row.try_get::<i64>("", "overdue")? == 0 {
            return Ok(began.elapsed());
        }
        anyhow::ensure!(began.elapsed() < Duration::from_secs(120), "overdue reminders do not fire");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
