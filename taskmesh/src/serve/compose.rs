//! The composition root of the single process: reads top to bottom as what needs what.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context;
use gateway::Upstreams;
use mesh_events::{EmbeddedBus, EmbeddedSettings, EventBus};
use mesh_rpc::{Listener, RpcServer, ServerConfig, TokenVerifier, Upstream, memory};
use mesh_runtime::{Lifecycle, Stage};
use mesh_store::DatabaseConfig;
use mesh_types::{Clock, SystemClock};
use tokio::net::TcpListener;

use super::data_folder::DataFolder;

/// What all services share.
struct Shared<'a> {
    folder: &'a DataFolder,
    bus: Arc<dyn EventBus>,
    keys: gateway::Keys,
    clock: Arc<dyn Clock>,
    lifecycle: Lifecycle,
}

/// Starts every service and serves them on `listen`; returns the address.
///
/// # Errors
/// When the address is taken, or a file cannot be used.
pub(super) async fn start(listen: SocketAddr, folder: &DataFolder, lifecycle: Lifecycle) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    let address = listener.local_addr()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let keys = gateway::Keys::new(&folder.signing_key()?, Vec::new(), Arc::clone(&clock)).context("signing-key.pem")?;
    let bus = open_bus(folder, &lifecycle).await?;
    let shared = Shared { folder, bus, keys, clock, lifecycle };

    let upstreams = Upstreams { task: tasks(&shared).await?, audit: audit(&shared).await? };
    edge(&shared, upstreams).await?.serve(listener);
    welcome(address, folder);
    Ok(address)
}

async fn open_bus(folder: &DataFolder, lifecycle: &Lifecycle) -> anyhow::Result<Arc<dyn EventBus>> {
    let bus = Arc::new(EmbeddedBus::open(folder.file("events.db"), EmbeddedSettings::default()).await?);
    let to_close = Arc::clone(&bus);
    lifecycle.finally("event log", move || async move { to_close.close().await });
    Ok(bus)
}

async fn tasks(shared: &Shared<'_>) -> anyhow::Result<Upstream> {
    let config =
        task_svc::Config { server: inner_server(), database: shared.database("task.db"), ..Default::default() };
    let dependencies = task_svc::Dependencies {
        bus: Arc::clone(&shared.bus),
        verifier: shared.verifier(),
        clock: Arc::clone(&shared.clock),
        lifecycle: shared.lifecycle.clone(),
    };
    Ok(shared.serve("task rpc", task_svc::startup::start(&config, dependencies).await?))
}

async fn audit(shared: &Shared<'_>) -> anyhow::Result<Upstream> {
    let config =
        audit_svc::Config { server: inner_server(), database: shared.database("audit.db"), ..Default::default() };
    let dependencies = audit_svc::Dependencies {
        bus: Arc::clone(&shared.bus),
        verifier: shared.verifier(),
        clock: Arc::clone(&shared.clock),
        lifecycle: shared.lifecycle.clone(),
    };
    Ok(shared.serve("audit rpc", audit_svc::startup::start(&config, dependencies).await?))
}

async fn edge(shared: &Shared<'_>, upstreams: Upstreams) -> anyhow::Result<gateway::Gateway> {
    let config = gateway::Config { database: shared.database("gateway.db"), ..Default::default() };
    let dependencies = gateway::Dependencies {
        bus: Arc::clone(&shared.bus),
        keys: shared.keys.clone(),
        upstreams,
        clock: Arc::clone(&shared.clock),
        lifecycle: shared.lifecycle.clone(),
    };
    gateway::startup::start(&config, dependencies).await
}

impl Shared<'_> {
    fn database(&self, file: &str) -> DatabaseConfig {
        DatabaseConfig { max_readers: 2, ..DatabaseConfig::sqlite(&self.folder.file(file)) }
    }

    fn verifier(&self) -> Arc<TokenVerifier> {
        self.keys.verifier()
    }

    /// Serves a service in memory. It stops after the gateway, which takes calls for it; its endless streams end first.
    fn serve(&self, name: &'static str, server: RpcServer) -> Upstream {
        let (connector, listener) = memory();
        let ending = server.clone();
        self.lifecycle.on_drain(name, move || async move { ending.end_streams() });
        self.lifecycle.spawn(Stage::Consumers, name, |stop| server.serve(Listener::Memory(listener), stop));
        Upstream::Memory(connector)
    }
}

/// The gateway answers reflection for all.
fn inner_server() -> ServerConfig {
    ServerConfig { reflection: false, ..ServerConfig::default() }
}

fn welcome(address: SocketAddr, folder: &DataFolder) {
    tracing::info!(listen.address = %address, data.folder = %folder.path().display(), "serving everything");
    let body = r#"{"email":"you@example.com","password":"a long password"}"#;
    let command = format!("curl -H 'content-type: application/json' -d '{body}' http://{address}/v1/auth/signup");
    tracing::info!(command, "try signing up");
}
