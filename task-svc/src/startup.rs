//! The composition root: the only file that sees every layer. Reads top to bottom as the order in which things are made.

use std::{net::SocketAddr, sync::Arc};

use mesh_events::live::{self, Live};
use mesh_proto::task::v1::task_service_server::TaskServiceServer;
use mesh_rpc::{MAX_MESSAGE_BYTES, RpcServer, ServerBuilder};
use mesh_runtime::{Lifecycle, Stage};
use mesh_service::Mesh;

pub use mesh_service::Dependencies;

use crate::{
    app::App,
    config::Config,
    events::publish,
    rpc::TaskRpc,
    store::{self, EventCodec, Store},
};

/// The name that this service goes by: as the source of its events, and as holder of its relay's lease.
pub const NAME: &str = "task-svc";

/// Connects, migrates, starts what goes on in the background, and returns the server, to be served by the caller.
///
/// # Errors
/// When the database cannot be used.
pub async fn start(config: &Config, dependencies: Dependencies) -> anyhow::Result<RpcServer> {
    let migrations = store::migrations();
    let database = mesh_service::open_database(&config.database, migrations, &dependencies.lifecycle, NAME).await?;
    let log = mesh_service::run_relay(&database, NAME, &dependencies);
    let Dependencies { bus, verifier, clock, lifecycle } = dependencies;

    let live = Live::new(config.watch.live());
    let told = Arc::clone(&live);
    let follow = |stop| live::follow(bus, told, publish::ENTITY, publish::decode, stop);
    lifecycle.spawn(Stage::Consumers, "task-svc watch tail", follow);

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
