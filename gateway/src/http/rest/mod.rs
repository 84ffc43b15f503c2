//! REST: HTTP and JSON turned into gRPC calls and back, by what the descriptors say of each RPC.
//!
//! A request goes `router` → `request` (with `path`, `query`, `json`) → the service → `answer` or `stream`; a stream of
//! requests goes line by line through `upload`. Whatever fails becomes an [`error`] body.

mod answer;
mod content;
mod error;
mod field;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod json;
mod messages;
mod path;
mod query;
mod request;
mod route;
mod router;
mod scalar;
mod stream;
mod strict;
mod upload;

use std::{sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{
    HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version, header, request::Parts, uri::PathAndQuery,
};
use http_body_util::{BodyExt, Full};
use mesh_rpc::Channel;
use mesh_types::{ErrorKind, Fault, Reason};
use tokio::time::Instant;
use tonic::{Code, body::Body};

use super::{
    edge::Visit,
    forward::{self, BodyFault, Leash},
    limits,
    sending::Sending,
};
use crate::app::OpenStream;
pub(crate) use answer::{headers_only, json};
use error::Refusal;
pub(crate) use error::http_status;
#[cfg(any(test, fuzzing))]
pub(crate) use messages::Failure;
use messages::Messages;
pub(crate) use path::Step;
pub(crate) use route::{BodyRule, Route};
use router::Found;
pub(crate) use router::Router;
use upload::{Lines, Upload};

/// Headers that travel with a REST call to the service, beside what every call carries.
const PASSED_ON: [header::HeaderName; 2] = [header::USER_AGENT, header::ACCEPT_LANGUAGE];

/// Answers a REST call.
pub(crate) async fn serve(visit: Visit, request: Request<Sending>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let edge = visit.edge.clone();
    match edge.router.find(&parts.method, parts.uri.path()) {
        Found::Route(route, segments) => {
            let response = call(&visit, route, &segments, &parts, body).await;
            if parts.method == Method::HEAD { headers_only(response) } else { response }
        }
        Found::Methods(methods) => {
            visit.record("rest", "unknown").finish(Code::Unimplemented);
            let allowed = allowed(&methods);
            match parts.method {
                Method::OPTIONS => allowing(StatusCode::NO_CONTENT, &allowed),
                _ => method_not_allowed(&allowed),
            }
        }
        Found::Nothing => {
            visit.record("rest", "unknown").finish(Code::NotFound);
            let fault = Fault::new(ErrorKind::NotFound, Reason::MethodUnknown, "there is nothing at this path");
            refusal(fault)
        }
    }
}

async fn call(visit: &Visit, route: &Arc<Route>, segments: &[&str], parts: &Parts, body: Sending) -> Response<Body> {
    let mut record = visit.record("rest", &route.rpc.method.path);
    let form = stream::form(route, &parts.headers);
    if form.is_some() && parts.method == Method::HEAD {
        record.finish(Code::Unimplemented);
        return method_not_allowed("GET, OPTIONS");
    }
    let remains = body.remains();
    let Prepared { outgoing, deadline, fault, opened } = match prepare(visit, route, segments, parts, body).await {
        Ok(prepared) => prepared,
        Err(refusal) => {
            record.finish(refusal.code());
            return refusal.respond();
        }
    };
    let (settings, stopping) = (&visit.edge.settings, route.rpc.is_stream().then(|| visit.edge.stopping.clone()));
    let leash = Leash { deadline, stopping, limit: settings.max_message_bytes, opened, fault, record: Some(record) };
    let mut answer = forward::send(route.rpc.channel.clone(), outgoing, leash).await;
    visit.edge.cookies().settle(&route.rpc, answer.headers_mut());
    let cookies: Vec<_> = answer.headers().get_all(header::SET_COOKIE).iter().cloned().collect();
    let messages = Messages::new(answer, settings.max_message_bytes);
    let answered = match form {
        Some(form) => match stream::respond(route.clone(), messages, form, settings.heartbeat()).await {
            Ok(response) => return response,
            Err(failure) => Err(failure.into()),
        },
        None => match messages.only().await {
            Ok(message) => answer::unary(route, message).map_err(Refusal::from),
            Err(failure) => Err(failure.into()),
        },
    };
    if parts.version < Version::HTTP_2 {
        // What is left of the body is read before the answer is given, once nobody holds it any more.
        remains.let_go().await;
    }
    let mut response = match answered {
        Ok(response) if parts.method == Method::GET || parts.method == Method::HEAD => {
            answer::unless_known(response, &parts.headers)
        }
        answered => answered.unwrap_or_else(Refusal::respond),
    };
    response.headers_mut().extend(cookies.into_iter().map(|cookie| (header::SET_COOKIE, cookie)));
    response
}

/// A call that can be made.
struct Prepared {
    outgoing: Request<Body>,
    /// Until when it may take.
    deadline: Option<Instant>,
    /// What turns out to be wrong with its body.
    fault: BodyFault,
    /// What notes that it is open, if it is a stream.
    opened: Option<OpenStream>,
}

/// The gRPC request, and what binds it.
async fn prepare(
    visit: &Visit,
    route: &Arc<Route>,
    segments: &[&str],
    parts: &Parts,
    body: Sending,
) -> Result<Prepared, Refusal> {
    let settings = &visit.edge.settings;
    let deadline = forward::deadline(&parts.headers, route.rpc.is_stream(), settings, visit.arrived)?;
    let mut headers = HeaderMap::with_capacity(8);
    for name in PASSED_ON {
        if let Some(value) = parts.headers.get(&name) {
            headers.insert(name, value.clone());
        }
    }
    let opened = forward::within(deadline, limits::admit(visit, &route.rpc, &parts.headers, &mut headers)).await?;
    if !http_body::Body::is_end_stream(&body) {
        content::check(route, &parts.headers)?;
    }
    let limit = settings.max_body_bytes_of(!route.rpc.method.public);
    let fault = BodyFault::default();
    let patience = settings.limits.message_timeout();
    let body = if route.rpc.method.descriptor.is_client_streaming() {
        Upload::begin(route, segments, parts, Lines::new(body, limit, patience), fault.clone())
    } else {
        let body = match route.body {
            BodyRule::Nothing => Bytes::new(),
            _ => read(body, limit, deadline.unwrap_or(visit.arrived + patience)).await?,
        };
        let frame = request::build(route, segments, parts.uri.query(), &parts.headers, &body)?;
        Body::new(Full::new(frame))
    };
    forward::for_upstream(&mut headers, &visit.context, deadline);
    let mut outgoing = outgoing(&route.rpc.path, headers, body);
    outgoing.extensions_mut().insert(route.rpc.repeat(deadline));
    Ok(Prepared { outgoing, deadline, fault, opened })
}

fn outgoing(path: &PathAndQuery, headers: HeaderMap, body: Body) -> Request<Body> {
    let mut outgoing = Request::new(body);
    *outgoing.method_mut() = Method::POST;
    *outgoing.uri_mut() = path.clone().into();
    *outgoing.headers_mut() = headers;
    outgoing
}

async fn read(mut body: Sending, limit: usize, deadline: Instant) -> Result<Bytes, Refusal> {
    tokio::time::timeout_at(deadline, collect(&mut body, limit)).await.unwrap_or_else(|_| {
        let message = "the body did not arrive within the call's deadline";
        let fault = Fault::new(ErrorKind::DeadlineExceeded, Reason::DeadlineExceeded, message);
        Err(Refusal::with_status(StatusCode::REQUEST_TIMEOUT, fault))
    })
}

/// The whole body. What is too large is read on for a while and thrown away: a client that is still sending when the
/// connection closes would not see why.
async fn collect(body: &mut Sending, limit: usize) -> Result<Bytes, Refusal> {
    let (mut collected, mut received) = (BytesMut::new(), 0);
    while let Some(frame) = body.frame().await {
        let malformed = |_| Fault::new(ErrorKind::InvalidArgument, Reason::Malformed, "the body ends early");
        let Ok(data) = frame.map_err(malformed)?.into_data() else { continue };
        received += data.len();
        if received <= limit {
            collected.extend_from_slice(&data);
        } else if received > limit + forward::LINGERING_BYTES {
            break;
        }
    }
    if received > limit {
        let message = format!("a body may hold {limit} bytes");
        let fault = Fault::new(ErrorKind::ResourceExhausted, Reason::MessageTooLarge, message);
        return Err(Refusal::with_status(StatusCode::PAYLOAD_TOO_LARGE, fault));
    }
    Ok(collected.freeze())
}

/// A call of our own, without a token: the answer's message, or nothing if it fails.
pub(crate) async fn plain_call(
    channel: &Channel,
    path: &'static str,
    message: &impl prost::Message,
    patience: Duration,
) -> Option<Bytes> {
    let deadline = Some(Instant::now() + patience);
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(header::TE, HeaderValue::from_static("trailers"));
    let body = Body::new(Full::new(request::framed(message)));
    let outgoing = outgoing(&PathAndQuery::from_static(path), headers, body);
    const LIMIT: usize = 4096;
    let fault = BodyFault::default();
    let leash = Leash { deadline, stopping: None, limit: LIMIT, opened: None, fault, record: None };
    let answer = forward::send(channel.clone(), outgoing, leash).await;
    Messages::new(answer, LIMIT).only().await.ok()
}

/// An answer that is nothing but this failure.
pub(crate) fn refusal(fault: Fault) -> Response<Body> {
    Refusal::from(fault).respond()
}

/// The same, where HTTP has a status of its own for it.
pub(crate) fn refusal_with(status: StatusCode, fault: Fault) -> Response<Body> {
    Refusal::with_status(status, fault).respond()
}

/// 405 for a path that knows only these methods.
pub(crate) fn method_not_allowed(methods: &str) -> Response<Body> {
    let fault = Fault::new(ErrorKind::Unimplemented, Reason::MethodUnknown, "this path does not know this method");
    with_allow(refusal_with(StatusCode::METHOD_NOT_ALLOWED, fault), methods)
}

/// An empty answer that tells the methods a path knows.
pub(crate) fn allowing(status: StatusCode, methods: &str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    with_allow(response, methods)
}

fn with_allow(mut response: Response<Body>, methods: &str) -> Response<Body> {
    if let Ok(value) = HeaderValue::from_str(methods) {
        response.headers_mut().insert(header::ALLOW, value);
    }
    response
}

fn allowed(methods: &[Method]) -> String {
    let head = methods.contains(&Method::GET).then_some("HEAD");
    methods.iter().map(Method::as_str).chain(head).chain(["OPTIONS"]).collect::<Vec<_>>().join(", ")
}
