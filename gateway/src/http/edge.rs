//! What every call needs: the parts of the edge, built once.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use futures::future::BoxFuture;
use mesh_proto::Contract;
use mesh_rpc::{CallContext, Channel};
use mesh_types::{Clock, Fault};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tower_http::cors::CorsLayer;

use super::{
    asset::Asset,
    cookies::Cookies,
    cors,
    health::Health,
    limits::{self, Held, Limits},
    local,
    record::CallRecord,
    rest::Router,
    security::Security,
    settings::HttpSettings,
    table::Table,
};
use crate::{
    app::{ClientHint, Exchanged, OpenStreams},
    keys::CsrfKey,
};

/// The services by their full names, such as `taskmesh.task.v1.TaskService`, and how to reach each.
pub type Upstreams = BTreeMap<String, Channel>;

/// Exchanges what a caller presents for who they are and the `authorization` header that is forwarded.
pub type Exchanging =
    Arc<dyn for<'a> Fn(&'a str, &'a ClientHint) -> BoxFuture<'a, Result<Exchanged, Fault>> + Send + Sync>;

/// What a [`Front`](super::Front) is made of.
pub struct Parts {
    /// What the services behind it promise.
    pub contract: &'static Contract,
    /// Limits and times.
    pub settings: HttpSettings,
    /// The services behind it.
    pub upstreams: Upstreams,
    /// Exchanges credentials for access tokens.
    pub exchange: Exchanging,
    /// Checks what pages send beside their cookies.
    pub csrf: CsrfKey,
    /// Where streams are noted, so that they end with what they were opened with.
    pub streams: OpenStreams,
    /// The public keys of access tokens, as `GET /.well-known/jwks.json` answers them.
    pub jwks: Bytes,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// The parts do not fit together.
#[derive(Debug, thiserror::Error)]
pub enum FrontError {
    /// An allowed origin is no origin.
    #[error("allowed origin is not of the form https://host: {0:?}")]
    Origin(String),
    /// A route of the contract cannot be served.
    #[error("route of {rpc}: {problem}")]
    Route {
        /// The RPC's path.
        rpc: String,
        /// What is wrong with its route.
        problem: String,
    },
    /// The descriptors cannot be reflected.
    #[error("descriptors for reflection: {0}")]
    Reflection(String),
}

/// Everything that calls share.
pub(crate) struct Edge {
    pub(crate) settings: HttpSettings,
    pub(crate) table: Table,
    pub(crate) router: Router,
    pub(crate) exchange: Exchanging,
    pub(crate) streams: OpenStreams,
    pub(crate) csrf: CsrfKey,
    pub(crate) jwks: Bytes,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) cors: CorsLayer,
    pub(crate) security: Security,
    pub(crate) limits: Limits,
    pub(crate) health: Arc<Health>,
    pub(crate) local: Routes,
    /// The OpenAPI document, once somebody asked for it.
    pub(crate) openapi: OnceLock<Asset>,
    /// Cancelled when the gateway is about to stop: clients of HTTP/1 are told to take another connection for the next call.
    pub(crate) leaving: CancellationToken,
    /// Cancelled when the gateway stops: streams end, other calls may finish.
    pub(crate) stopping: CancellationToken,
}

impl Edge {
    pub(super) fn new(parts: Parts) -> Result<Self, FrontError> {
        limits::begin_counting();
        let table = Table::new(parts.contract.methods(), &parts.upstreams, parts.settings.limits.max_calls_per_service);
        let health = Arc::new(Health::new(&parts.upstreams));
        Ok(Self {
            router: Router::new(table.iter())?,
            cors: cors::layer(&parts.settings.allowed_origins)?,
            security: Security::new(&parts.settings),
            limits: Limits::new(&parts.settings.limits),
            local: local::services(parts.contract, &health)?,
            openapi: OnceLock::new(),
            settings: parts.settings,
            exchange: parts.exchange,
            streams: parts.streams,
            csrf: parts.csrf,
            jwks: parts.jwks,
            clock: parts.clock,
            leaving: CancellationToken::new(),
            stopping: CancellationToken::new(),
            table,
            health,
        })
    }
}

impl Edge {
    /// How cookies are named and set.
    pub(crate) fn cookies(&self) -> Cookies {
        Cookies { insecure: self.settings.insecure_cookies }
    }
}

/// One call: what the edge knows of it before it looks inside.
#[derive(Clone)]
pub(crate) struct Visit {
    pub(crate) edge: Arc<Edge>,
    pub(crate) context: CallContext,
    /// The client's address, as far as trusted proxies tell it.
    pub(crate) client: IpAddr,
    pub(crate) arrived: Instant,
    /// What the call holds until the last of its answer is handed over.
    pub(crate) held: Arc<Held>,
    /// Whether its HTTP method says that it changes nothing.
    pub(crate) safe: bool,
}

impl Visit {
    /// The record of this call, by this face.
    pub(crate) fn record(&self, face: &'static str, method: &'static str) -> CallRecord {
        CallRecord::new(face, method, &self.context, self.arrived)
    }
}
