//! An OpenTelemetry collector, as an operator would run one: it takes spans by OTLP and keeps them.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    common::v1::{KeyValue, any_value::Value},
    trace::v1::{ResourceSpans, Span, status::StatusCode},
};
use tokio::{net::TcpListener, task::JoinHandle};
use tonic::{Request, Response, Status, transport::Server};

/// A span that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenSpan {
    /// Which service told it.
    pub service: String,
    /// What was done.
    pub name: String,
    /// The trace, 32 hexadecimal digits.
    pub trace_id: String,
    /// Itself, 16 hexadecimal digits.
    pub span_id: String,
    /// What it is under; empty at the root.
    pub parent_id: String,
    /// When it began, in nanoseconds.
    pub begun: u64,
    /// When it was over.
    pub ended: u64,
    /// Whether it failed.
    pub failed: bool,
}

/// A running collector. It ends when it is dropped.
#[derive(Debug)]
pub struct Collector {
    url: String,
    spans: Spans,
    serving: JoinHandle<Result<(), tonic::transport::Error>>,
}

#[derive(Clone, Debug, Default)]
struct Spans(Arc<Mutex<Vec<SeenSpan>>>);

impl Collector {
    /// Starts one on a free port of this machine.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let spans = Spans::default();
        let server = Server::builder().add_service(TraceServiceServer::new(spans.clone()));
        let incoming = tonic::transport::server::TcpIncoming::from(listener);
        #[expect(clippy::disallowed_methods, reason = "a test's own task, aborted when the collector is dropped")]
        let serving = tokio::spawn(server.serve_with_incoming(incoming));
        Ok(Self { url, spans, serving })
    }

    /// Where it takes spans.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The spans of a trace that came so far, in the order in which they began.
    pub fn trace(&self, id: &str) -> Vec<SeenSpan> {
        let all = self.spans.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut spans: Vec<_> = all.iter().filter(|span| span.trace_id == id).cloned().collect();
        spans.sort_by_key(|span| span.begun);
        spans
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

#[tonic::async_trait]
impl TraceService for Spans {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let seen = request.into_inner().resource_spans.into_iter().flat_map(seen);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(seen);
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn seen(told: ResourceSpans) -> Vec<SeenSpan> {
    let resource = told.resource.unwrap_or_default();
    let service = text(&resource.attributes, "service.name");
    let spans = told.scope_spans.into_iter().flat_map(|scope| scope.spans);
    spans.map(|span| SeenSpan { service: service.clone(), ..SeenSpan::from(span) }).collect()
}

fn text(attributes: &[KeyValue], name: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == name);
    match found.and_then(|attribute| attribute.value.clone()?.value) {
        Some(Value::StringValue(text)) => text,
        _ => String::new(),
    }
}

impl From<Span> for SeenSpan {
    fn from(span: Span) -> Self {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Self {
            service: String::new(),
            trace_id: hex(&span.trace_id),
            span_id: hex(&span.span_id),
            parent_id: hex(&span.parent_span_id),
            name: span.name,
            begun: span.start_time_unix_nano,
            ended: span.end_time_unix_nano,
            failed: span.status.is_some_and(|status| status.code() == StatusCode::Error),
        }
    }
}
