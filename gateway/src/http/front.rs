//! Serves a listener: gives each call its id, sends it the way its headers ask for, and answers even when we panic.

use std::{convert::Infallible, panic::AssertUnwindSafe, sync::Arc};

use futures::FutureExt;
use http::{HeaderValue, Request, Response, Version, header};
use hyper::body::Incoming;
use mesh_rpc::CallContext;
use mesh_types::Fault;
use tokio::{net::TcpListener, task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tower::{Layer, ServiceExt, service_fn};

use super::{
    accept,
    edge::{Edge, FrontError, Parts, Visit},
    forward::{self, Face},
    health, identity,
    limits::{self, Answer, Held, OpenCall},
    local::HEALTH_CHECK,
    pages, rest,
    sending::Sending,
};

/// The edge, ready to serve.
pub struct Front {
    edge: Arc<Edge>,
}

impl Front {
    /// Puts the edge together from its parts.
    ///
    /// # Errors
    /// When a setting or a route of the contract is no good.
    pub fn new(parts: Parts) -> Result<Self, FrontError> {
        Ok(Self { edge: Arc::new(Edge::new(parts)?) })
    }

    /// Says, once awaited, NOT_SERVING for every service from then on; calls are still answered. An answer in HTTP/1 is the
    /// last of its connection then: whoever has called since does not happen to call on one that is just being closed.
    pub fn stop_advertising(&self) -> impl Future<Output = ()> + Send + 'static {
        let edge = self.edge.clone();
        async move {
            edge.health.stop().await;
            edge.leaving.cancel();
        }
    }

    /// Serves `listener` until `stop`; then streams end at once, other calls may finish within the drain time.
    pub async fn serve(self, listener: TcpListener, stop: CancellationToken) {
        let edge = self.edge;
        let mut companions = JoinSet::new();
        health::watch(&mut companions, &edge);
        let (ending, stopped) = (edge.clone(), stop.clone());
        companions.spawn(async move {
            stopped.cancelled().await;
            ending.health.stop().await;
            ending.stopping.cancel();
        });
        let shared = edge.clone();
        accept::serve(listener, &edge.settings, stop, move |call, request| handle(shared.clone(), call, request)).await;
    }
}

async fn handle(edge: Arc<Edge>, call: OpenCall, mut request: Request<Incoming>) -> Response<Answer> {
    let arrived = Instant::now();
    name_host(&mut request);
    let context = CallContext::of(request.headers(), mesh_types::new_id(edge.clock.now()));
    let request_id = HeaderValue::from_str(&context.request_id);
    let client = identity::address(call.peer(), edge.settings.trusted_proxies, request.headers());
    let held = Arc::new(Held::new(call));
    let safe = request.method().is_safe();
    let visit = Visit { edge, context, client, arrived, held, safe };
    let face = Face::of(request.headers());
    // Who waits for our word before sending is sending nothing.
    let alone = request.version() < Version::HTTP_2;
    let sending = alone && !request.headers().contains_key(header::EXPECT);
    let request = request.map(Sending::new);
    let remains = request.body().remains();
    let caught = AssertUnwindSafe(across_origins(visit.clone(), face, request)).catch_unwind().await;
    let mut answer = caught.unwrap_or_else(|_| {
        tracing::error!(request.id = visit.context.request_id, "a call panicked");
        refusal(face, Fault::internal())
    });
    visit.edge.security.protect(face, answer.headers_mut());
    if let Ok(request_id) = request_id {
        answer.headers_mut().insert("x-request-id", request_id);
    }
    if alone && visit.edge.leaving.is_cancelled() {
        answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if sending {
        remains.drain().await;
    }
    answer.map(|body| Answer::new(body, visit.held))
}

/// A failure, in the words of the face that asks.
fn refusal(face: Face, fault: Fault) -> Response<Body> {
    match face {
        Face::Grpc | Face::Web { .. } => forward::refusal_of(face, fault),
        Face::Unsupported | Face::Other => rest::refusal(fault),
    }
}

/// Says in HTTP/1's words which host a page in HTTP/2 calls: its origin is compared with it.
fn name_host(request: &mut Request<Incoming>) {
    if request.headers().contains_key(header::ORIGIN) && !request.headers().contains_key(header::HOST) {
        let host = request.uri().authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
        if let Some(host) = host {
            request.headers_mut().insert(header::HOST, host);
        }
    }
}

/// Answers pages of other origins with what their browsers must know (CORS).
async fn across_origins(visit: Visit, face: Face, request: Request<Sending>) -> Response<Body> {
    if !request.headers().contains_key(header::ORIGIN) {
        return answer(visit, face, request).await;
    }
    let cors = visit.edge.cors.clone();
    let service = cors.layer(service_fn(move |request| {
        let visit = visit.clone();
        async move { Ok::<_, Infallible>(answer(visit, face, request).await) }
    }));
    let Ok(answer) = service.oneshot(request).await;
    answer
}

async fn answer(visit: Visit, face: Face, request: Request<Sending>) -> Response<Body> {
    if let Some(refusal) = limits::check(&visit.edge.settings, face, &request) {
        return refusal;
    }
    // To say how we are costs less than to refuse to.
    if !matches!(request.uri().path(), "/healthz" | "/readyz" | HEALTH_CHECK)
        && let Err(fault) = visit.edge.limits.arrive(&visit)
    {
        return refusal(face, fault);
    }
    if face != Face::Other {
        return forward::serve(visit, face, request).await;
    }
    match pages::serve(&visit, &request).await {
        Some(page) => page,
        None => rest::serve(visit, request).await,
    }
}
