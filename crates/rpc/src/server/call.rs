//! One call through the stack: known method, known caller, limited time, an answer in our words.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures::FutureExt;
use http::{HeaderMap, HeaderValue, Method as HttpMethod, Request, Response, StatusCode, header};
use mesh_types::{Caller, ErrorKind, Fault, Reason, new_id};
use tonic::{body::Body, service::Routes};
use tower::Service;
use tracing::Instrument;

use super::{
    Shared,
    foreign::{self, Circumstances, method_unknown},
    guard::Guard,
    limits::{Limits, requested_timeout},
    methods::Method,
    record::Call,
};
use crate::{CallContext, accept::Reached, context::REQUEST_ID, status, token};

/// Answers `request`.
pub(super) async fn answer(shared: Arc<Shared>, routes: Routes, request: Request<Body>) -> Response<Body> {
    if let Some(refusal) = not_grpc(&request) {
        return refusal;
    }
    let context = CallContext::of(request.headers(), new_id(shared.clock.now()));
    let (method, known) = shared.methods.find(request.uri().path());
    let call = Call::begin(Arc::clone(&method), &context);
    let span = call.span.clone();
    let id = HeaderValue::from_str(&context.request_id);
    let answered = async {
        match admit(&shared, &method, known, &context, request) {
            Ok((request, limits)) => run(routes, request, limits, call).await,
            Err(fault) => refuse(fault, call),
        }
    };
    let mut response = answered.instrument(span).await;
    if let Ok(id) = id {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// What is no gRPC call at all gets a bare HTTP answer, as gRPC over HTTP/2 asks.
fn not_grpc(request: &Request<Body>) -> Option<Response<Body>> {
    let content_type = request.headers().get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let rest = content_type.strip_prefix(b"application/grpc");
    let refusal = match rest {
        _ if request.method() != HttpMethod::POST => StatusCode::METHOD_NOT_ALLOWED,
        Some([] | [b'+' | b';', ..]) => return None,
        _ => StatusCode::UNSUPPORTED_MEDIA_TYPE,
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = refusal;
    Some(response)
}

/// Checks everything that does not depend on the message, and prepares the request for its handler.
fn admit(
    shared: &Shared,
    method: &Method,
    known: bool,
    context: &CallContext,
    mut request: Request<Body>,
) -> Result<(Request<Body>, Limits), Fault> {
    if !known {
        return Err(method_unknown());
    }
    let mut limits = Limits::new(timeout(shared, method, request.headers())?);
    if let Some(scope) = &method.scope {
        let verified = shared.verifier.verify(bearer(request.headers())?)?;
        if !verified.issuer_may_call(request.uri().path()) {
            return Err(token::invalid());
        }
        tracing::Span::current().record("user.id", tracing::field::display(verified.caller.actor.user_id));
        require(scope, &verified.caller)?;
        if method.streaming {
            limits.end_with_token(verified.expires, Arc::clone(&shared.clock));
        }
        let trace_parent = Some(context.trace_parent.to_string());
        request.extensions_mut().insert(Caller { trace_parent, ..verified.caller.clone() });
    }
    if method.endless {
        limits.end_with(shared.draining.clone());
    }
    request.extensions_mut().insert(context.clone());
    Ok((request, limits))
}

fn timeout(shared: &Shared, method: &Method, headers: &HeaderMap) -> Result<Option<Duration>, Fault> {
    let bad = |()| Fault::new(ErrorKind::InvalidArgument, Reason::Malformed, "grpc-timeout is not well-formed");
    let default = (!method.streaming).then(|| Duration::from_millis(shared.default_timeout_ms));
    Ok(requested_timeout(headers).map_err(bad)?.or(default))
}

/// The token in `authorization: Bearer …`.
fn bearer(headers: &HeaderMap) -> Result<&str, Fault> {
    let missing = || Fault::new(ErrorKind::Unauthenticated, Reason::TokenMissing, "this call needs a token");
    let value = headers.get(header::AUTHORIZATION).ok_or_else(missing)?;
    let text = value.to_str().map_err(|_| token::invalid())?;
    let (scheme, token) = text.split_once(' ').ok_or_else(token::invalid)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(token::invalid());
    }
    Ok(token.trim())
}

fn require(scope: &str, caller: &Caller) -> Result<(), Fault> {
    if caller.scopes.iter().any(|held| held == scope) {
        return Ok(());
    }
    let message = "the token does not hold the scope that this call needs";
    Err(Fault::new(ErrorKind::PermissionDenied, Reason::ScopeMissing, message).with("scope", scope))
}

/// Lets the handler work within the limits. When they end first, its work is dropped.
async fn run(mut routes: Routes, mut request: Request<Body>, mut limits: Limits, call: Call) -> Response<Body> {
    let reached = Reached::default();
    let encoding = request.headers().get("grpc-encoding").map_or(&b"identity"[..], HeaderValue::as_bytes);
    let compressed = encoding != b"identity";
    request.extensions_mut().insert(reached.clone());
    let handled = AssertUnwindSafe(routes.call(request)).catch_unwind();
    let response = tokio::select! {
        biased;
        handled = handled => handled,
        fault = &mut limits => return refuse(fault, call),
    };
    let Ok(Ok(mut response)) = response else { return refuse(Fault::internal(), call) };
    let circumstances = Circumstances { reached: reached.get(), compressed };
    match foreign::translate(response.headers_mut(), circumstances) {
        Some(code) => finish(response, code, call),
        None => response.map(|inner| Body::new(Guard { inner, limits, call, reached, compressed, done: false })),
    }
}

/// An answer that is all headers.
fn finish(response: Response<Body>, code: tonic::Code, mut call: Call) -> Response<Body> {
    call.end(code);
    let (mut parts, _) = response.into_parts();
    parts.extensions.clear();
    Response::from_parts(parts, Body::empty())
}

fn refuse(fault: Fault, call: Call) -> Response<Body> {
    let told = status(fault);
    let code = told.code();
    finish(told.into_http(), code, call)
}
