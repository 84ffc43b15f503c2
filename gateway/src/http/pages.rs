//! The few plain pages beside the API: what this is, is it alive, is it ready, which keys sign its tokens.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::json;
use tonic::{Code, body::Body};

use super::{edge::Visit, rest};

/// The page at the request's path, if there is one.
pub(super) async fn serve<B>(visit: &Visit, request: &Request<B>) -> Option<Response<Body>> {
    let (path, page): (_, fn(&Visit) -> Response<Body>) = match request.uri().path() {
        "/" => ("/", about),
        "/healthz" => ("/healthz", alive),
        "/readyz" => ("/readyz", ready),
        "/.well-known/jwks.json" => ("/.well-known/jwks.json", keys),
        _ => return None,
    };
    visit.record("page", path).finish(Code::Ok);
    Some(match *request.method() {
        Method::GET | Method::HEAD => page(visit),
        Method::OPTIONS => rest::allowing(StatusCode::NO_CONTENT, "GET, HEAD, OPTIONS"),
        _ => rest::method_not_allowed("GET, HEAD, OPTIONS"),
    })
}

fn about(_: &Visit) -> Response<Body> {
    let about = json!({
        "name": "Taskmesh",
        "faces": ["gRPC", "gRPC-Web", "REST"],
        "signUp": "POST /v1/auth/signup",
        "keys": "/.well-known/jwks.json",
        "health": ["/healthz", "/readyz"],
        "reflection": ["grpc.reflection.v1", "grpc.reflection.v1alpha"],
    });
    rest::json(StatusCode::OK, Bytes::from(about.to_string()))
}

fn alive(_: &Visit) -> Response<Body> {
    rest::json(StatusCode::OK, Bytes::from_static(br#"{"status":"ok"}"#))
}

fn ready(visit: &Visit) -> Response<Body> {
    if visit.edge.health.is_ready() {
        return rest::json(StatusCode::OK, Bytes::from_static(br#"{"status":"ready"}"#));
    }
    let waiting = json!({"status": "not ready", "waitingFor": visit.edge.health.missing()});
    rest::json(StatusCode::SERVICE_UNAVAILABLE, Bytes::from(waiting.to_string()))
}

fn keys(visit: &Visit) -> Response<Body> {
    let mut answer = rest::json(StatusCode::OK, visit.edge.jwks.clone());
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    answer
}
