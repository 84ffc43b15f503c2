//! What a started program is asked, by curl.

use std::{io::Write, net::SocketAddr, process::Command};

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::workspace::output_of;

/// A gRPC message that says `SERVING`: not compressed, two bytes long, and its field `status` is 1.
const SERVING: &str = "\0\0\0\0\x02\x08\x01";

/// Whether `service` is served at `address`, by `grpc.health.v1`, as the chart's probes ask.
pub(super) fn serves(address: SocketAddr, service: &str) -> bool {
    health(address, service).is_ok_and(|answer| answer == SERVING)
}

fn health(address: SocketAddr, service: &str) -> anyhow::Result<String> {
    let length = u8::try_from(service.len())?;
    let mut request = NamedTempFile::new()?;
    // Not compressed, so long, and its field `service`.
    request.write_all(&[0, 0, 0, 0, length + 2, 0x0a, length])?;
    request.write_all(service.as_bytes())?;
    let mut curl = curl();
    curl.args(["--http2-prior-knowledge", "--header", "Content-Type: application/grpc", "--header", "TE: trailers"]);
    curl.arg("--data-binary").arg(format!("@{}", request.path().display()));
    output_of(curl.arg(format!("http://{address}/grpc.health.v1.Health/Check")))
}

/// Asks a service's admin port whether it lives and is ready, and what it is.
pub(super) fn tells_of_itself(admin: SocketAddr, revision: &str) -> anyhow::Result<()> {
    for path in ["healthz", "readyz"] {
        output_of(curl().arg(format!("http://{admin}/{path}")))?;
    }
    let metrics = output_of(curl().arg(format!("http://{admin}/metrics")))?;
    let info =
        metrics.lines().find(|line| line.starts_with("taskmesh_build_info")).context("no taskmesh_build_info")?;
    ensure!(info.contains(&format!("revision=\"{revision}\"")), "built of {revision}, but tells {info}");
    Ok(())
}

/// Signs somebody up and makes a task for them: a call through the gateway to a service that believes its token.
pub(super) fn takes_a_task(gateway: SocketAddr) -> anyhow::Result<()> {
    let person = json!({"email": "ada@example.com", "password": "correct horse battery", "displayName": "Ada"});
    let session = post(gateway, "auth/signup", &person, "")?;
    let token = session["accessToken"].as_str().context("signing up gives an access token")?;
    let task = post(gateway, "tasks", &json!({"title": "Buy milk"}), token)?;
    ensure!(task["title"] == "Buy milk", "the task came back as {task}");
    Ok(())
}

fn post(gateway: SocketAddr, path: &str, body: &Value, token: &str) -> anyhow::Result<Value> {
    let mut curl = curl();
    curl.args(["--header", &format!("Authorization: Bearer {token}"), "--data", &body.to_string()]);
    Ok(serde_json::from_str(&output_of(curl.arg(format!("http://{gateway}/v1/{path}")))?)?)
}

fn curl() -> Command {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--fail-with-body", "--max-time", "10"]);
    curl
}
