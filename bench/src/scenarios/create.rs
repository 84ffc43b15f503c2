//! S1 and S2: creating tasks through the gateway, beside pgbench doing the same writes.

use std::time::Duration;

use anyhow::Context;
use http::Method;

use crate::{
    Row,
    http::Connection,
    load::{self, Worker},
    pgbench,
    target::Mesh,
};

/// As many as the bar says.
const CONNECTIONS: usize = 32;

/// S1: the rate of creates over REST against pgbench's. S2: the time one takes at half of that rate.
pub async fn create(mesh: &Mesh, duration: Duration) -> anyhow::Result<Vec<Row>> {
    let token = mesh.sign_up().await?;
    load::closed(creators(mesh, &token).await?, duration / 4).await.context("warm-up")?;
    let full = load::closed(creators(mesh, &token).await?, duration).await?;
    let half = load::steady(creators(mesh, &token).await?, full.rate() / 2.0, duration).await?;
    let pgbench = pgbench::whole_write(mesh, CONNECTIONS, duration).await?;
    let share = full.rate() / pgbench * 100.0;
    let p99 = half.latencies.quantile(0.99);
    Ok(vec![
        Row {
            id: "S1",
            what: format!("create, REST, {CONNECTIONS} connections, against pgbench with the same writes"),
            measured: format!("{:.0}/s = {share:.0} % of pgbench's {pgbench:.0}/s", full.rate()),
            bar: "≥ 30 %",
            met: Some(share >= 30.0),
        },
        Row {
            id: "S2",
            what: format!("the same at {:.0}/s, steady", half.rate()),
            measured: half.latencies.summary(),
            bar: "p99 < 25 ms",
            met: Some(p99 < Duration::from_millis(25)),
        },
    ])
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
