//! S4: what one call costs the gateway, in CPU time, forwarded as gRPC and transcoded from REST.

use std::time::Duration;

use http::Method;
use mesh_proto::task::v1::{GetTaskRequest, task_service_client::TaskServiceClient};
use tonic::transport::Channel;

use crate::{
    Row,
    http::Connection,
    load::{self, Worker},
    process,
    target::Mesh,
};

/// Enough to keep the gateway busy.
const CONNECTIONS: usize = 16;

/// A way through the gateway, and what a call may cost on it.
struct Path {
    name: &'static str,
    bar: &'static str,
    micros: f64,
}

const FORWARDED: Path = Path { name: "forwarded gRPC", bar: "≤ 50 µs", micros: 50.0 };
const TRANSCODED: Path = Path { name: "transcoded REST", bar: "≤ 60 µs", micros: 60.0 };

/// S4: the gateway's CPU time per unary call.
pub async fn forward(mesh: &Mesh, duration: Duration) -> anyhow::Result<Vec<Row>> {
    let token = mesh.sign_up().await?;
    let mut connection = Connection::open(&mesh.gateway, &token).await?;
    let task = connection.json(Method::POST, "/v1/tasks", r#"{"title": "Read me"}"#.to_owned()).await?;
    let id = task["id"].as_str().unwrap_or_default().to_owned();

    let channel = Channel::from_shared(format!("http://{}", mesh.gateway))?.connect().await?;
    let grpc: Vec<_> = (0..CONNECTIONS)
        .map(|_| GrpcReader { client: TaskServiceClient::new(channel.clone()), id: id.clone(), token: token.clone() })
        .collect();
    let forwarded = measure(mesh, &FORWARDED, grpc, duration).await?;
    let mut rest = Vec::new();
    for _ in 0..CONNECTIONS {
        rest.push(RestReader(Connection::open(&mesh.gateway, &token).await?, format!("/v1/tasks/{id}")));
    }
    let transcoded = measure(mesh, &TRANSCODED, rest, duration).await?;
    Ok(vec![forwarded, transcoded])
}

async fn measure<W: Worker>(mesh: &Mesh, path: &Path, workers: Vec<W>, duration: Duration) -> anyhow::Result<Row> {
    let gateway = mesh.process("gateway")?;
    let before = process::cpu_time(gateway)?;
    let outcome = load::closed(workers, duration).await?;
    let used = process::cpu_time(gateway)? - before;
    let micros = used.as_secs_f64() * 1e6 / outcome.latencies.count() as f64;
    Ok(Row {
        id: "S4",
        what: format!("gateway CPU per unary call, {} (GetTask)", path.name),
        measured: format!("{micros:.0} µs at {:.0}/s, {}", outcome.rate(), outcome.latencies.summary()),
        bar: path.bar,
        met: Some(micros <= path.micros),
    })
}

struct GrpcReader {
    client: TaskServiceClient<Channel>,
    id: String,
    token: String,
}

impl Worker for GrpcReader {
    async fn call(&mut self, _number: u64) -> anyhow::Result<()> {
        let mut request = tonic::Request::new(GetTaskRequest { id: self.id.clone() });
        request.metadata_mut().insert("authorization", format!("Bearer {}", self.token).parse()?);
        self.client.get_task(request).await?;
        Ok(())
    }
}

struct RestReader(Connection, String);

impl Worker for RestReader {
    async fn call(&mut self, _number: u64) -> anyhow::Result<()> {
        self.0.call(Method::GET, &self.1, "").await.map(drop)
    }
}
