//! Puts the service together, from the settings at the top to the server at the bottom.

use std::{net::SocketAddr, sync::Arc};

use mesh_events::Consumer;
use mesh_proto::audit::v1::audit_service_server::AuditServiceServer;
use mesh_rpc::{MAX_MESSAGE_BYTES, RpcServer, ServerBuilder};
use mesh_runtime::{Lifecycle, Stage};
use mesh_service::Mesh;

pub use mesh_service::Dependencies;

use crate::{
    Config,
    app::App,
    events::{Recorder, everything},
    rpc::AuditRpc,
    store::{self, Store},
};

/// The name that this service goes by: as consumer of events, and in its log.
pub const NAME: &str = "audit-svc";

/// Starts everything but listening.
///
/// # Errors
/// When the database cannot be reached or migrated.
pub async fn start(config: &Config, dependencies: Dependencies) -> anyhow::Result<RpcServer> {
    let migrations = store::migrations();
    let database = mesh_service::open_database(&config.database, migrations, &dependencies.lifecycle, NAME).await?;
    mesh_service::run_housekeeping(&database, NAME, &dependencies);
    let Dependencies { bus, verifier, clock, lifecycle } = dependencies;

    let app = Arc::new(App::new(Store::new(database.clone()), clock.clone()));
    let recorder = Arc::new(Recorder::new(app.clone()));
    let consumer = Consumer::new(&database, bus, everything(), recorder, clock.clone());
    lifecycle.spawn(Stage::Consumers, "audit-svc consumer", |stop| async move { consumer.run(stop).await });

    let service = AuditServiceServer::new(AuditRpc::new(app));
    let service = service.max_encoding_message_size(MAX_MESSAGE_BYTES);
    Ok(ServerBuilder::new(config.server.clone(), verifier, clock).add_service(service).build())
}

/// Starts the service as a program of its own; returns where it listens.
///
/// # Errors
/// When a part that it needs is missing or not allowed.
pub async fn standalone(config: Config, lifecycle: Lifecycle) -> anyhow::Result<SocketAddr> {
    let Config { server, database, nats, key_set_file, .. } = &config;
    let mesh = Mesh { server, database, nats, key_set_file };
    mesh_service::standalone(NAME, mesh, lifecycle, async |dependencies| start(&config, dependencies).await).await
}

/// Brings the service's database to the state that this release needs.
///
/// # Errors
/// When the database cannot be reached, is too old, or cannot be migrated.
pub async fn migrate(config: Config) -> anyhow::Result<()> {
    mesh_service::migrate(&config.database, store::migrations(), NAME).await
}
