//! What travels with a call: its id, and its place in a trace (W3C `traceparent`).

use http::{HeaderMap, HeaderName, HeaderValue};
use mesh_trace::{Kind, Span, TraceParent};
use tonic::Code;
use uuid::Uuid;

use crate::{code_name, is_server_fault};

/// The header that names a call. Taken from the caller if it is short and printable, else made here.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The header that names the place in a trace.
pub(crate) const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");

/// What a call is known by. The server stack puts it in the extensions of every request.
#[derive(Clone, Debug)]
pub struct CallContext {
    /// The call's id, as the caller's `x-request-id` or made here; answers carry it back.
    pub request_id: String,
    /// Our place in the caller's trace, or in a new one.
    pub trace_parent: TraceParent,
    /// The caller's place, if it told one.
    caller: Option<TraceParent>,
}

impl CallContext {
    /// The context of a call with these headers; `fresh` is an id nobody else has.
    pub fn of(headers: &HeaderMap, fresh: Uuid) -> Self {
        let asked = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
        let request_id = asked.filter(|id| is_sane(id)).map_or_else(|| fresh.to_string(), str::to_owned);
        let caller = headers.get(TRACE_PARENT).and_then(|value| TraceParent::parse(value.to_str().ok()?));
        let trace_parent = caller.map_or_else(|| TraceParent::root(fresh), |caller| caller.child(fresh));
        Self { request_id, trace_parent, caller }
    }

    /// The call in its trace, from now until it is dropped, if that is sampled.
    pub fn span(&self, service: &str, method: &str) -> Option<Span> {
        let mut span = Span::at(self.trace_parent, self.caller, Kind::Server, || format!("{service}/{method}"))?;
        span.set("rpc.system", "grpc");
        span.set("rpc.service", service.to_owned());
        span.set("rpc.method", method.to_owned());
        span.set("request.id", self.request_id.clone());
        Some(span)
    }

    /// Writes the context into the headers of a call that is made on behalf of this one.
    pub fn write(&self, headers: &mut HeaderMap) {
        if let Ok(value) = HeaderValue::from_str(&self.request_id) {
            headers.insert(REQUEST_ID, value);
        }
        if let Ok(value) = HeaderValue::from_str(&self.trace_parent.to_string()) {
            headers.insert(TRACE_PARENT, value);
        }
    }

    /// The same for a typed request.
    pub fn apply<T>(&self, request: &mut tonic::Request<T>) {
        self.write(request.metadata_mut().as_mut());
    }
}

/// Notes in the trace of a call how it ended.
pub fn trace_end(span: &mut Span, code: Code) {
    span.set("rpc.grpc.status_code", i64::from(code as i32));
    if is_server_fault(code) {
        span.fail(code_name(code));
    }
}

/// Ids end up in logs and in answers: nothing long and nothing unprintable.
fn is_sane(id: &str) -> bool {
    !id.is_empty() && id.len() <= 128 && id.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unprintable_request_id_is_replaced() {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, HeaderValue::from_static("has space"));
        assert_eq!(CallContext::of(&headers, Uuid::from_u128(1)).request_id, Uuid::from_u128(1).to_string());
        headers.insert(REQUEST_ID, HeaderValue::from_static("mine-7"));
        assert_eq!(CallContext::of(&headers, Uuid::from_u128(1)).request_id, "mine-7");
    }
}
