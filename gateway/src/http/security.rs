//! Headers that tell browsers what an answer is not: no page, no script, not to be framed, sniffed or kept.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{forward::Face, settings::HttpSettings};

/// What every answer says to browsers, unless it says something else about the same. `same-origin` keeps other pages
/// from embedding an answer; those that may call read it by CORS, which does not ask this header.
const PROTECTION: [(HeaderName, HeaderValue); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// What answers say, by the settings.
pub(crate) struct Security {
    hsts: Option<HeaderValue>,
    /// Whether answers depend on the origin that asks.
    varies: bool,
}

impl Security {
    pub(super) fn new(settings: &HttpSettings) -> Self {
        let hsts = format!("max-age={}", settings.hsts_max_age_s);
        Self {
            hsts: HeaderValue::try_from(hsts).ok().filter(|_| settings.hsts_max_age_s > 0),
            varies: !settings.allowed_origins.iter().any(|origin| origin == "*"),
        }
    }

    /// Adds what is missing, and removes what nobody has to know.
    pub(super) fn protect(&self, face: Face, headers: &mut HeaderMap) {
        headers.remove(header::SERVER);
        // No browser speaks native gRPC.
        if face == Face::Grpc {
            return;
        }
        for (name, value) in PROTECTION {
            headers.entry(name).or_insert(value);
        }
        if let Some(hsts) = &self.hsts {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, hsts.clone());
        }
        if self.varies && !headers.contains_key(header::VARY) {
            headers.insert(header::VARY, HeaderValue::from_static("origin"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_has_its_own_policy_keeps_it() {
        let own = HeaderValue::from_static("default-src 'self'");
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_SECURITY_POLICY, own.clone());
        headers.insert(header::SERVER, HeaderValue::from_static("upstream/1.2"));
        Security::new(&HttpSettings::default()).protect(Face::Other, &mut headers);
        assert_eq!(headers[header::CONTENT_SECURITY_POLICY], own);
        assert_eq!(headers[header::X_FRAME_OPTIONS], "DENY");
        assert!(!headers.contains_key(header::SERVER) && !headers.contains_key(header::STRICT_TRANSPORT_SECURITY));
    }
}
