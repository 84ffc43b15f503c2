//! Bodies that are the same for everybody as long as the program runs: sent compressed to whoever takes that, and not at
//! all to whoever has them already.

use std::{
    io::{self, Read, Write},
    sync::OnceLock,
};

use bytes::Bytes;
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use sha2::{Digest, Sha256};
use tonic::body::Body;

/// Such a body.
#[derive(Debug)]
pub(super) struct Asset {
    content_type: HeaderValue,
    cache_control: HeaderValue,
    etag: Option<HeaderValue>,
    gzip: Bytes,
    /// Not compressed, once somebody asked for it that way.
    plain: OnceLock<Bytes>,
}

impl Asset {
    /// An asset of this body.
    pub(super) fn new(content_type: &'static str, cache_control: &'static str, body: Vec<u8>) -> Self {
        let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::default());
        // A Vec takes everything.
        let gzip = encoder.write_all(&body).and_then(|()| encoder.finish()).unwrap_or_default();
        let asset = Self::compressed(content_type, cache_control, gzip.into());
        Self { plain: Bytes::from(body).into(), ..asset }
    }

    /// An asset of a body that is compressed already.
    pub(super) fn compressed(content_type: &'static str, cache_control: &'static str, gzip: Bytes) -> Self {
        Self {
            content_type: HeaderValue::from_static(content_type),
            cache_control: HeaderValue::from_static(cache_control),
            // Weak (RFC 9110, section 8.8.1): both encodings have it.
            etag: HeaderValue::try_from(format!("W/\"{}\"", digest(&gzip))).ok(),
            gzip,
            plain: OnceLock::new(),
        }
    }

    /// The answer to a request with these headers.
    pub(super) fn answer(&self, request: &HeaderMap) -> Response<Body> {
        let known = request.get(header::IF_NONE_MATCH).is_some_and(|known| self.is_among(known));
        let (status, body, encoding) = match (known, takes_gzip(request)) {
            (true, _) => (StatusCode::NOT_MODIFIED, Bytes::new(), None),
            (false, true) => (StatusCode::OK, self.gzip.clone(), Some(HeaderValue::from_static("gzip"))),
            (false, false) => (StatusCode::OK, self.plain(), None),
        };
        let mut response = Response::new(Body::new(Full::new(body)));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, self.content_type.clone());
        headers.insert(header::CACHE_CONTROL, self.cache_control.clone());
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.extend(encoding.map(|encoding| (header::CONTENT_ENCODING, encoding)));
        headers.extend(self.etag.clone().map(|etag| (header::ETAG, etag)));
        response
    }

    /// Whether `If-None-Match` names it, compared weakly (RFC 9110, section 13.1.2).
    fn is_among(&self, known: &HeaderValue) -> bool {
        let bare = |text: &str| text.trim().trim_start_matches("W/").to_owned();
        let own = self.etag.as_ref().and_then(|etag| etag.to_str().ok()).map(bare);
        let known = known.to_str().unwrap_or_default();
        known.trim() == "*" || known.split(',').any(|one| own.as_ref().is_some_and(|own| bare(one) == *own))
    }

    fn plain(&self) -> Bytes {
        let inflated = || {
            let mut plain = Vec::new();
            let read: io::Result<usize> = GzDecoder::new(self.gzip.as_ref()).read_to_end(&mut plain);
            if let Err(error) = read {
                tracing::error!(error.detail = %error, "an asset cannot be read");
            }
            Bytes::from(plain)
        };
        self.plain.get_or_init(inflated).clone()
    }
}

/// The first digits of a SHA-256, enough to tell versions apart.
pub(super) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Whether `Accept-Encoding` names gzip and does not weigh it with nothing.
fn takes_gzip(request: &HeaderMap) -> bool {
    let values = request.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|weight| weight.trim().parse() == Ok(0.0));
        name.trim().eq_ignore_ascii_case("gzip") && !refused
    })
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    fn asset() -> Asset {
        Asset::new("text/plain", "no-cache", b"hello ".repeat(100))
    }

    fn request(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).expect("a header"))).collect()
    }

    async fn body(response: Response<Body>) -> Bytes {
        response.into_body().collect().await.expect("it ends").to_bytes()
    }

    #[tokio::test]
    async fn it_is_compressed_for_whoever_takes_that() {
        for (accepted, compressed) in
            [("gzip", true), ("br, GZIP;q=0.5", true), ("gzip;q=0", false), ("identity", false), ("", false)]
        {
            let answer = asset().answer(&request(&[(header::ACCEPT_ENCODING, accepted)]));
            assert_eq!(answer.headers().contains_key(header::CONTENT_ENCODING), compressed, "{accepted}");
            assert_eq!(body(answer).await.len() < 600, compressed, "{accepted}");
        }
    }

    #[tokio::test]
    async fn it_is_not_sent_to_whoever_has_it() {
        let etag = asset().answer(&HeaderMap::new()).headers()[header::ETAG].to_str().expect("ASCII").to_owned();
        for known in [etag.as_str(), &format!("\"other\", {}", etag.trim_start_matches("W/")), "*"] {
            let answer = asset().answer(&request(&[(header::IF_NONE_MATCH, known)]));
            assert_eq!(answer.status(), StatusCode::NOT_MODIFIED, "{known}");
            assert!(body(answer).await.is_empty());
        }
        let other = asset().answer(&request(&[(header::IF_NONE_MATCH, "\"other\"")]));
        assert_eq!(other.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn what_came_compressed_is_inflated_for_whoever_wants_that() {
        let gzip = asset().gzip;
        let answer = Asset::compressed("text/plain", "no-cache", gzip).answer(&HeaderMap::new());
        assert_eq!(body(answer).await, b"hello ".repeat(100));
    }
}
