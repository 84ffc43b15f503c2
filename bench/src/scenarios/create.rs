//! S1 and S2: creating tasks through the gateway, beside pgbench doing the same writes. And how far those who take in the
//! events are behind meanwhile.

use std::time::{Duration, Instant};

use anyhow::Context;
use http::Method;

use xtask::mesh::Service;

use crate::{
    Row,
    crowd::{Crowd, HALF_OPEN, SLOW_READERS},
    histogram::Histogram,
    http::Connection,
    load::{self, Outcome, Worker},
    pgbench::Yardstick,
    target::Mesh,
};

/// As many as the bar says.
const CONNECTIONS: usize = 32;

/// How often S1, pgbench and S2 take turns: this machine is not as fast in one minute as in the next.
const TURNS: u32 = 4;

/// S1: the rate of creates over REST against pgbench's. S2: the time one takes at half of that rate. Both also while a
/// crowd of bad clients takes up room.
pub async fn create(mesh: &Mesh, duration: Duration) -> anyhow::Result<Vec<Row>> {
    let token = mesh.sign_up().await?;
    let yardstick = Yardstick::prepare(mesh, CONNECTIONS).await?;
    load::closed(creators(mesh, &token).await?, duration / 4).await.context("warm-up")?;
    yardstick.run(duration / 4).await.context("warm-up")?;
    let lag = Lag::begin(mesh).await?;
    let alone = turns(mesh, &token, &yardstick, duration).await?;
    let lag = lag.end(mesh, alone.full.count + alone.half.latencies.count()).await?;
    let crowd = Crowd::gather(mesh).await?;
    let crowded = turns(mesh, &token, &yardstick, duration).await?;
    drop(crowd);
    let among = format!(" among {SLOW_READERS} slow readers and {HALF_OPEN} half-open connections");
    let mut rows =
        vec![rate(&alone, ""), rate(&crowded, &among), latency(&alone.half, ""), latency(&crowded.half, &among)];
    rows.extend(lag);
    Ok(rows)
}

/// What came of S1, pgbench and S2, taking turns on the same machine.
#[derive(Default)]
struct Turns {
    full: Count,
    pgbench: f64,
    half: Outcome,
}

/// How many calls there were, and how long they took together.
#[derive(Default)]
struct Count {
    count: usize,
    elapsed: Duration,
}

impl Turns {
    /// Creates a second, while it was their turn.
    fn rate(&self) -> f64 {
        self.full.count as f64 / self.full.elapsed.as_secs_f64()
    }
}

async fn turns(mesh: &Mesh, token: &str, yardstick: &Yardstick, duration: Duration) -> anyhow::Result<Turns> {
    let mut turns = Turns::default();
    for _ in 0..TURNS {
        let full = load::closed(creators(mesh, token).await?, duration / TURNS).await?;
        turns.full.count += full.latencies.count();
        turns.full.elapsed += full.elapsed;
        // Those who take in the events catch up meanwhile.
        turns.pgbench += yardstick.run(duration / TURNS).await? / f64::from(TURNS);
        // What pgbench wrote is not to be written back while single calls are timed.
        tokio::task::spawn_blocking(rustix::fs::sync).await?;
        let half = load::steady(creators(mesh, token).await?, full.rate() / 2.0, duration / TURNS).await?;
        turns.half.latencies.merge(half.latencies);
        turns.half.elapsed += half.elapsed;
    }
    Ok(turns)
}

fn rate(turns: &Turns, among: &str) -> Row {
    let (rate, pgbench) = (turns.rate(), turns.pgbench);
    let share = rate / pgbench * 100.0;
    Row {
        id: "S1",
        what: format!("create, REST, {CONNECTIONS} connections, against pgbench with the same writes{among}"),
        measured: format!("{rate:.0}/s = {share:.0} % of pgbench's {pgbench:.0}/s"),
        bar: "≥ 30 %",
        met: Some(share >= 30.0),
    }
}

fn latency(outcome: &Outcome, among: &str) -> Row {
    Row {
        id: "S2",
        what: format!("the same at {:.0}/s, steady{among}", outcome.rate()),
        measured: outcome.latencies.summary(),
        bar: "p99 < 25 ms",
        met: Some(outcome.latencies.quantile(0.99) < Duration::from_millis(25)),
    }
}

/// How old events are when those who take them in have done so, by these services' own histograms.
struct Lag(Vec<(Service, Histogram)>);

impl Lag {
    const METRIC: &str = "taskmesh_consumer_lag_seconds";

    async fn begin(mesh: &Mesh) -> anyhow::Result<Self> {
        let mut read = Vec::new();
        for service in [Service::AuditSvc, Service::SchedulerSvc] {
            read.push((service, Histogram::read(&mesh.admin(service)?, Self::METRIC).await?));
        }
        Ok(Self(read))
    }

    /// Reads them again when as many events more were taken in: those that are late count most.
    async fn end(self, mesh: &Mesh, events: usize) -> anyhow::Result<Vec<Row>> {
        let mut rows = Vec::new();
        for (service, before) in self.0 {
            let lag = taken_in(mesh, service, &before, events).await?;
            let bound = |share| format!("{:.1} ms", lag.quantile(share) * 1e3);
            let (half, most, all) = (bound(0.5), bound(0.99), bound(1.0));
            rows.push(Row {
                id: "S13",
                what: format!("lag of {} under S1's load, {:.0} events", service.name(), lag.count()),
                measured: format!("p50 ≤ {half}, p99 ≤ {most}, max ≤ {all}"),
                bar: "< 1 s",
                met: Some(lag.count() > 0.0 && lag.quantile(1.0) <= 1.0),
            });
        }
        Ok(rows)
    }
}

/// The histogram's growth since `before`, once it holds so many events or a minute has passed.
async fn taken_in(mesh: &Mesh, service: Service, before: &Histogram, events: usize) -> anyhow::Result<Histogram> {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let lag = Histogram::read(&mesh.admin(service)?, Lag::METRIC).await?.since(before);
        if lag.count() >= events as f64 || Instant::now() > deadline {
            return Ok(lag);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn creators(mesh: &Mesh, token: &str) -> anyhow::Result<Vec<Creator>> {
    let mut creators = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        creators.push(Creator(Connection::open(&mesh.gateway, token).await?));
    }
    Ok(creators)
}

struct Creator(Connection);

impl Worker for Creator {
    async fn call(&mut self, number: u64) -> anyhow::Result<()> {
        let body =
            format!(r#"{{"title": "Water the plants on balcony {number}", "priority": "TASK_PRIORITY_MEDIUM"}}"#);
        // The same id must not come twice within a day, whatever ran before.
        let path = format!("/v1/tasks?requestId={}", uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, &key(number)));
        self.0.call(Method::POST, &path, body).await.map(drop)
    }
}

fn key(number: u64) -> Vec<u8> {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_nanos();
    [number.to_be_bytes().as_slice(), now.to_be_bytes().as_slice()].concat()
}
