//! Which web pages may call, and what they may send and see.
//!
//! Where any origin may call (`*`), browsers send no cookies along, so such a page can do nothing without a token of its
//! own. Origins that are named are trusted with the cookies of who visits them.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, Uri};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use super::edge::FrontError;

/// For how long a browser need not ask again. Browsers keep it for two hours at most.
const MAX_AGE: Duration = Duration::from_secs(2 * 3600);

/// What a page may read of an answer: in a trailers-only answer the status is a header.
const EXPOSED: [&str; 10] = [
    "grpc-status",
    "grpc-message",
    "grpc-status-details-bin",
    "grpc-encoding",
    "grpc-accept-encoding",
    "x-request-id",
    "retry-after",
    "etag",
    "allow",
    "www-authenticate",
];

/// The layer for requests that carry an `Origin`.
///
/// # Errors
/// When an origin is not one.
pub(super) fn layer(origins: &[String]) -> Result<CorsLayer, FrontError> {
    let methods =
        [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
    let layer = CorsLayer::new()
        .allow_methods(methods)
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(EXPOSED.map(HeaderName::from_static))
        .max_age(MAX_AGE);
    if origins.iter().any(|origin| origin == "*") {
        return Ok(layer.allow_origin(AllowOrigin::any()));
    }
    let origins = origins.iter().map(|origin| parse(origin).ok_or_else(|| FrontError::Origin(origin.clone())));
    Ok(layer.allow_origin(AllowOrigin::list(origins.collect::<Result<Vec<_>, _>>()?)).allow_credentials(true))
}

/// An origin as browsers write it: scheme, host, and port if it is not the usual one.
fn parse(origin: &str) -> Option<HeaderValue> {
    let uri: Uri = origin.parse().ok()?;
    let (scheme, authority) = (uri.scheme_str()?, uri.authority()?.as_str());
    let written = format!("{scheme}://{authority}").to_ascii_lowercase();
    let whole = origin.eq_ignore_ascii_case(&written) && !authority.contains('@');
    HeaderValue::try_from(written).ok().filter(|_| whole && matches!(scheme, "http" | "https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_scheme_and_a_host_and_nothing_else() {
        assert_eq!(parse("https://App.Example:8443"), Some(HeaderValue::from_static("https://app.example:8443")));
        for text in ["", "null", "app.example", "https://a.b/", "https://a.b/x", "https://u@a.b", "ftp://a.b"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert!(layer(&["https://a.b/".to_owned()]).is_err());
    }
}
