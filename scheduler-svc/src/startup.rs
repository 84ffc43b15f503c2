//! The composition root: the only file that sees every layer. Reads top to bottom as the order in which things are made.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context;
use mesh_events::Consumer;
use mesh_proto::scheduler::v1::scheduler_service_server::SchedulerServiceServer;
use mesh_rpc::{MAX_MESSAGE_BYTES, RpcServer, ServerBuilder, ServiceTokens, TokenSigner, Upstream};
use mesh_runtime::{Lifecycle, Stage};
use mesh_service::{Mesh, open_database, run_relay};
use mesh_types::new_id;

use crate::{
    app::{App, Timers},
    clients::TasksClient,
    config::Config,
    events::{
        consume::{self, Follower},
        publish, publish_schedule,
    },
    rpc::SchedulerRpc,
    store::{self, EventCodec, Store},
    workers,
};

pub use mesh_service::Dependencies;

/// The name that this service goes by: as the source of its events, as consumer, and as issuer of its tokens.
pub const NAME: &str = "scheduler-svc";

/// How this service reaches the others.
pub struct Links {
    /// task-svc.
    pub tasks: Upstream,
    /// Signs this service's tokens; its issuer is [`NAME`], and its public key is known to task-svc.
    pub signer: TokenSigner,
}

/// Connects, migrates, starts what goes on in the background, and returns the server, to be served by the caller.
///
/// # Errors
/// When the database cannot be used, or task-svc has no address.
pub async fn start(config: &Config, dependencies: Dependencies, links: Links) -> anyhow::Result<RpcServer> {
    let database = open_database(&config.database, store::migrations(), &dependencies.lifecycle, NAME).await?;
    let log = run_relay(&database, NAME, &dependencies);
    let Dependencies { bus, verifier, clock, lifecycle } = dependencies;

    let codec = EventCodec {
        reminder: publish::reminder,
        kept_reminder: publish::kept_reminder,
        schedule: publish_schedule::encode,
        kept_schedule: publish_schedule::decode,
    };
    let store = Store::new(database.clone(), log, codec);
    let tokens = ServiceTokens::new(links.signer, NAME, Arc::clone(&clock));
    let tasks = TasksClient::new(&links.tasks, tokens).context("tasks")?;
    let timers = Timers::new(new_id(clock.now()), config.timers.settings());
    let app = Arc::new(App::new(store, tasks, Arc::clone(&clock), timers));

    let follower = Arc::new(Follower::new(Arc::clone(&app)));
    let consumer = Consumer::new(&database, bus, consume::durable(), follower, Arc::clone(&clock));
    lifecycle.spawn(Stage::Consumers, "scheduler consumer", |stop| async move { consumer.run(stop).await });
    app.join().await.context("cannot say that this replica is there")?;
    lifecycle.spawn(Stage::Workers, "scheduler timers", |stop| workers::timers::run(Arc::clone(&app), stop));
    lifecycle.spawn(Stage::Workers, "scheduler schedules", |stop| workers::schedules::run(Arc::clone(&app), stop));
    lifecycle.spawn(Stage::Workers, "scheduler occurrences", |stop| workers::occurrences::run(Arc::clone(&app), stop));
    lifecycle.spawn(Stage::Workers, "scheduler people", |stop| workers::people::run(Arc::clone(&app), stop));

    let rpc = SchedulerServiceServer::new(SchedulerRpc::new(app)).max_encoding_message_size(MAX_MESSAGE_BYTES);
    Ok(ServerBuilder::new(config.server.clone(), verifier, clock).add_service(rpc).build())
}

/// Starts the service as a program of its own; returns where it listens.
///
/// # Errors
/// When a part that it needs is missing or not allowed.
pub async fn standalone(config: Config, lifecycle: Lifecycle) -> anyhow::Result<SocketAddr> {
    let Config { server, database, nats, key_set_file, .. } = &config;
    let mesh = Mesh { server, database, nats, key_set_file };
    let pem = tokio::fs::read_to_string(&config.signing_key_file).await.context("signing_key_file")?;
    let signer = TokenSigner::from_pem(NAME, &pem).context("signing_key_file")?;
    let links = Links { tasks: Upstream::Remote(config.tasks.clone()), signer };
    mesh_service::standalone(NAME, mesh, lifecycle, async |dependencies| start(&config, dependencies, links).await)
        .await
}

/// Brings the service's database to the state that this release needs.
///
/// # Errors
/// When the database cannot be reached, is too old, or cannot be migrated.
pub async fn migrate(config: Config) -> anyhow::Result<()> {
    mesh_service::migrate(&config.database, store::migrations(), NAME).await
}
