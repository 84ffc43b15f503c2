//! One line in the log and one count in the metrics for every call, written when it is over.

use mesh_rpc::{CallContext, code_name, trace_end};
use mesh_trace::Span;
use tokio::time::Instant;
use tonic::Code;

use super::local::HEALTH_CHECK;

/// A call under way. Dropped without a code, the caller went away. Its line has the target `gateway::access`, so that it
/// can be turned off by itself.
#[derive(Debug)]
pub(crate) struct CallRecord {
    face: &'static str,
    method: &'static str,
    request_id: String,
    trace_id: String,
    started: Instant,
    code: Option<Code>,
    /// The call in its trace, if that is sampled.
    traced: Option<Span>,
}

impl CallRecord {
    /// A call of `method` (a path of the contract, never what a stranger made up) by `face`.
    pub(crate) fn new(face: &'static str, method: &'static str, context: &CallContext, started: Instant) -> Self {
        metrics::gauge!("gateway_open_calls", "face" => face).increment(1);
        let (service, name) = method.trim_start_matches('/').rsplit_once('/').unwrap_or(("", method));
        let mut traced = context.span(service, name);
        if let Some(span) = &mut traced {
            span.set("taskmesh.face", face);
        }
        let (request_id, trace_id) = (context.request_id.clone(), context.trace_parent.trace_id());
        Self { face, method, request_id, trace_id, started, code: None, traced }
    }

    /// How the call ended.
    pub(crate) fn finish(&mut self, code: Code) {
        self.code = Some(code);
    }
}

impl Drop for CallRecord {
    fn drop(&mut self) {
        let code = self.code.unwrap_or(Code::Cancelled);
        if let Some(span) = &mut self.traced {
            trace_end(span, code);
        }
        let code = code_name(code);
        let elapsed = self.started.elapsed();
        metrics::gauge!("gateway_open_calls", "face" => self.face).decrement(1);
        metrics::counter!("gateway_calls_total", "face" => self.face, "method" => self.method, "code" => code)
            .increment(1);
        metrics::histogram!("gateway_call_seconds", "face" => self.face, "method" => self.method)
            .record(elapsed.as_secs_f64());
        // Probes come every few seconds; that all is well is no news.
        if self.method == HEALTH_CHECK && code == "OK" {
            return;
        }
        tracing::event!(
            target: "gateway::access",
            tracing::Level::INFO,
            rpc.face = self.face,
            rpc.method = self.method,
            rpc.code = code,
            duration_us = elapsed.as_micros() as u64,
            request.id = self.request_id,
            trace.id = self.trace_id,
            "call finished"
        );
    }
}
