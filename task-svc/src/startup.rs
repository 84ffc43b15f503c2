//! The composition root: the only file that sees every layer. Reads top to bottom as the order in which things are made.

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context, ensure};
use mesh_events::{EventBus, EventLog, Housekeeping, HousekeepingSettings, JetStreamBus, Relay, RelaySettings};
use mesh_proto::task::v1::task_service_server::TaskServiceServer;
use mesh_rpc::{KeySet, Listener, MAX_MESSAGE_BYTES, RpcServer, ServerBuilder, TokenVerifier};
use mesh_runtime::{Lifecycle, Stage};
use mesh_store::Database;
use mesh_types::{Clock, SystemClock};

use crate::{
    app::{App, Live},
    config::Config,
    events::{publish, tail},
    rpc::TaskRpc,
    store::{self, EventCodec, Store},
};

/// The name that this service goes by: as the source of its events, and as holder of its relay's lease.
pub const NAME: &str = "task-svc";

/// What the service needs and does not make itself. The single program gives all of its services the same ones.
#[derive(Clone)]
pub struct Dependencies {
    /// Carries events.
    pub bus: Arc<dyn EventBus>,
    /// Says who calls.
    pub verifier: Arc<TokenVerifier>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Runs what goes on in the background, and stops it in order.
    pub lifecycle: Lifecycle,
}

/// Connects, migrates, starts what goes on in the background, and returns the server, to be served by the caller.
///
/// # Errors
/// When the database cannot be used.
pub async fn start(config: &Config, dependencies: Dependencies) -> anyhow::Result<RpcServer> {
    let Dependencies { bus, verifier, clock, lifecycle } = dependencies;

    let database = Database::connect(&config.database).await.context("cannot connect to the task database")?;
    database.migrate(store::migrations()).await.context("cannot migrate the task database")?;
    let to_close = database.clone();
    lifecycle.finally("task database", move || async move { to_close.close().await });

    let log = EventLog::new(database.clone(), NAME);
    let relay = Relay::new(Arc::clone(&log), Arc::clone(&bus), Arc::clone(&clock), RelaySettings::default());
    lifecycle.spawn(Stage::Relay, "task relay", |stop| async move { relay.run(stop).await });
    let housekeeping = Housekeeping::new(&database, Arc::clone(&clock), HousekeepingSettings::default());
    lifecycle.spawn(Stage::Workers, "task housekeeping", |stop| async move { housekeeping.run(stop).await });

    let live = Live::new(config.watch.live());
    let told = Arc::clone(&live);
    lifecycle.spawn(Stage::Consumers, "task watch tail", |stop| tail::follow(bus, told, stop));

    let codec = EventCodec { encode: publish::encode, decode: publish::decode };
    let app = Arc::new(App::new(Store::new(database, log, codec), live, Arc::clone(&clock)));
    let rpc = TaskServiceServer::new(TaskRpc::new(app, config.watch.heartbeat()))
        .max_encoding_message_size(MAX_MESSAGE_BYTES);
    Ok(ServerBuilder::new(config.server.clone(), verifier, clock).add_service(rpc).build())
}

/// Starts the service as a program of its own; returns where it listens.
///
/// # Errors
/// When a part that it needs is missing or not allowed.
pub async fn standalone(config: Config, lifecycle: Lifecycle) -> anyhow::Result<SocketAddr> {
    ensure!(config.database.url.is_postgres(), "database.url is not postgres://…: SQLite is for `taskmesh serve`");
    let keys = KeySet::from_file(&config.key_set_file).context("key_set_file")?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let verifier = Arc::new(TokenVerifier::new(keys, Arc::clone(&clock)));
    let listener = Listener::bind(config.server.listen).await;
    let listener = listener.with_context(|| format!("cannot listen on {}", config.server.listen))?;
    let address = listener.address().context("a socket has an address")?;

    let bus = Arc::new(JetStreamBus::connect(&config.nats).await.context("nats")?);
    let to_close = Arc::clone(&bus);
    lifecycle.finally("nats", move || async move { to_close.close().await });

    let dependencies = Dependencies { bus, verifier, clock, lifecycle: lifecycle.clone() };
    let server = start(&config, dependencies).await?;
    let advertised = server.clone();
    lifecycle.on_drain("health", move || async move { advertised.stop_advertising().await });
    lifecycle.spawn(Stage::Rpc, "task rpc", |stop| server.serve(listener, stop));
    Ok(address)
}
