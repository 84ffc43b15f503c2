//! What operators see of calls.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use mesh_rpc::{Safety, UpstreamConfig};
use mesh_testkit::TestUser;
use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

use crate::{
    replicas::{Manner, Replica, call, channel},
    world::{World, asking},
};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("not poisoned").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_call_is_one_line_without_secrets_and_its_failure_is_told_once() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().json().with_max_level(tracing::Level::DEBUG).with_writer(lines.clone());
    let _logging = tracing::subscriber::set_default(subscriber.finish());
    let world = World::new().await;
    let user = TestUser::new();
    let token = world.tokens.sign(&user);
    world.client_with(&token).create_task(asking("private words")).await.expect("an answer");
    world.client_with(&token).create_task(asking("a bare error")).await.expect_err("an error");

    let text = String::from_utf8(lines.0.lock().expect("not poisoned").clone()).expect("text");
    assert!(!text.contains(&token) && !text.contains("private words"));
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let answered: Vec<_> = lines.iter().filter(|line| line["fields"]["message"] == "call answered").collect();
    assert_eq!(answered.len(), 2, "{text}");
    assert_eq!((&answered[0]["level"], &answered[0]["fields"]["grpc.code"]), (&"DEBUG".into(), &"OK".into()));
    assert_eq!((&answered[1]["level"], &answered[1]["fields"]["grpc.code"]), (&"INFO".into(), &"INTERNAL".into()));
    assert!(answered[0]["fields"]["duration_ms"].as_f64().expect("a number") > 0.0);
    let span = &answered[0]["span"];
    assert_eq!(span["rpc.service"], "taskmesh.task.v1.TaskService");
    assert_eq!((&span["rpc.method"], &span["user.id"]), (&"CreateTask".into(), &user.id().to_string().into()));
    assert!(span["request.id"].is_string() && span["trace.id"].is_string());
    assert_eq!(lines.iter().filter(|line| line["level"] == "ERROR").count(), 1, "{text}");
}

#[tokio::test]
async fn calls_are_counted_by_method_and_code_and_those_to_others_by_service() {
    let metrics = mesh_runtime::Metrics::install().expect("nobody else in these tests measures");
    let world = World::new().await;
    world.ask("anything").await.expect("an answer");
    world.ask("not found").await.expect_err("a refusal");
    let (one, other) = (Replica::start(Manner::Tells("14")).await, Replica::start(Manner::Tells("14")).await);
    let upstream = UpstreamConfig { eject_after: 1, ..UpstreamConfig::default() };
    let channel = channel(&[one.address, other.address], upstream);
    for _ in 0..10 {
        call(&channel, Safety::Safe).await.expect("an answer");
    }
    let shown = metrics.render();
    let method = r#"grpc_type="unary",grpc_service="taskmesh.task.v1.TaskService",grpc_method="CreateTask""#;
    for line in [
        format!("grpc_server_started_total{{{method}}} 2"),
        format!("grpc_server_handled_total{{{method},grpc_code=\"OK\"}} 1"),
        format!("grpc_server_handled_total{{{method},grpc_code=\"NotFound\"}} 1"),
        format!("grpc_server_handling_seconds_bucket{{{method},le=\"0.01\"}}"),
        format!("grpc_server_in_flight{{{method}}}"),
        "rpc_client_in_flight{upstream=\"replicas\"} 0".to_owned(),
        "rpc_client_ejections_total{upstream=\"replicas\"}".to_owned(),
        "rpc_client_retries_total{upstream=\"replicas\"} 3".to_owned(),
        "rpc_client_refused_retries_total{upstream=\"replicas\"} 9".to_owned(),
    ] {
        assert!(shown.contains(&line), "{line} is not in:\n{shown}");
    }
}
