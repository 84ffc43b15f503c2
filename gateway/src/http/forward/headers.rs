//! Which headers travel with a call to the service, and which stay here.

use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::STANDARD_NO_PAD};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use mesh_rpc::CallContext;
use tokio::time::Instant;
use tonic::{Code, Status};

use super::deadline;

/// The metadata of a gRPC request that is passed on: all but what concerns one connection, what browsers add, what
/// would be trusted behind us, and what we set ourselves.
pub(super) fn passed_on(headers: &HeaderMap) -> HeaderMap {
    let nominated = headers.get(header::CONNECTION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_nominated = |name: &HeaderName| {
        !nominated.is_empty() && nominated.split(',').any(|token| token.trim().eq_ignore_ascii_case(name.as_str()))
    };
    let mut kept = HeaderMap::with_capacity(headers.len() + 4);
    for (name, value) in headers {
        if !stays_here(name.as_str()) && !is_nominated(name) {
            kept.append(name.clone(), value.clone());
        }
    }
    kept
}

/// Adds what every call to a service carries.
pub(crate) fn for_upstream(headers: &mut HeaderMap, context: &CallContext, deadline: Option<Instant>) {
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(header::TE, HeaderValue::from_static("trailers"));
    context.write(headers);
    if let Some(deadline) = deadline {
        headers.insert(deadline::GRPC_TIMEOUT, deadline::remaining(deadline));
    }
}

fn stays_here(name: &str) -> bool {
    const PREFIXES: [&str; 5] = ["x-forwarded-", "x-taskmesh-", "x-envoy-", "sec-", "access-control-"];
    is_of_one_connection(name)
        || matches!(name, "accept" | "accept-encoding" | "cookie" | "content-type" | "expect" | "host" | "origin")
        || matches!(name, "authorization" | "forwarded" | "grpc-timeout" | "referer" | "via" | "x-real-ip")
        || matches!(name, "traceparent" | "x-grpc-web" | "x-request-id" | "x-user-agent")
        || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Headers that concern one connection, or the length of a body that may change on its way.
fn is_of_one_connection(name: &str) -> bool {
    matches!(name, "connection" | "keep-alive" | "te" | "trailer" | "transfer-encoding" | "upgrade" | "content-length")
        || name.starts_with("proxy-")
}

/// Removes what concerns the connection to the service from the headers of its answer.
pub(super) fn clean_answer(headers: &mut HeaderMap) {
    const NAMES: [HeaderName; 5] =
        [header::CONNECTION, header::TRANSFER_ENCODING, header::UPGRADE, header::TRAILER, header::CONTENT_LENGTH];
    for name in NAMES {
        headers.remove(name);
    }
    headers.remove("keep-alive");
}

/// Repairs the status that headers or trailers tell, so that no client stumbles over it (some do over details that are
/// no base64); `None` if they tell none.
pub(super) fn clean_status(headers: &mut HeaderMap) -> Option<Code> {
    let told = headers.get(Status::GRPC_STATUS)?;
    let code = Code::from_bytes(told.as_bytes());
    if code == Code::Unknown {
        // Whatever it was.
        headers.insert(Status::GRPC_STATUS, HeaderValue::from_static("2"));
    }
    let details = headers.get(Status::GRPC_STATUS_DETAILS);
    let readable = |value: &HeaderValue| STANDARD.decode(value).is_ok() || STANDARD_NO_PAD.decode(value).is_ok();
    if details.is_some_and(|value| !readable(value)) {
        tracing::warn!("an upstream told details that cannot be read");
        headers.remove(Status::GRPC_STATUS_DETAILS);
    }
    Some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_travels_and_what_would_be_trusted_stays() {
        let mut headers = HeaderMap::new();
        for name in ["x-forwarded-for", "authorization", "cookie", "te", "x-taskmesh-caller", "x-mine", "trace-bin"] {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static("v"));
        }
        headers.insert(header::CONNECTION, HeaderValue::from_static("close, X-Hop"));
        headers.insert("x-hop", HeaderValue::from_static("v"));
        let kept = passed_on(&headers);
        let mut names: Vec<_> = kept.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["trace-bin", "x-mine"]);
    }

    #[test]
    fn a_status_is_a_number_and_its_details_are_base64() {
        let cleaned = |status, details| {
            let mut headers = HeaderMap::new();
            headers.insert(Status::GRPC_STATUS, HeaderValue::from_static(status));
            headers.insert(Status::GRPC_STATUS_DETAILS, HeaderValue::from_static(details));
            let code = clean_status(&mut headers);
            (code, headers[Status::GRPC_STATUS].clone(), headers.contains_key(Status::GRPC_STATUS_DETAILS))
        };
        assert_eq!(cleaned("5", "CAUSBGdvbmU"), (Some(Code::NotFound), HeaderValue::from_static("5"), true));
        assert_eq!(cleaned("5", "!!!"), (Some(Code::NotFound), HeaderValue::from_static("5"), false));
        assert_eq!(cleaned("five", "AA=="), (Some(Code::Unknown), HeaderValue::from_static("2"), true));
        assert_eq!(clean_status(&mut HeaderMap::new()), None);
    }
}
