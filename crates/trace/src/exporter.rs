//! Telling a collector of spans, by OTLP over gRPC: gathered, sent in batches from a thread of its own, and dropped rather
//! than waited for when the collector does not keep up.

use std::{sync::OnceLock, time::Duration};

use anyhow::{Context, ensure};
use opentelemetry::KeyValue;
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    trace::{BatchSpanProcessor, SpanData, SpanProcessor},
};
use serde::{Deserialize, Serialize};

/// How long the last spans may take to be told at the end of the process.
const PATIENCE: Duration = Duration::from_secs(3);

/// The part of a trace's id that is random: W3C Trace Context Level 2, section 3.2.2.3.2; of a UUID v7, too.
const RANDOM: u64 = (1 << 56) - 1;

/// The process's exporter, once it has one.
static EXPORTER: OnceLock<Exporter> = OnceLock::new();

/// Where traces go.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TracesConfig {
    /// An OpenTelemetry collector that takes OTLP by gRPC, such as `http://collector:4317`. Empty: traces are not collected.
    pub endpoint: String,
    /// The share of traces that is collected, from 0 to 1. All services of a mesh say the same, so that traces are whole.
    pub sample_ratio: f64,
}

impl Default for TracesConfig {
    fn default() -> Self {
        Self { endpoint: String::new(), sample_ratio: 1.0 }
    }
}

/// Tells a collector of the spans of this process.
#[derive(Debug)]
pub struct Exporter {
    processor: BatchSpanProcessor,
    /// Traces whose ids are below this, in their lower 56 bits, are sampled.
    below: u64,
}

impl Exporter {
    /// Begins to collect, if the settings name a collector. Within a tokio runtime, which must last until
    /// [`Exporter::flush`].
    ///
    /// # Errors
    /// When a setting cannot be meant.
    pub fn install(config: &TracesConfig, service: &str, version: &'static str) -> anyhow::Result<()> {
        let TracesConfig { endpoint, sample_ratio } = config;
        ensure!((0.0..=1.0).contains(sample_ratio), "traces.sample_ratio must be between 0 and 1");
        if endpoint.is_empty() {
            return Ok(());
        }
        ensure!(endpoint.starts_with("http://"), "traces.endpoint must begin with http://");
        let exporter = SpanExporter::builder().with_tonic().with_endpoint(endpoint.as_str()).build();
        let mut processor = BatchSpanProcessor::builder(exporter.context("traces.endpoint")?).build();
        processor.set_resource(&resource(service, version));
        let below = (sample_ratio * (RANDOM + 1) as f64) as u64;
        let installed = EXPORTER.set(Self { processor, below });
        installed.map_err(|_| anyhow::anyhow!("traces are collected already"))
    }

    /// Tells what is left, at the end of the process. Blocks for a few seconds at most.
    pub fn flush() {
        if let Some(exporter) = EXPORTER.get() {
            // What cannot be told by then is lost: traces are no record.
            let _ = exporter.processor.shutdown_with_timeout(PATIENCE);
        }
    }
}

/// The process in OpenTelemetry's words.
fn resource(service: &str, version: &'static str) -> Resource {
    let instance = format!("{}-{:08x}", std::process::id(), fastrand::u32(..));
    let attributes = [
        KeyValue::new("service.namespace", "taskmesh"),
        KeyValue::new("service.version", version),
        KeyValue::new("service.instance.id", instance),
    ];
    Resource::builder().with_service_name(service.to_owned()).with_attributes(attributes).build()
}

/// Whether spans of this process are told to anybody.
pub(crate) fn is_there() -> bool {
    EXPORTER.get().is_some()
}

/// Whether the trace is sampled; `None` when nothing is collected. By the part of its id that is random.
pub(crate) fn samples(trace_id: u128) -> Option<bool> {
    let exporter = EXPORTER.get()?;
    Some(trace_id as u64 & RANDOM < exporter.below)
}

pub(crate) fn tell(span: SpanData) {
    if let Some(exporter) = EXPORTER.get() {
        exporter.processor.on_end(span);
    }
}
