//! Calls a service. Whatever happens, what comes back is a gRPC answer.

use std::error::Error;

use http::{Request, Response, StatusCode, header};
use mesh_rpc::Channel;
use mesh_types::{ErrorKind, Fault, Reason};
use tonic::{Code, Status, TimeoutExpired, body::Body};
use tower::Service;

use super::{
    BodyFault, Guard, Leash,
    headers::{clean_answer, clean_status},
};

/// Sends `request` and guards its answer.
pub(crate) async fn send(mut channel: Channel, request: Request<Body>, leash: Leash) -> Response<Guard> {
    let calling = channel.call(request);
    let answered = match leash.deadline {
        Some(deadline) => match tokio::time::timeout_at(deadline, calling).await {
            Ok(answered) => answered,
            Err(_) => return Guard::ended(expired(), leash),
        },
        None => calling.await,
    };
    match answered {
        Ok(answer) => guarded(answer, leash),
        Err(error) => Guard::ended(broken(error, &leash.fault, leash.record.is_some()), leash),
    }
}

/// The same answer, under guard; one that is no gRPC becomes a status.
pub(crate) fn guarded(mut answer: Response<Body>, mut leash: Leash) -> Response<Guard> {
    let status = clean_status(answer.headers_mut());
    if !is_grpc(&answer) || (answer.status() != StatusCode::OK && status.is_none()) {
        tracing::warn!(http.status = answer.status().as_u16(), "an upstream gave an answer that is no gRPC");
        return Guard::ended(foreign(answer.status()), leash);
    }
    let (mut parts, body) = answer.into_parts();
    parts.status = StatusCode::OK;
    clean_answer(&mut parts.headers);
    let guard = match status {
        Some(code) => {
            leash.finish(code);
            Guard::finished(leash)
        }
        None => Guard::new(body, leash),
    };
    Response::from_parts(parts, guard)
}

fn is_grpc(answer: &Response<Body>) -> bool {
    let content_type = answer.headers().get(header::CONTENT_TYPE);
    content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
}

/// DEADLINE_EXCEEDED.
pub(super) fn expired() -> Fault {
    Fault::new(ErrorKind::DeadlineExceeded, Reason::DeadlineExceeded, "the call's deadline passed")
}

/// What a call came to whose connection, stream or request broke. `log` it, unless it is one of our own (they repeat).
pub(super) fn broken(error: impl Into<Box<dyn Error + Send + Sync>>, fault: &BodyFault, log: bool) -> Fault {
    if let Some(fault) = fault.get() {
        return fault;
    }
    let error = error.into();
    if chain(&*error).any(|error| error.is::<TimeoutExpired>()) {
        return expired();
    }
    if log {
        let detail = chain(&*error).last().map(ToString::to_string).unwrap_or_default();
        tracing::warn!(error.detail = detail, "a call to an upstream broke");
    }
    match Status::from_error(error).code() {
        Code::Internal => Fault::internal(),
        Code::ResourceExhausted => {
            Fault::new(ErrorKind::ResourceExhausted, Reason::RateLimited, "too many calls; try again later")
        }
        _ => Fault::unavailable(),
    }
}

/// An error and what caused it.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source())
}

/// What an HTTP status means that did not come from a gRPC server (a proxy's, say).
fn foreign(status: StatusCode) -> Fault {
    match status.as_u16() {
        404 => Fault::new(ErrorKind::Unimplemented, Reason::MethodUnknown, "no such RPC"),
        429 | 502..=504 => Fault::unavailable(),
        _ => Fault::internal(),
    }
}
