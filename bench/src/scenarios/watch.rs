//! S5: how long after a write another client sees it.

use std::time::{Duration, UNIX_EPOCH};

use anyhow::Context;
use http::Method;
use mesh_proto::task::v1::{
    WatchTasksRequest, WatchTasksResponse, task_service_client::TaskServiceClient, watch_tasks_response::Event,
};
use tonic::{Streaming, transport::Channel};

use crate::{
    Row,
    http::Connection,
    latencies::Latencies,
    load::{self, Worker},
    target::Mesh,
};

/// As the bar says.
const RATE: f64 = 200.0;

/// S5: from the task's `update_time`, which the service takes before it writes and commits, to the message at a client
/// that watches; so the figure holds the commit, too.
pub async fn watch(mesh: &Mesh, duration: Duration) -> anyhow::Result<Vec<Row>> {
    let token = mesh.sign_up().await?;
    let stream = open(mesh, &token).await?;
    let expected = (RATE * duration.as_secs_f64()) as usize;
    let watcher = async { tokio::time::timeout(duration + Duration::from_secs(30), read(stream, expected)).await? };
    let mut writers = Vec::new();
    for _ in 0..8 {
        writers.push(Writer(Connection::open(&mesh.gateway, &token).await?));
    }
    let (latencies, written) = tokio::join!(watcher, load::steady(writers, RATE, duration));
    let (latencies, written) = (latencies.context("the watcher missed messages")?, written?);
    let met =
        latencies.quantile(0.5) < Duration::from_millis(15) && latencies.quantile(0.99) < Duration::from_millis(60);
    Ok(vec![Row {
        id: "S5",
        what: format!("write → WatchTasks message at another client, {:.0} writes/s", written.rate()),
        measured: latencies.summary(),
        bar: "p50 < 15 ms, p99 < 60 ms",
        met: Some(met),
    }])
}

/// Opens a watch and waits until it stands.
async fn open(mesh: &Mesh, token: &str) -> anyhow::Result<Streaming<WatchTasksResponse>> {
    let channel = Channel::from_shared(format!("http://{}", mesh.gateway))?.connect().await?;
    let mut request = tonic::Request::new(WatchTasksRequest::default());
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse()?);
    let mut stream = TaskServiceClient::new(channel).watch_tasks(request).await?.into_inner();
    stream.message().await?.context("the watch ended at once")?;
    Ok(stream)
}

async fn read(mut stream: Streaming<WatchTasksResponse>, expected: usize) -> anyhow::Result<Latencies> {
    let mut latencies = Latencies::default();
    while latencies.count() < expected {
        let message = stream.message().await?.context("the watch ended")?;
        let Some(Event::Changed(change)) = message.event else { continue };
        let updated = change.task.and_then(|task| task.update_time).context("a task without update_time")?;
        let updated = Duration::new(u64::try_from(updated.seconds)?, u32::try_from(updated.nanos)?);
        latencies.record(UNIX_EPOCH.elapsed()?.saturating_sub(updated));
    }
    Ok(latencies)
}

struct Writer(Connection);

impl Worker for Writer {
    async fn call(&mut self, number: u64) -> anyhow::Result<()> {
        let body = format!(r#"{{"title": "Seen by another client {number}"}}"#);
        self.0.call(Method::POST, "/v1/tasks", body).await.map(drop)
    }
}
