//! The few plain pages beside the API: what this is and how it is used, is it alive, is it ready, which keys sign its
//! tokens.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::json;
use tonic::{Code, body::Body};

use super::{asset::Asset, docs, edge::Visit, openapi, rest};

type Page = fn(&Visit, &HeaderMap) -> Response<Body>;

/// The page at the request's path, if there is one.
pub(super) async fn serve<B>(visit: &Visit, request: &Request<B>) -> Option<Response<Body>> {
    let path = request.uri().path();
    let (name, page): (_, Page) = match path {
        "/" => ("/", about),
        "/docs" => ("/docs", |_, headers| docs::page(headers)),
        "/openapi.json" => ("/openapi.json", document),
        "/healthz" => ("/healthz", alive),
        "/readyz" => ("/readyz", ready),
        "/.well-known/jwks.json" => ("/.well-known/jwks.json", keys),
        _ => return file(visit, request),
    };
    visit.record("page", name).finish(Code::Ok);
    Some(answered(request, |headers| page(visit, headers)))
}

/// A file that a page needs.
fn file<B>(visit: &Visit, request: &Request<B>) -> Option<Response<Body>> {
    let file = docs::file(request.uri().path(), request.headers())?;
    visit.record("page", "/docs/").finish(Code::Ok);
    Some(answered(request, |_| file))
}

fn answered<B>(request: &Request<B>, page: impl FnOnce(&HeaderMap) -> Response<Body>) -> Response<Body> {
    match *request.method() {
        Method::GET => page(request.headers()),
        Method::HEAD => rest::headers_only(page(request.headers())),
        Method::OPTIONS => rest::allowing(StatusCode::NO_CONTENT, "GET, HEAD, OPTIONS"),
        _ => rest::method_not_allowed("GET, HEAD, OPTIONS"),
    }
}

fn about(_: &Visit, _: &HeaderMap) -> Response<Body> {
    let about = json!({
        "name": "Taskmesh",
        "faces": ["gRPC", "gRPC-Web", "REST"],
        "docs": "/docs",
        "openapi": "/openapi.json",
        "signUp": "POST /v1/auth/signup",
        "keys": "/.well-known/jwks.json",
        "health": ["/healthz", "/readyz"],
        "reflection": ["grpc.reflection.v1", "grpc.reflection.v1alpha"],
    });
    rest::json(StatusCode::OK, Bytes::from(about.to_string()))
}

/// Written when it is asked for first: most gateways of a mesh never are.
fn document(visit: &Visit, headers: &HeaderMap) -> Response<Body> {
    let edge = &visit.edge;
    let written = || {
        let document = openapi::document(edge.router.routes()).to_string();
        Asset::new("application/json", "public, max-age=300", document.into_bytes())
    };
    edge.openapi.get_or_init(written).answer(headers)
}

fn alive(_: &Visit, _: &HeaderMap) -> Response<Body> {
    let tzdata = json!({"version": mesh_types::tzdata_version(), "source": mesh_types::tzdata_source()});
    rest::json(StatusCode::OK, Bytes::from(json!({"status": "ok", "tzdata": tzdata}).to_string()))
}

fn ready(visit: &Visit, _: &HeaderMap) -> Response<Body> {
    if visit.edge.health.is_ready() {
        return rest::json(StatusCode::OK, Bytes::from_static(br#"{"status":"ready"}"#));
    }
    let waiting = json!({"status": "not ready", "waitingFor": visit.edge.health.missing()});
    rest::json(StatusCode::SERVICE_UNAVAILABLE, Bytes::from(waiting.to_string()))
}

fn keys(visit: &Visit, _: &HeaderMap) -> Response<Body> {
    let mut answer = rest::json(StatusCode::OK, visit.edge.jwks.clone());
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    answer
}
