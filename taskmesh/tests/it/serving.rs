//! What it serves, and what is left of it after a restart.

use mesh_testkit::eventually;
use serde_json::{Value, json};

use crate::program::Program;

#[tokio::test]
async fn a_task_is_stored_and_recorded_and_survives_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::start(folder.path()).await;
    let token = program.sign_up("ada@example.com").await;
    let task = program.post("/v1/tasks", &token, &json!({"title": "write notes"})).await;
    let path = format!("/v1/tasks/{}", task["id"].as_str().expect("an id"));
    program.post(&format!("{path}:complete"), &token, &json!({})).await;
    assert!(program.stop().await.success());

    // The token still counts: the key was kept.
    let program = Program::start(folder.path()).await;
    assert_eq!(program.get(&path, &token).await["status"], "TASK_STATUS_COMPLETED");
    let recorded = eventually(async || {
        let events = program.get("/v1/audit/events", &token).await["events"].as_array().cloned()?;
        (events.iter().filter(|event| event["entityType"] == "task").count() == 2).then_some(events)
    })
    .await;
    assert!(recorded.iter().any(|event| event["action"] == "completed"), "{recorded:?}");
}

#[tokio::test]
async fn the_log_says_where_it_listens_and_what_to_try() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::start(folder.path()).await;
    let log = program.log();
    assert!(log.contains(&program.address) && log.contains("curl "), "{log}");
    assert!(program.admin.is_none());
}

#[tokio::test]
async fn metrics_are_shown_where_they_are_asked_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::start_with(folder.path(), &["--admin-listen", "127.0.0.1:0"]).await;
    let token = program.sign_up("ada@example.com").await;
    program.get("/v1/tasks", &token).await;
    let admin = program.admin.as_deref().expect("an admin address");
    let answer = reqwest::get(format!("http://{admin}/metrics")).await.expect("an answer");
    let shown = answer.text().await.expect("text");
    assert!(shown.contains(r#"grpc_method="ListTasks",grpc_code="OK""#), "{shown}");
}

#[tokio::test]
async fn the_gateways_settings_hold_in_the_single_process_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let closed = [("TASKMESH_GATEWAY__ACCOUNTS__SIGN_UP", "closed")];
    let program = Program::start_in(folder.path(), &[], &closed).await;
    let person = json!({"email": "eve@example.com", "password": "a long password"});
    let answer = reqwest::Client::new().post(program.url("/v1/auth/signup")).json(&person).send().await;
    let refusal: Value = answer.expect("an answer").json().await.expect("JSON");
    assert_eq!(refusal["error"]["status"], "FAILED_PRECONDITION", "{refusal}");
}
