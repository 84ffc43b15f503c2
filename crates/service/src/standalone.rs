//! A service as a program of its own: PostgreSQL, NATS, a port, and the keys of those whose word counts.

use std::{net::SocketAddr, path::Path, sync::Arc};

use anyhow::{Context, ensure};
use mesh_events::{JetStreamBus, NatsConfig};
use mesh_rpc::{KeySet, Listener, RpcServer, ServerConfig, TokenVerifier};
use mesh_runtime::{Lifecycle, Stage};
use mesh_store::DatabaseConfig;
use mesh_types::{Clock, SystemClock};

use crate::Dependencies;

/// The settings of a service that only matter in a mesh.
#[derive(Clone, Copy, Debug)]
pub struct Mesh<'a> {
    /// Where calls come in.
    pub server: &'a ServerConfig,
    /// Where its rows are: PostgreSQL only.
    pub database: &'a DatabaseConfig,
    /// The bus.
    pub nats: &'a NatsConfig,
    /// The public keys of those whose access tokens are believed.
    pub key_set_file: &'a Path,
}

/// Starts the service `name` as a program of its own, by `start`; returns where it listens. What is missing or not
/// allowed is found before anything is served.
///
/// # Errors
/// When a part that it needs is missing or not allowed.
pub async fn standalone(
    name: &'static str,
    mesh: Mesh<'_>,
    lifecycle: Lifecycle,
    start: impl AsyncFnOnce(Dependencies) -> anyhow::Result<RpcServer>,
) -> anyhow::Result<SocketAddr> {
    ensure!(mesh.database.url.is_postgres(), "database.url is not postgres://…: SQLite is for `taskmesh serve`");
    let keys = KeySet::from_file(mesh.key_set_file).context("key_set_file")?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let verifier = Arc::new(TokenVerifier::new(keys, Arc::clone(&clock)));
    let listener = Listener::bind(mesh.server.listen).await;
    let listener = listener.with_context(|| format!("cannot listen on {}", mesh.server.listen))?;
    let address = listener.address().context("a socket has an address")?;

    let bus = Arc::new(JetStreamBus::connect(mesh.nats).await.context("nats")?);
    let to_close = Arc::clone(&bus);
    lifecycle.finally("nats", move || async move { to_close.close().await });

    let server = start(Dependencies { bus, verifier, clock, lifecycle: lifecycle.clone() }).await?;
    let advertised = server.clone();
    lifecycle.on_drain("health", move || async move { advertised.stop_advertising().await });
    lifecycle.spawn(Stage::Rpc, format!("{name} rpc"), |stop| server.serve(listener, stop));
    Ok(address)
}
