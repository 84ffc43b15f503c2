//! The composition root of the single process: reads top to bottom as what needs what.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context;
use gateway::Upstreams;
use mesh_events::{EmbeddedBus, EmbeddedSettings, EventBus};
use mesh_rpc::{KeySet, Listener, RpcServer, ServerConfig, TokenSigner, TokenVerifier, Upstream, memory};
use mesh_runtime::{Lifecycle, Stage};
use mesh_service::Dependencies;
use mesh_store::DatabaseConfig;
use mesh_types::{Clock, SystemClock};
use notify_svc::domain::Network;
use scheduler_svc::Links;
use tokio::net::TcpListener;

use super::data_folder::DataFolder;
use crate::command_line::ServeOptions;

/// What all services share.
struct Shared<'a> {
    folder: &'a DataFolder,
    bus: Arc<dyn EventBus>,
    keys: gateway::Keys,
    /// Believes whoever signs here: the gateway and the scheduler.
    verifier: Arc<TokenVerifier>,
    clock: Arc<dyn Clock>,
    lifecycle: Lifecycle,
}

/// Starts every service and serves them as the options say; returns the address.
///
/// # Errors
/// When the address is taken, or a file cannot be used.
pub(super) async fn start(
    options: &ServeOptions,
    folder: &DataFolder,
    lifecycle: Lifecycle,
) -> anyhow::Result<SocketAddr> {
    let listen = options.listen;
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    let address = listener.local_addr()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let keys = gateway::Keys::new(&folder.signing_key()?, Vec::new(), Arc::clone(&clock)).context("signing-key.pem")?;
    // Nobody but this process has to believe the scheduler, and its tokens live for a minute: it is not kept.
    let signer = TokenSigner::generate(scheduler_svc::startup::NAME)?;
    let verifier = Arc::new(TokenVerifier::new(key_set(&keys, &signer), Arc::clone(&clock)));
    let bus = open_bus(folder, &lifecycle).await?;
    let shared = Shared { folder, bus, keys, verifier, clock, lifecycle };

    let task = tasks(&shared).await?;
    let scheduler = scheduler(&shared, Links { tasks: task.clone(), signer }).await?;
    let notify = notifier(&shared, &options.webhook_networks).await?;
    let upstreams = Upstreams { task, scheduler, notify, audit: audit(&shared).await? };
    edge(&shared, upstreams).await?.serve(listener);
    welcome(address, folder);
    Ok(address)
}

/// The public keys of everybody who signs access tokens here.
fn key_set(gateway: &gateway::Keys, scheduler: &TokenSigner) -> KeySet {
    KeySet::from([gateway.public_keys(), std::slice::from_ref(scheduler.public_key())].concat())
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
    Ok(shared.serve("task rpc", task_svc::startup::start(&config, shared.dependencies()).await?))
}

async fn scheduler(shared: &Shared<'_>, links: Links) -> anyhow::Result<Upstream> {
    let database = shared.database("scheduler.db");
    let config = scheduler_svc::Config { server: inner_server(), database, ..Default::default() };
    Ok(shared.serve("scheduler rpc", scheduler_svc::startup::start(&config, shared.dependencies(), links).await?))
}

async fn notifier(shared: &Shared<'_>, webhook_networks: &[Network]) -> anyhow::Result<Upstream> {
    let database = shared.database("notify.db");
    let mut config = notify_svc::Config { server: inner_server(), database, ..Default::default() };
    config.webhooks.allowed_networks = webhook_networks.to_vec();
    Ok(shared.serve("notify rpc", notify_svc::startup::start(&config, shared.dependencies()).await?))
}

async fn audit(shared: &Shared<'_>) -> anyhow::Result<Upstream> {
    let config =
        audit_svc::Config { server: inner_server(), database: shared.database("audit.db"), ..Default::default() };
    Ok(shared.serve("audit rpc", audit_svc::startup::start(&config, shared.dependencies()).await?))
}

/// The edge takes the settings of the program `gateway` from the environment, such as who may sign up and which proxies
/// stand before it; where it is, and its data, is for the command line to say.
async fn edge(shared: &Shared<'_>, upstreams: Upstreams) -> anyhow::Result<gateway::Gateway> {
    let settings: gateway::Config = mesh_runtime::config::load("gateway", None)?;
    let config = gateway::Config { database: shared.database("gateway.db"), ..settings };
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

    fn dependencies(&self) -> Dependencies {
        Dependencies {
            bus: Arc::clone(&self.bus),
            verifier: Arc::clone(&self.verifier),
            clock: Arc::clone(&self.clock),
            lifecycle: self.lifecycle.clone(),
        }
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
