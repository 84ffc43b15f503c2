//! What travels with a call: its id, and its place in a trace (W3C `traceparent`).

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};
use uuid::Uuid;

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
}

impl CallContext {
    /// The context of a call with these headers; `fresh` is an id nobody else has.
    pub fn of(headers: &HeaderMap, fresh: Uuid) -> Self {
        let asked = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
        let request_id = asked.filter(|id| is_sane(id)).map_or_else(|| fresh.to_string(), str::to_owned);
        let parent = headers.get(TRACE_PARENT).and_then(|value| TraceParent::parse(value.to_str().ok()?));
        let trace_parent = parent.map_or_else(|| TraceParent::root(fresh), |parent| parent.child(fresh));
        Self { request_id, trace_parent }
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

/// Ids end up in logs and in answers: nothing long and nothing unprintable.
fn is_sane(id: &str) -> bool {
    !id.is_empty() && id.len() <= 128 && id.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A place in a trace: `00-<trace id>-<span id>-<flags>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceParent {
    trace_id: u128,
    span_id: u64,
    flags: u8,
}

impl TraceParent {
    /// Reads a `traceparent`; `None` if it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let known = version == "00" && parts.next().is_none();
        let later = version != "00" && version != "ff" && is_hex(version, 2);
        if !(known || later) || !is_hex(trace, 32) || !is_hex(span, 16) || !is_hex(flags, 2) {
            return None;
        }
        let trace_id = u128::from_str_radix(trace, 16).ok().filter(|id| *id != 0)?;
        let span_id = u64::from_str_radix(span, 16).ok().filter(|id| *id != 0)?;
        Some(Self { trace_id, span_id, flags: u8::from_str_radix(flags, 16).ok()? })
    }

    /// The first place in a trace of its own, sampled; `fresh` is an id nobody else has.
    pub fn root(fresh: Uuid) -> Self {
        Self { trace_id: fresh.as_u128(), span_id: span_of(fresh), flags: 1 }
    }

    /// A new place under this one.
    #[must_use]
    pub fn child(self, fresh: Uuid) -> Self {
        Self { span_id: span_of(fresh), ..self }
    }

    /// The trace's id, as logs show it.
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.trace_id)
    }
}

/// The half of a UUID that is mostly random.
fn span_of(fresh: Uuid) -> u64 {
    fresh.as_u64_pair().1
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

impl fmt::Display for TraceParent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.span_id, self.flags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_child_stays_in_its_trace() {
        let parent = TraceParent::parse(PARENT).expect("a valid one");
        assert_eq!(parent.to_string(), PARENT);
        let child = parent.child(Uuid::from_u128(0xfeed));
        assert_eq!(child.to_string(), "00-0af7651916cd43dd8448eb211c80319c-000000000000feed-01");
    }

    #[test]
    fn what_is_no_traceparent_is_ignored() {
        let zero_span = "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01";
        for text in ["", "00", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", zero_span, "00-x-y-z"] {
            assert_eq!(TraceParent::parse(text), None, "{text}");
        }
        assert_eq!(TraceParent::parse(&format!("{PARENT}-more")), None);
        assert!(TraceParent::parse(&PARENT.replacen("00", "01", 1)).is_some(), "later versions begin the same");
    }

    #[test]
    fn an_unprintable_request_id_is_replaced() {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, HeaderValue::from_static("has space"));
        assert_eq!(CallContext::of(&headers, Uuid::from_u128(1)).request_id, Uuid::from_u128(1).to_string());
        headers.insert(REQUEST_ID, HeaderValue::from_static("mine-7"));
        assert_eq!(CallContext::of(&headers, Uuid::from_u128(1)).request_id, "mine-7");
    }
}
