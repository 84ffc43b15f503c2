//! What the admin port and the ready file say of a running program.

use std::{net::SocketAddr, path::Path};

use mesh_runtime::{Lifecycle, LogConfig, LogFormat, ProcessConfig, Stage, run_process};
use mesh_types::{tzdata_source, tzdata_version};
use serde_json::{Value, json};

/// Runs a whole program on this thread; it stops itself when it has looked at itself.
#[test]
fn a_running_program_shows_how_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("ready.json");
    let process = ProcessConfig {
        admin_listen: Some(([127, 0, 0, 1], 0).into()),
        ready_file: Some(file.clone()),
        threads: 1,
        log: LogConfig { filter: "warn".to_owned(), format: LogFormat::Text },
        ..ProcessConfig::default()
    };
    run_process("demo-svc", &process, |lifecycle| async move {
        let inside = lifecycle.clone();
        lifecycle.spawn(Stage::Workers, "probe", |stop| async move {
            look(&file, &inside).await;
            inside.stop();
            stop.cancelled().await;
        });
        Ok(SocketAddr::from(([127, 0, 0, 1], 4711)))
    })
    .expect("nothing failed");
}

async fn look(file: &Path, lifecycle: &Lifecycle) {
    while !file.exists() {
        tokio::task::yield_now().await;
    }
    let ready: Value = serde_json::from_slice(&std::fs::read(file).expect("readable")).expect("JSON");
    assert_eq!((&ready["service"], &ready["listen"]), (&"demo-svc".into(), &"127.0.0.1:4711".into()));
    assert_eq!(ready["pid"], std::process::id());
    let admin = ready["admin"].as_str().expect("an address");

    metrics::counter!("demo_total").increment(1);
    metrics::histogram!("demo_seconds").record(0.2);
    let (status, health) = get(admin, "healthz").await;
    let health: Value = serde_json::from_str(&health).expect("JSON");
    let tzdata = json!({"version": tzdata_version(), "source": tzdata_source()});
    assert_eq!((status, health), (200, json!({"status": "ok", "tzdata": tzdata})));
    assert_eq!(get(admin, "readyz").await.0, 200);
    let (_, shown) = get(admin, "metrics").await;
    assert!(shown.contains("demo_total 1") && shown.contains("demo_seconds_bucket{le=\"0.25\"} 1"), "{shown}");
    let tzdata = shown.lines().find(|line| line.starts_with("taskmesh_tzdata_info{")).expect("a line");
    assert!(tzdata.contains(tzdata_version()) && tzdata.ends_with(" 1"), "{tzdata}");
    lifecycle.set_ready(false);
    assert_eq!(get(admin, "readyz").await.0, 503);
}

async fn get(admin: &str, path: &str) -> (u16, String) {
    let answer = reqwest::get(format!("http://{admin}/{path}")).await.expect("an answer");
    (answer.status().as_u16(), answer.text().await.expect("text"))
}
