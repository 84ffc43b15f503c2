//! Calls with cookies must come from pages that may make them: another site can make a browser send them, but cannot hide
//! that it did, nor know the session's token.
//!
//! As OWASP's cheat sheet on cross-site request forgery has it: Fetch Metadata (`Sec-Fetch-Site`), with `Origin` where a
//! browser does not send it (over plain HTTP), and a token of the session in a header of its own.

use http::{HeaderMap, header};
use mesh_types::{ErrorKind, Fault, Reason};
use uuid::Uuid;

use super::edge::Edge;
use crate::domain::Error;

/// The header that carries the session's token.
const TOKEN: &str = "x-csrf-token";

/// Checks a call that is made with the cookies of `session` and may change something.
///
/// # Errors
/// PERMISSION_DENIED (`CSRF_REJECTED`).
pub(super) fn check(edge: &Edge, headers: &HeaderMap, session: Uuid) -> Result<(), Fault> {
    if !is_own_page(&edge.settings.allowed_origins, headers) {
        return Err(Error::ForeignPage.into());
    }
    let token = headers.get(TOKEN).and_then(|value| value.to_str().ok());
    if token.is_some_and(|token| edge.csrf.is_of(session, token)) {
        return Ok(());
    }
    let message = "a call with cookies needs the session's token: send x-csrf-token";
    Err(Fault::new(ErrorKind::PermissionDenied, Reason::CsrfRejected, message))
}

/// Whether a page of this server calls, or one of an origin that is allowed by name. (`*` allows pages to call with tokens
/// of their own, but not with what a browser holds for us.)
pub(super) fn is_own_page(allowed_origins: &[String], headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let origin = text(header::ORIGIN.as_str());
    if origin.is_some_and(|origin| {
        allowed_origins.iter().any(|allowed| allowed != "*" && allowed.eq_ignore_ascii_case(origin))
    }) {
        return true;
    }
    match text("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => {
            let host = origin.and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
            host.zip(text(header::HOST.as_str())).is_some_and(|(ours, host)| ours.eq_ignore_ascii_case(host))
        }
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn own(pairs: &[(&'static str, &'static str)]) -> bool {
        let pairs = pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let allowed = ["*".to_owned(), "https://app.example".to_owned()];
        is_own_page(&allowed, &HeaderMap::from_iter(pairs))
    }

    #[test]
    fn pages_of_this_server_and_of_named_origins_may() {
        assert!(own(&[("sec-fetch-site", "same-origin"), ("origin", "https://a.b"), ("host", "behind-a-proxy")]));
        assert!(own(&[("sec-fetch-site", "same-site"), ("origin", "https://app.example")]));
        assert!(own(&[("origin", "http://192.168.1.7:8080"), ("host", "192.168.1.7:8080")]));
    }

    #[test]
    fn pages_of_others_and_what_says_nothing_may_not() {
        assert!(!own(&[]));
        assert!(!own(&[("host", "a.b")]));
        assert!(!own(&[("origin", "null"), ("host", "null")]));
        assert!(!own(&[("origin", "https://evil.example"), ("host", "a.b")]));
        for site in ["cross-site", "same-site", "none", ""] {
            assert!(!own(&[("sec-fetch-site", site), ("origin", "https://a.b"), ("host", "a.b")]), "{site}");
        }
        assert!(!own(&[("origin", "*")]), "the star is no origin");
    }
}
