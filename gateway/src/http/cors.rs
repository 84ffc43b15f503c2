//! Which web pages may call, and what they may send and see.
//!
//! Tokens travel in a header that only the page itself can set, never in a cookie, so any origin may be allowed.

use http::{HeaderName, HeaderValue, Method};
use std::time::Duration;
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use super::edge::FrontError;

/// What a page may read of an answer: in a trailers-only answer the status is a header.
const EXPOSED: [&str; 9] = [
    "grpc-status",
    "grpc-message",
    "grpc-status-details-bin",
    "grpc-encoding",
    "grpc-accept-encoding",
    "x-request-id",
    "retry-after",
    "etag",
    "allow",
];

/// The layer for requests that carry an `Origin`.
///
/// # Errors
/// When an origin is not one.
pub(super) fn layer(origins: &[String]) -> Result<CorsLayer, FrontError> {
    let methods =
        [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
    Ok(CorsLayer::new()
        .allow_origin(allowed(origins)?)
        .allow_methods(methods)
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(EXPOSED.map(HeaderName::from_static))
        .max_age(Duration::from_secs(600)))
}

fn allowed(origins: &[String]) -> Result<AllowOrigin, FrontError> {
    if origins.iter().any(|origin| origin == "*") {
        return Ok(AllowOrigin::any());
    }
    let parse = |origin: &String| HeaderValue::from_str(origin).map_err(|_| FrontError::Origin(origin.clone()));
    Ok(AllowOrigin::list(origins.iter().map(parse).collect::<Result<Vec<_>, _>>()?))
}
