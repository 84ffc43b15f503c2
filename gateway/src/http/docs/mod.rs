//! `/docs`: the API reference as a page, by Swagger UI. Everything it needs is in the program (`build.rs` takes it out of
//! the package that carries it), and its policy lets it load nothing else.

use std::sync::LazyLock;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, header};
use tonic::body::Body;

use super::asset::{self, Asset};

/// What the page may do. Scripts and styles come from here and nowhere else; Swagger UI needs neither inline ones nor
/// `eval`, but its styles hold pictures as `data:`. Calls go to this gateway.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Names hold a digest of what is named, so they never mean anything else.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

const PAGE: &str = include_str!("page.html");

/// A file that the build script took out of its package.
macro_rules! packaged {
    ($name:literal) => {
        include_bytes!(concat!(env!("OUT_DIR"), "/docs/", $name, ".gz"))
    };
}

/// Name, type and compressed body of each file.
const FILES: [(&str, &str, &[u8]); 4] = [
    ("swagger-ui-bundle.js", "text/javascript; charset=utf-8", packaged!("swagger-ui-bundle.js")),
    ("swagger-ui.css", "text/css; charset=utf-8", packaged!("swagger-ui.css")),
    ("LICENSE", "text/plain; charset=utf-8", packaged!("LICENSE")),
    ("NOTICE", "text/plain; charset=utf-8", packaged!("NOTICE")),
];
const START: &str = include_str!("start.js");

/// The page and its files.
struct Docs {
    page: Asset,
    files: Vec<(String, Asset)>,
}

static DOCS: LazyLock<Docs> = LazyLock::new(|| {
    let packaged = FILES.map(|(name, content_type, gzip)| {
        (name, asset::digest(gzip), Asset::compressed(content_type, FOR_EVER, Bytes::from_static(gzip)))
    });
    let start = Asset::new("text/javascript; charset=utf-8", FOR_EVER, START.as_bytes().to_vec());
    let mut page = PAGE.to_owned();
    let mut files = Vec::new();
    for (name, digest, asset) in packaged.into_iter().chain([("start.js", asset::digest(START.as_bytes()), start)]) {
        let path = format!("/docs/{digest}/{name}");
        page = page.replace(&format!("{{{name}}}"), &path);
        files.push((path, asset));
    }
    Docs { page: Asset::new("text/html; charset=utf-8", "no-cache", page.into_bytes()), files }
});

/// The page.
pub(super) fn page(request: &HeaderMap) -> Response<Body> {
    let mut answer = DOCS.page.answer(request);
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    answer
}

/// The file of the page at this path, if there is one.
pub(super) fn file(path: &str, request: &HeaderMap) -> Option<Response<Body>> {
    let (_, asset) = DOCS.files.iter().find(|(known, _)| known == path)?;
    Some(asset.answer(request))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_names_every_file() {
        for (path, _) in &DOCS.files {
            assert!(!path.contains('{') && path.starts_with("/docs/"));
        }
        assert_eq!(DOCS.files.len(), 5);
    }
}
