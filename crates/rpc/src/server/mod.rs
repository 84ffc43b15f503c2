//! The server stack: what every RPC of every service passes through, whatever it is about.
//!
//! [`call`] is one call through it; [`limits`] and [`guard`] end it in time; [`foreign`] puts the errors of others in
//! our words; [`record`] keeps a span, a line and numbers of it; [`methods`] knows each RPC from the descriptors.

mod call;
mod config;
mod foreign;
mod guard;
mod limits;
mod methods;
mod record;

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use mesh_types::Clock;
use tokio_util::sync::CancellationToken;
use tonic::{body::Body, server::NamedService, service::Routes};
use tonic_health::{ServingStatus, server::HealthReporter};
use tonic_reflection::server::{Builder as Reflection, Error as ReflectionError};
use tower::Service;

pub use config::{MAX_MESSAGE_BYTES, ServerConfig};

use crate::{Listener, TokenVerifier, connections::serve_connections};
use methods::Methods;

/// Builds a service's server.
pub struct ServerBuilder {
    config: ServerConfig,
    verifier: Arc<TokenVerifier>,
    clock: Arc<dyn Clock>,
    routes: Routes,
    names: Vec<&'static str>,
}

impl ServerBuilder {
    /// A server without RPCs of its own.
    pub fn new(config: ServerConfig, verifier: Arc<TokenVerifier>, clock: Arc<dyn Clock>) -> Self {
        Self { config, verifier, clock, routes: Routes::default(), names: Vec::new() }
    }

    /// Adds a generated service. Its `max_encoding_message_size` should be [`MAX_MESSAGE_BYTES`].
    #[must_use]
    pub fn add_service<S>(mut self, service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
        S: NamedService + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
    {
        self.routes = self.routes.add_service(service);
        self.names.push(S::NAME);
        self
    }

    /// The server, with health, reflection and everything else around its RPCs.
    pub fn build(mut self) -> RpcServer {
        let (health, health_service) = tonic_health::server::health_reporter();
        self.routes = self.routes.add_service(health_service);
        if self.config.reflection {
            self.routes = self.with_reflection();
        }
        let shared = Shared {
            methods: Methods::of(&self.names),
            verifier: self.verifier,
            clock: self.clock,
            default_timeout_ms: self.config.default_timeout_ms,
            draining: CancellationToken::new(),
        };
        let routes = self.routes.prepare();
        RpcServer { config: self.config, shared: Arc::new(shared), routes, health, names: self.names.into() }
    }

    fn with_reflection(&mut self) -> Routes {
        let routes = std::mem::take(&mut self.routes);
        match (reflection(&self.names).build_v1(), reflection(&self.names).build_v1alpha()) {
            (Ok(v1), Ok(v1alpha)) => routes.add_service(v1).add_service(v1alpha),
            (Err(error), _) | (_, Err(error)) => without_reflection(routes, &error),
        }
    }
}

fn reflection(names: &[&str]) -> Reflection<'static> {
    let builder = Reflection::configure()
        .register_encoded_file_descriptor_set(mesh_proto::DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .with_service_name("grpc.health.v1.Health");
    names.iter().fold(builder, |builder, name| builder.with_service_name(*name))
}

/// The descriptors are compiled in, so this does not happen; if it did, calls would still be served.
fn without_reflection(routes: Routes, error: &ReflectionError) -> Routes {
    tracing::error!(error.detail = %error, "reflection not served");
    routes
}

/// What all calls of a server share.
struct Shared {
    methods: Methods,
    verifier: Arc<TokenVerifier>,
    clock: Arc<dyn Clock>,
    default_timeout_ms: u64,
    /// Cancelled when endless streams should end.
    draining: CancellationToken,
}

/// A service's server: a tower service, to be served on a [`Listener`] or to be called in this process.
#[derive(Clone)]
pub struct RpcServer {
    config: ServerConfig,
    shared: Arc<Shared>,
    routes: Routes,
    health: HealthReporter,
    names: Arc<[&'static str]>,
}

impl RpcServer {
    /// Says SERVING for every service from now on.
    pub async fn advertise(&self) {
        self.tell(ServingStatus::Serving).await;
    }

    /// Says NOT_SERVING for every service from now on; calls are still answered.
    pub async fn stop_advertising(&self) {
        self.tell(ServingStatus::NotServing).await;
    }

    async fn tell(&self, status: ServingStatus) {
        for name in self.names.iter().copied().chain([""]) {
            self.health.set_service_status(name, status).await;
        }
    }

    /// Ends endless streams, such as watches, with UNAVAILABLE; those that come later end at once.
    pub fn end_streams(&self) {
        self.shared.draining.cancel();
    }

    /// Serves until `stop`, then ends endless streams and waits for the other calls under way.
    pub async fn serve(self, listener: Listener, stop: CancellationToken) {
        self.advertise().await;
        let config = self.config.connections.clone();
        let draining = async {
            stop.cancelled().await;
            self.end_streams();
        };
        let serving = serve_connections(self.clone(), listener, config, stop.clone());
        tokio::join!(draining, serving);
    }
}

impl Service<Request<Body>> for RpcServer {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let answer = call::answer(Arc::clone(&self.shared), self.routes.clone(), request);
        Box::pin(async { Ok(answer.await) })
    }
}
