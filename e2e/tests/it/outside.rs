//! Clients by others, who know nothing of ours but the address.

use anyhow::{Context, Result, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use e2e::{Face, Mode, Target, tools};
use mesh_proto::{auth::v1::GetMeResponse, task::v1::Task};
use mesh_types::{Clock, SystemClock, new_id};
use prost::Message;
use serde_json::Value;
use tokio::process::Command;

in_both_modes! {
    python_grpcio_plays_the_five_minutes_by_reflection;
    connect_for_browsers_plays_the_five_minutes;
    connect_for_node_plays_the_five_minutes_by_grpc;
    connect_for_node_plays_the_five_minutes_by_grpc_web;
    grpcurl_lists_describes_calls_and_streams_by_reflection;
    buf_curl_calls_by_reflection;
    curl_speaks_grpc_web_text_by_hand;
    curl_gets_a_grpc_web_error_as_trailers;
}

async fn python_grpcio_plays_the_five_minutes_by_reflection(mode: Mode) -> Result<()> {
    let address = Target::shared(mode).await?.address();
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", tools::grpcio().await?).arg(tools::outside("grpcio/client.py"));
    python.arg(address.to_string()).arg(new_email());
    let said = tools::succeed(python).await?;
    ensure!(said.trim() == "the five minutes were played", "{said}");
    Ok(())
}

async fn connect_for_browsers_plays_the_five_minutes(mode: Mode) -> Result<()> {
    connect_plays_the_five_minutes(mode, "web").await
}

async fn connect_for_node_plays_the_five_minutes_by_grpc(mode: Mode) -> Result<()> {
    connect_plays_the_five_minutes(mode, "grpc").await
}

async fn connect_for_node_plays_the_five_minutes_by_grpc_web(mode: Mode) -> Result<()> {
    connect_plays_the_five_minutes(mode, "grpc-web-1.1").await?;
    connect_plays_the_five_minutes(mode, "grpc-web-2").await
}

async fn connect_plays_the_five_minutes(mode: Mode, transport: &str) -> Result<()> {
    let address = Target::shared(mode).await?.address();
    let descriptors = tempfile::NamedTempFile::new()?;
    std::fs::write(descriptors.path(), mesh_proto::DESCRIPTOR_SET)?;
    let mut node = Command::new("node");
    node.arg(tools::connect().await?).args([format!("http://{address}"), new_email()]);
    node.arg(descriptors.path()).arg(transport);
    let said = tools::succeed(node).await?;
    ensure!(said.trim() == "the five minutes were played", "{said}");
    Ok(())
}

async fn grpcurl_lists_describes_calls_and_streams_by_reflection(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    let (ada, _) = target.person(Face::Rest, "grpcurl").await?;
    let address = target.address().to_string();
    let grpcurl = async |options: &[&str], arguments: &[&str]| -> Result<Command> {
        let mut command = Command::new(tools::grpcurl().await?);
        command.args(["-plaintext", "-H", &format!("authorization: Bearer {}", ada.api_token)]);
        command.args(options).arg(&address).args(arguments);
        Ok(command)
    };
    let services = tools::succeed(grpcurl(&[], &["list"]).await?).await?;
    for service in ["taskmesh.task.v1.TaskService", "grpc.health.v1.Health"] {
        ensure!(services.lines().any(|line| line == service), "{services}");
    }
    let described = tools::succeed(grpcurl(&[], &["describe", "taskmesh.task.v1.TaskService.GetTask"]).await?).await?;
    ensure!(described.contains("rpc GetTask ( .taskmesh.task.v1.GetTaskRequest )"), "{described}");
    ensure!(described.contains("get: \"/v1/tasks/{id}\""), "options come along: {described}");

    let create = ["taskmesh.task.v1.TaskService/CreateTask"];
    let created = grpcurl(&["-d", r#"{"task": {"title": "Call the dentist"}}"#], &create).await?;
    let created: Value = serde_json::from_str(&tools::succeed(created).await?)?;
    ensure!(created["title"] == "Call the dentist", "{created}");

    // A watch has no end of its own; grpcurl gives up after a second and has printed what came until then.
    let watch = grpcurl(&["-max-time", "1"], &["taskmesh.task.v1.TaskService/WatchTasks"]).await?;
    let told = tools::fail(watch).await?;
    ensure!(told.contains("\"position\"") && told.contains("DeadlineExceeded"), "{told}");
    let refused =
        tools::fail(grpcurl(&["-d", r#"{"id": "x"}"#], &["taskmesh.task.v1.TaskService/GetTask"]).await?).await?;
    for part in ["InvalidArgument", "google.rpc.BadRequest", "\"field\": \"id\""] {
        ensure!(refused.contains(part), "{part}: {refused}");
    }
    Ok(())
}

async fn buf_curl_calls_by_reflection(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    let (ada, _) = target.person(Face::Rest, "buf").await?;
    for protocol in ["grpc", "grpcweb"] {
        let call = async |method: &str, request: &str| -> Result<Value> {
            let mut curl = Command::new(tools::buf().await?);
            curl.args(["curl", "--http2-prior-knowledge", "--protocol", protocol, "--reflect-protocol", "grpc-v1"]);
            curl.args(["--header", &format!("Authorization: Bearer {}", ada.api_token), "--data", request]);
            curl.arg(format!("http://{}/{method}", target.address()));
            Ok(serde_json::from_str(&tools::succeed(curl).await?)?)
        };
        let task =
            call("taskmesh.task.v1.TaskService/CreateTask", r#"{"task": {"title": "Call the dentist"}}"#).await?;
        let id = task["id"].as_str().context("a task has an id")?;
        let got = call("taskmesh.task.v1.TaskService/GetTask", &format!(r#"{{"id": "{id}"}}"#)).await?;
        ensure!(got["title"] == "Call the dentist", "{got} by {protocol}");
    }
    Ok(())
}

async fn curl_speaks_grpc_web_text_by_hand(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    let (ada, _) = target.person(Face::Rest, "curl").await?;
    // Flags 0, length 0: the empty GetMeRequest. `--data` sends its length, as a browser does.
    let answer = web_text(target, "taskmesh.auth.v1.AuthService/GetMe", &ada.api_token, "AAAAAAA=").await?;
    let (message, trailers) = first_two_frames(&answer)?;
    let me = GetMeResponse::decode(message.as_slice())?;
    ensure!(me.user.is_some_and(|user| user.email == ada.email));
    ensure!(String::from_utf8_lossy(&trailers).contains("grpc-status:0"), "{trailers:?}");

    // Flags 0, length 14: a CreateTaskRequest with the task that has this title; longer than one run of base64.
    let task = Task { title: Some("by hand".to_owned()), ..Task::default() }.encode_to_vec();
    let request = [[0, 0, 0, 0, 2 + task.len() as u8, 0x0a, task.len() as u8].as_slice(), &task].concat();
    let method = "taskmesh.task.v1.TaskService/CreateTask";
    let answer = web_text(target, method, &ada.api_token, &STANDARD.encode(request)).await?;
    let created = Task::decode(first_two_frames(&answer)?.0.as_slice())?;
    ensure!(created.title() == "by hand" && created.created_by == ada.user_id, "{created:?}");
    Ok(())
}

async fn curl_gets_a_grpc_web_error_as_trailers(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    let answer = web_text(target, "taskmesh.auth.v1.AuthService/GetMe", "nonsense", "AAAAAAA=").await?;
    ensure!(answer.headers.contains("grpc-status: 16"), "{answer:?}");
    ensure!(answer.headers.contains("grpc-status-details-bin: "), "{answer:?}");
    Ok(())
}

/// What curl got.
#[derive(Debug)]
struct Answer {
    headers: String,
    body: String,
}

async fn web_text(target: &Target, method: &str, token: &str, request: &str) -> Result<Answer> {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--include", "--max-time", "10", "--data", request]);
    curl.args(["--header", "Content-Type: application/grpc-web-text", "--header", "X-Grpc-Web: 1"]);
    curl.args(["--header", &format!("Authorization: Bearer {token}")]);
    curl.arg(format!("http://{}/{method}", target.address()));
    let said = tools::succeed(curl).await?;
    let (headers, body) = said.split_once("\r\n\r\n").context("no HTTP answer")?;
    let headers = headers.to_lowercase();
    ensure!(headers.starts_with("http/1.1 200"), "{headers}");
    ensure!(headers.contains("content-type: application/grpc-web-text"), "{headers}");
    Ok(Answer { headers, body: body.to_owned() })
}

/// The payloads of the message and of the trailers in a body of base64 runs.
fn first_two_frames(answer: &Answer) -> Result<(Vec<u8>, Vec<u8>)> {
    let groups = answer.body.trim_end().as_bytes().chunks(4).map(|group| STANDARD.decode(group));
    let bytes: Vec<u8> = groups.collect::<Result<Vec<_>, _>>()?.concat();
    let length =
        |at: usize| bytes.get(at + 1..at + 5).map(|four| four.iter().fold(0, |sum, &byte| sum << 8 | byte as usize));
    let end = 5 + length(0).context("no frame")?;
    ensure!(bytes[0] == 0 && bytes.get(end) == Some(&0x80), "{bytes:?}");
    let trailers = bytes.get(end + 5..end + 5 + length(end).context("no trailers")?).context("cut short")?;
    Ok((bytes[5..end].to_vec(), trailers.to_vec()))
}

fn new_email() -> String {
    format!("outside-{}@example.com", new_id(SystemClock.now()))
}
