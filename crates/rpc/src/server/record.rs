//! What is kept of each call: a span, one log line, and numbers.

use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use tonic::Code;
use tracing::{Level, Span, field::Empty};

use super::methods::Method;
use crate::{CallContext, code_name};

/// How many gRPC codes there are.
const CODES: usize = 17;

/// The numbers of one RPC.
pub(super) struct MethodMetrics {
    service: String,
    method: String,
    /// Calls under way.
    in_flight: Gauge,
    /// How long calls take, in seconds.
    duration: Histogram,
    /// Calls answered, by code.
    answered: [OnceLock<Counter>; CODES],
}

impl MethodMetrics {
    pub(super) fn new(service: &str, method: &str) -> Self {
        let labels = [("service", service.to_owned()), ("method", method.to_owned())];
        Self {
            service: service.to_owned(),
            method: method.to_owned(),
            in_flight: gauge!("rpc_server_in_flight", &labels),
            duration: histogram!("rpc_server_duration_seconds", &labels),
            answered: Default::default(),
        }
    }

    fn answered(&self, code: Code) {
        let Some(counter) = self.answered.get(code as usize) else { return };
        let register = || {
            let (service, method) = (self.service.clone(), self.method.clone());
            counter!("rpc_server_calls_total", "service" => service, "method" => method, "code" => code_name(code))
        };
        counter.get_or_init(register).increment(1);
    }
}

impl std::fmt::Debug for MethodMetrics {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("MethodMetrics")
    }
}

/// One call, from its first byte to its last. A call that is dropped before it is answered was cancelled.
pub(super) struct Call {
    pub(super) span: Span,
    method: Arc<Method>,
    begun: Instant,
    answered: bool,
}

impl Call {
    pub(super) fn begin(method: Arc<Method>, context: &CallContext) -> Self {
        let span = tracing::info_span!(
            "call",
            rpc.service = method.service,
            rpc.method = method.name,
            request.id = context.request_id,
            trace.id = context.trace_parent.trace_id(),
            user.id = Empty,
        );
        method.metrics.in_flight.increment(1);
        Self { span, method, begun: Instant::now(), answered: false }
    }

    /// The call was answered with `code`.
    pub(super) fn end(&mut self, code: Code) {
        if std::mem::replace(&mut self.answered, true) {
            return;
        }
        let elapsed = self.begun.elapsed();
        self.method.metrics.in_flight.decrement(1);
        self.method.metrics.duration.record(elapsed);
        self.method.metrics.answered(code);
        let _entered = self.span.enter();
        let (code, duration_ms) = (code_name(code), elapsed.as_micros() as f64 / 1000.0);
        match code {
            "OK" => tracing::event!(Level::DEBUG, grpc.code = code, duration_ms, "call answered"),
            _ => tracing::event!(Level::INFO, grpc.code = code, duration_ms, "call answered"),
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.end(Code::Cancelled);
    }
}
