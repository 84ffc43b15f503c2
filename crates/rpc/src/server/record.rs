//! What is kept of each call: a span, one log line, and numbers.

use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use tonic::Code;
use tracing::{Level, Span, field::Empty};

use super::methods::Method;
use crate::{CallContext, code_name, trace_end};

/// How many gRPC codes there are.
const CODES: usize = 17;

/// The numbers of one RPC, by the names that gRPC servers in other languages have for them (go-grpc-prometheus), so that
/// dashboards made for those show ours, too.
pub(super) struct MethodMetrics {
    labels: [(&'static str, String); 3],
    /// Calls that began.
    started: Counter,
    /// Calls under way.
    in_flight: Gauge,
    /// How long calls take, in seconds.
    duration: Histogram,
    /// Calls answered, by code.
    answered: [OnceLock<Counter>; CODES],
}

impl MethodMetrics {
    /// Those of a method; `form` is the metrics' word for which side streams, such as `unary`.
    pub(super) fn new(service: &str, method: &str, form: &str) -> Self {
        let labels =
            [("grpc_type", form.to_owned()), ("grpc_service", service.to_owned()), ("grpc_method", method.to_owned())];
        Self {
            started: counter!("grpc_server_started_total", &labels),
            in_flight: gauge!("grpc_server_in_flight", &labels),
            duration: histogram!("grpc_server_handling_seconds", &labels),
            answered: Default::default(),
            labels,
        }
    }

    fn answered(&self, code: Code) {
        let Some(counter) = self.answered.get(code as usize) else { return };
        let register = || {
            let [form, service, method] = &self.labels;
            let labels = [form.clone(), service.clone(), method.clone(), ("grpc_code", label(code).to_owned())];
            counter!("grpc_server_handled_total", &labels)
        };
        counter.get_or_init(register).increment(1);
    }
}

/// The code as other servers' metrics spell it.
fn label(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "Canceled",
        Code::Unknown => "Unknown",
        Code::InvalidArgument => "InvalidArgument",
        Code::DeadlineExceeded => "DeadlineExceeded",
        Code::NotFound => "NotFound",
        Code::AlreadyExists => "AlreadyExists",
        Code::PermissionDenied => "PermissionDenied",
        Code::ResourceExhausted => "ResourceExhausted",
        Code::FailedPrecondition => "FailedPrecondition",
        Code::Aborted => "Aborted",
        Code::OutOfRange => "OutOfRange",
        Code::Unimplemented => "Unimplemented",
        Code::Internal => "Internal",
        Code::Unavailable => "Unavailable",
        Code::DataLoss => "DataLoss",
        Code::Unauthenticated => "Unauthenticated",
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
    /// The call in its trace, if that is sampled.
    traced: Option<mesh_trace::Span>,
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
        let traced = context.span(&method.service, &method.name);
        method.metrics.started.increment(1);
        method.metrics.in_flight.increment(1);
        Self { span, method, begun: Instant::now(), answered: false, traced }
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
        if let Some(mut traced) = self.traced.take() {
            trace_end(&mut traced, code);
        }
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
