//! The admin port: metrics for Prometheus, and whether the process lives and is ready.

use std::{net::SocketAddr, time::Duration};

use anyhow::Context;
use axum::{
    Router,
    http::{HeaderName, StatusCode, header},
    routing::get,
};
use mesh_types::{tzdata_source, tzdata_version};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use metrics_process::Collector;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{Lifecycle, Stage, build};

/// How often what was measured is folded into what is shown.
const UPKEEP: Duration = Duration::from_secs(5);
/// The bounds of histograms of seconds.
const SECONDS: [f64; 14] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// The same of lateness: from the milliseconds of a process in its stride to the days that one was off.
const LATENESS: [f64; 22] = [
    0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0,
    600.0, 3_600.0, 21_600.0, 86_400.0,
];

/// What the process has measured.
#[derive(Clone)]
pub struct Metrics {
    recorder: PrometheusHandle,
    process: Collector,
}

impl Metrics {
    /// Begins to measure, for the whole process. Before this, measuring costs nothing and is lost.
    ///
    /// # Errors
    /// When it was begun before.
    pub fn install() -> anyhow::Result<Self> {
        let builder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
            .and_then(|builder| {
                let lateness = Matcher::Full("scheduler_reminder_lateness_seconds".to_owned());
                builder.set_buckets_for_metric(lateness, &LATENESS)
            })
            .context("the bounds of histograms are not usable")?;
        let recorder = builder.install_recorder().context("metrics were begun before")?;
        // Zones decide when people are reminded, so whoever looks is to see whose rules are in use.
        metrics::gauge!("taskmesh_tzdata_info", "version" => tzdata_version(), "source" => tzdata_source()).set(1.0);
        let build = [("version", build::VERSION), ("revision", build::REVISION)];
        metrics::gauge!("taskmesh_build_info", &build).set(1.0);
        Ok(Self { recorder, process: Collector::default() })
    }

    /// All of it, as Prometheus reads it.
    pub fn render(&self) -> String {
        self.process.collect();
        self.recorder.render()
    }
}

/// Serves `/metrics`, `/healthz` and `/readyz` on `address` to the end of the process; returns where it listens.
///
/// # Errors
/// When the address is taken, or metrics were begun before.
pub(crate) async fn serve(address: SocketAddr, lifecycle: &Lifecycle) -> anyhow::Result<SocketAddr> {
    let metrics = Metrics::install()?;
    let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address} (admin)"))?;
    let address = listener.local_addr()?;
    let router = router(metrics.clone(), lifecycle.clone());
    lifecycle.spawn(Stage::Admin, "admin", |stop| async move {
        axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await
    });
    lifecycle.spawn(Stage::Admin, "metrics", |stop| keep_up(metrics, stop));
    Ok(address)
}

fn router(metrics: Metrics, lifecycle: Lifecycle) -> Router {
    let ready = move || {
        let answer = if lifecycle.is_ready() { (StatusCode::OK, "ready\n") } else { NOT_READY };
        std::future::ready(answer)
    };
    Router::new()
        .route("/metrics", get(move || std::future::ready(metrics.render())))
        .route("/healthz", get(|| std::future::ready(alive())))
        .route("/readyz", get(ready))
}

/// That the process lives, and whose rules of time zones it goes by.
fn alive() -> ([(HeaderName, &'static str); 1], String) {
    let tzdata = serde_json::json!({"version": tzdata_version(), "source": tzdata_source()});
    ([(header::CONTENT_TYPE, "application/json")], serde_json::json!({"status": "ok", "tzdata": tzdata}).to_string())
}

const NOT_READY: (StatusCode, &str) = (StatusCode::SERVICE_UNAVAILABLE, "not ready\n");

async fn keep_up(metrics: Metrics, stop: CancellationToken) {
    while tokio::time::timeout(UPKEEP, stop.cancelled()).await.is_err() {
        metrics.recorder.run_upkeep();
    }
}
