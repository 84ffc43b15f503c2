//! Puts the service together, from the settings at the top to the server at the bottom.

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context, ensure};
use mesh_events::{Consumer, EventBus, Housekeeping, HousekeepingSettings, JetStreamBus};
use mesh_proto::audit::v1::audit_service_server::AuditServiceServer;
use mesh_rpc::{KeySet, Listener, MAX_MESSAGE_BYTES, RpcServer, ServerBuilder, TokenVerifier};
use mesh_runtime::{Lifecycle, Stage};
use mesh_store::Database;
use mesh_types::{Clock, SystemClock};

use crate::{
    Config,
    app::App,
    events::{Recorder, everything},
    rpc::AuditRpc,
    store::{self, Store},
};

/// What the service needs of the process it is in.
pub struct Dependencies {
    /// Where events come from.
    pub bus: Arc<dyn EventBus>,
    /// Says who calls.
    pub verifier: Arc<TokenVerifier>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// What runs its tasks.
    pub lifecycle: Lifecycle,
}

/// Starts everything but listening.
///
/// # Errors
/// When the database cannot be reached or migrated.
pub async fn start(config: &Config, dependencies: Dependencies) -> anyhow::Result<RpcServer> {
    let Dependencies { bus, verifier, clock, lifecycle } = dependencies;
    let database = Database::connect(&config.database).await.context("audit-svc's database")?;
    database.migrate(store::migrations()).await.context("audit-svc's database")?;
    lifecycle.finally("audit database", {
        let database = database.clone();
        || async move { database.close().await }
    });

    let app = Arc::new(App::new(Store::new(database.clone()), clock.clone()));
    let recorder = Arc::new(Recorder::new(app.clone()));
    let consumer = Consumer::new(&database, bus, everything(), recorder, clock.clone());
    lifecycle.spawn(Stage::Consumers, "audit consumer", |stop| async move { consumer.run(stop).await });
    let housekeeping = Housekeeping::new(&database, clock.clone(), HousekeepingSettings::default());
    lifecycle.spawn(Stage::Workers, "audit housekeeping", |stop| async move { housekeeping.run(stop).await });

    let service = AuditServiceServer::new(AuditRpc::new(app));
    let service = service.max_encoding_message_size(MAX_MESSAGE_BYTES);
    Ok(ServerBuilder::new(config.server.clone(), verifier, clock).add_service(service).build())
}

/// Starts the service as a program of its own; returns where it listens.
///
/// # Errors
/// When a part that it needs is missing or not allowed.
pub async fn standalone(config: Config, lifecycle: Lifecycle) -> anyhow::Result<SocketAddr> {
    ensure!(config.database.url.is_postgres(), "database.url is not postgres://…: SQLite is for `taskmesh serve`");
    let keys = KeySet::from_file(&config.key_set_file).context("key_set_file")?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let verifier = Arc::new(TokenVerifier::new(keys, clock.clone()));
    let listener = Listener::bind(config.server.listen).await;
    let listener = listener.with_context(|| format!("cannot listen on {}", config.server.listen))?;
    let address = listener.address().context("a socket has an address")?;

    let bus = Arc::new(JetStreamBus::connect(&config.nats).await.context("cannot connect to NATS")?);
    let to_close = Arc::clone(&bus);
    lifecycle.finally("nats", move || async move { to_close.close().await });
    let dependencies = Dependencies { bus, verifier, clock, lifecycle: lifecycle.clone() };
    let server = start(&config, dependencies).await?;
    let advertised = server.clone();
    lifecycle.on_drain("health", move || async move { advertised.stop_advertising().await });
    lifecycle.spawn(Stage::Rpc, "audit rpc", |stop| server.serve(listener, stop));
    Ok(address)
}
