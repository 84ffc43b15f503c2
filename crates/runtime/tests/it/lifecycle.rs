//! In which order things stop, and what makes a process fail.

use std::{
    future::pending,
    sync::{Arc, Mutex},
    time::Duration,
};

use mesh_runtime::{Lifecycle, ShutdownConfig, Stage};
use tokio::time::{Instant, timeout};

#[derive(Clone, Default)]
struct Diary(Arc<Mutex<Vec<&'static str>>>);

impl Diary {
    fn write(&self, entry: &'static str) {
        self.0.lock().expect("not poisoned").push(entry);
    }

    fn read(&self) -> Vec<&'static str> {
        self.0.lock().expect("not poisoned").clone()
    }
}

/// Spawns a task that writes its name when it is stopped.
fn spawn(lifecycle: &Lifecycle, diary: &Diary, stage: Stage, name: &'static str) {
    let diary = diary.clone();
    lifecycle.spawn(stage, name, |stop| async move {
        stop.cancelled().await;
        diary.write(name);
    });
}

#[tokio::test]
async fn stages_stop_in_order_and_finalizers_last() {
    let (lifecycle, diary) = (Lifecycle::default(), Diary::default());
    for (name, note) in [("pool", diary.clone()), ("log", diary.clone())] {
        lifecycle.finally(name, move || async move { note.write(name) });
    }
    spawn(&lifecycle, &diary, Stage::Relay, "relay");
    spawn(&lifecycle, &diary, Stage::Admin, "admin");
    spawn(&lifecycle, &diary, Stage::Workers, "workers");
    spawn(&lifecycle, &diary, Stage::Rpc, "rpc");
    spawn(&lifecycle, &diary, Stage::Consumers, "consumers");
    let (note, ready) = (diary.clone(), lifecycle.clone());
    lifecycle.set_ready(true);
    lifecycle.on_drain("health", move || async move {
        assert!(!ready.is_ready());
        note.write("health");
    });
    lifecycle.shutdown().await.expect("nothing failed");
    assert_eq!(diary.read(), ["health", "rpc", "consumers", "workers", "relay", "admin", "log", "pool"]);
}

#[tokio::test]
async fn a_process_that_is_asked_to_stop_stops() {
    let (lifecycle, diary) = (Lifecycle::default(), Diary::default());
    spawn(&lifecycle, &diary, Stage::Rpc, "rpc");
    lifecycle.stop();
    lifecycle.run_until_signal().await.expect("nothing failed");
    assert_eq!(diary.read(), ["rpc"]);
}

#[tokio::test]
async fn a_task_that_ends_by_itself_fails_the_process_and_the_rest_stops_in_order() {
    let (lifecycle, diary) = (Lifecycle::default(), Diary::default());
    spawn(&lifecycle, &diary, Stage::Relay, "relay");
    spawn(&lifecycle, &diary, Stage::Rpc, "rpc");
    lifecycle.spawn(Stage::Consumers, "short-lived", |_| async {});
    let failed = lifecycle.run_until_signal().await.expect_err("a failure").to_string();
    assert_eq!(failed, "task short-lived failed: it ended by itself");
    assert_eq!(diary.read(), ["rpc", "relay"]);
}

#[tokio::test]
async fn a_task_that_fails_or_panics_says_how() {
    let lifecycle = Lifecycle::default();
    lifecycle.spawn(Stage::Workers, "broken", |_| async { Err::<(), _>("the disk is full") });
    let failed = lifecycle.run_until_signal().await.expect_err("a failure").to_string();
    assert_eq!(failed, "task broken failed: the disk is full");

    let lifecycle = Lifecycle::default();
    lifecycle.spawn(Stage::Workers, "shaky", |stop| async move { assert!(stop.is_cancelled(), "asked to panic") });
    let failed = lifecycle.run_until_signal().await.expect_err("a failure").to_string();
    assert_eq!(failed, "task shaky failed: it panicked");
}

#[tokio::test]
async fn an_error_while_stopping_is_a_failure_too() {
    let lifecycle = Lifecycle::default();
    lifecycle.spawn(Stage::Relay, "relay", |stop| async move {
        stop.cancelled().await;
        Err::<(), _>("not all was published")
    });
    assert!(lifecycle.shutdown().await.is_err());
}

#[tokio::test]
async fn a_job_may_end_and_is_waited_for() {
    let (lifecycle, diary) = (Lifecycle::default(), Diary::default());
    lifecycle.spawn_job(Stage::Workers, "done", |_| async {});
    let note = diary.clone();
    lifecycle.spawn_job(Stage::Workers, "under way", |stop| async move {
        stop.cancelled().await;
        tokio::task::yield_now().await;
        note.write("job");
    });
    lifecycle.shutdown().await.expect("nothing failed");
    assert_eq!(diary.read(), ["job"]);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_stop_in_time_is_dropped() {
    let config = ShutdownConfig { drain_delay_ms: 1_000, stage_timeout_ms: 5_000 };
    let (lifecycle, diary) = (Lifecycle::new(config), Diary::default());
    lifecycle.spawn(Stage::Rpc, "deaf", |_| pending::<()>());
    lifecycle.finally("deaf too", pending::<()>);
    spawn(&lifecycle, &diary, Stage::Relay, "relay");
    let begun = Instant::now();
    timeout(Duration::from_secs(60), lifecycle.shutdown()).await.expect("it ends").expect("nothing failed");
    assert_eq!((begun.elapsed().as_secs(), diary.read()), (11, vec!["relay"]));
}
