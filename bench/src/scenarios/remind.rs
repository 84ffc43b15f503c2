//! S6: how long after a reminder is due its notification is there, while a million others wait for their time.

use std::time::Duration;

use anyhow::Context;
use tonic::transport::Channel;
use xtask::mesh::Service;

use crate::{
    Row,
    http::Connection,
    inbox::{self, Inbox, REMINDERS_PER_TASK},
    latencies::Latencies,
    target::Mesh,
};

/// As the bar says.
const RATE: f64 = 100.0;
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

/// S6: from the instant a reminder is due to the message at the person's stream.
pub async fn remind(mesh: &Mesh, duration: Duration) -> anyhow::Result<Vec<Row>> {
    mesh.seed(Service::SchedulerSvc, SEED).context("seed a million reminders")?;
    let token = mesh.sign_up().await?;
    let channel = Channel::from_shared(format!("http://{}", mesh.gateway))?.connect().await?;
    let mut stream = Inbox::open(channel, &token).await?;
    let count = (RATE * duration.as_secs_f64()) as usize;
    let mut connection = Connection::open(&mesh.gateway, &token).await?;
    // Late enough for all of them to be made before the first is due.
    let start = inbox::now()? + Duration::from_secs(5) + Duration::from_millis(4) * u32::try_from(count)?;
    let mut task = String::new();
    for number in 0..count {
        if number % REMINDERS_PER_TASK == 0 {
            task = inbox::create_task(&mut connection).await?;
        }
        let due = start + Duration::from_secs_f64(number as f64 / RATE);
        inbox::remind(&mut connection, &task, Duration::from_micros(due.as_micros() as u64)).await?;
    }
    let read = async {
        let mut latencies = Latencies::default();
        while latencies.count() < count {
            let (notification, came) = stream.next().await?;
            latencies.record(came.saturating_sub(inbox::due(&notification)?));
        }
        anyhow::Ok(latencies)
    };
    let patience = start.saturating_sub(inbox::now()?) + duration + Duration::from_secs(30);
    let latencies = tokio::time::timeout(patience, read).await.context("reminders did not come")??;
    let met =
        latencies.quantile(0.5) < Duration::from_millis(20) && latencies.quantile(0.99) < Duration::from_millis(100);
    Ok(vec![Row {
        id: "S6",
        what: format!("reminder due → StreamNotifications message, {RATE:.0}/s, {PENDING} pending"),
        measured: latencies.summary(),
        bar: "p50 < 20 ms, p99 < 100 ms",
        met: Some(met),
    }])
}
