//! Requests that are refused by their first lines alone: too large, in an encoding that is not served, or of a kind that
//! only attacks are made of.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version, header};
use mesh_types::{ErrorKind, Fault, Reason};
use tonic::body::Body;

use crate::http::{
    forward::{self, Face},
    rest,
    settings::HttpSettings,
};

/// Headers by which some servers let a POST be another method, past whatever looks at methods before them.
const OVERRIDES: [HeaderName; 3] = [
    HeaderName::from_static("x-http-method-override"),
    HeaderName::from_static("x-http-method"),
    HeaderName::from_static("x-method-override"),
];
/// What a header costs beside its letters (RFC 9113, section 6.5.2).
const HEADER_OVERHEAD: usize = 32;

/// Why a request is refused: as HTTP says it, and as we do.
type Refusal = (StatusCode, Fault);

/// The refusal of a request that goes no further, if it is one.
pub(crate) fn check<B>(settings: &HttpSettings, face: Face, request: &Request<B>) -> Option<Response<Body>> {
    let checked = size(settings, request).and_then(|()| match face {
        Face::Grpc | Face::Web { .. } => grpc_encoding(request.headers()),
        Face::Unsupported | Face::Other => plain(request),
    });
    let (status, fault) = checked.err()?;
    metrics::counter!("gateway_refused_total", "limit" => "head").increment(1);
    let mut answer = match face {
        Face::Grpc | Face::Web { .. } => forward::refusal_of(face, fault),
        Face::Unsupported | Face::Other => rest::refusal_with(status, fault),
    };
    let (name, value) = match status {
        StatusCode::METHOD_NOT_ALLOWED => (header::ALLOW, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE if face == Face::Other => (header::ACCEPT_ENCODING, "identity"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => (HeaderName::from_static("grpc-accept-encoding"), "identity"),
        _ => return Some(answer),
    };
    answer.headers_mut().insert(name, HeaderValue::from_static(value));
    Some(answer)
}

fn size<B>(settings: &HttpSettings, request: &Request<B>) -> Result<(), Refusal> {
    let too_large = |what: &str, most: usize| {
        let message = format!("{what} may hold {most} bytes");
        Fault::new(ErrorKind::ResourceExhausted, Reason::MessageTooLarge, message)
    };
    let most = settings.limits.max_uri_bytes;
    if request.uri().path_and_query().is_some_and(|target| target.as_str().len() > most) {
        return Err((StatusCode::URI_TOO_LONG, too_large("a path with its query", most)));
    }
    let most = settings.max_header_bytes as usize;
    let headers = request.headers().iter();
    let bytes: usize = headers.map(|(name, value)| name.as_str().len() + value.len() + HEADER_OVERHEAD).sum();
    if bytes > most {
        return Err((StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, too_large("headers", most)));
    }
    Ok(())
}

fn grpc_encoding(headers: &HeaderMap) -> Result<(), Refusal> {
    if is_identity(headers, &HeaderName::from_static("grpc-encoding")) {
        return Ok(());
    }
    let message = "messages are taken as they are: grpc-encoding identity";
    let fault = Fault::new(ErrorKind::Unimplemented, Reason::Malformed, message);
    Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, fault))
}

/// A request that is no gRPC.
fn plain<B>(request: &Request<B>) -> Result<(), Refusal> {
    let headers = request.headers();
    let malformed = |message| Fault::new(ErrorKind::InvalidArgument, Reason::Malformed, message);
    if matches!(*request.method(), Method::TRACE | Method::CONNECT) {
        let fault = Fault::new(ErrorKind::Unimplemented, Reason::MethodUnknown, "this method is not served");
        return Err((StatusCode::METHOD_NOT_ALLOWED, fault));
    }
    if request.version() == Version::HTTP_11 && headers.get_all(header::HOST).iter().count() != 1 {
        return Err((StatusCode::BAD_REQUEST, malformed("HTTP/1.1 needs one Host header")));
    }
    if OVERRIDES.iter().any(|name| headers.contains_key(name)) {
        return Err((StatusCode::BAD_REQUEST, malformed("the method is that of the request; no header overrides it")));
    }
    if !is_identity(headers, &header::CONTENT_ENCODING) {
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, malformed("bodies are taken as they are, not compressed")));
    }
    Ok(())
}

fn is_identity(headers: &HeaderMap, name: &HeaderName) -> bool {
    headers.get(name).is_none_or(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
}
