//! The composition root: the only file that sees every layer. Reads top to bottom as the order in which things are made.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context;
use mesh_events::{
    Consumer,
    live::{self, Live},
};
use mesh_proto::notify::v1::notify_service_server::NotifyServiceServer;
use mesh_rpc::{MAX_MESSAGE_BYTES, RpcServer, ServerBuilder};
use mesh_runtime::{Lifecycle, Stage};
use mesh_service::Mesh;
use tokio::sync::Notify;

use crate::{
    app::App,
    clients::webhooks::Webhooks,
    config::Config,
    events::{consume, publish},
    rpc::NotifyRpc,
    store::{self, Codec, EventCodec, Store},
    workers,
};

pub use crate::events::NAME;
pub use mesh_service::Dependencies;

/// How this service's events are written and read again.
pub const CODEC: EventCodec = EventCodec {
    notification: Codec { encode: publish::notification::encode, decode: publish::notification::decode },
    channel: Codec { encode: publish::channel::encode, decode: publish::channel::decode },
    delivery: Codec { encode: publish::delivery::encode, decode: publish::delivery::decode },
};

/// Connects, migrates, starts what goes on in the background, and returns the server, to be served by the caller.
///
/// # Errors
/// When the database cannot be used, or the settings of webhooks make no sense.
pub async fn start(config: &Config, dependencies: Dependencies) -> anyhow::Result<RpcServer> {
    let lifecycle = dependencies.lifecycle.clone();
    let database = mesh_service::open_database(&config.database, store::migrations(), &lifecycle, NAME).await?;
    let log = mesh_service::run_relay(&database, NAME, &dependencies);
    let Dependencies { bus, verifier, clock, .. } = dependencies;

    let live = Live::new(config.watch.live());
    let (told, of) = (Arc::clone(&live), Arc::clone(&bus));
    lifecycle.spawn(Stage::Consumers, "notification stream tail", |stop| {
        live::follow(of, told, publish::NOTIFICATION, publish::notification::decode, stop)
    });

    let store = Store::new(database.clone(), log, CODEC);
    let webhooks = Webhooks::new(&config.webhooks).context("webhooks")?;
    let due = Arc::new(Notify::new());
    let app = Arc::new(App::new(store, live, webhooks, Arc::clone(&due), Arc::clone(&clock)));

    let taker = Arc::new(consume::ReminderTaker::new(Arc::clone(&app)));
    let consumer = Consumer::new(&database, bus, consume::reminders(), taker, Arc::clone(&clock));
    lifecycle.spawn(Stage::Consumers, "reminder consumer", |stop| async move { consumer.run(stop).await });
    let sender = Arc::clone(&app);
    lifecycle.spawn(Stage::Workers, "delivery worker", |stop| workers::deliveries::run(sender, due, stop));

    let rpc = NotifyServiceServer::new(NotifyRpc::new(app, config.watch.heartbeat()));
    let rpc = rpc.max_encoding_message_size(MAX_MESSAGE_BYTES);
    Ok(ServerBuilder::new(config.server.clone(), verifier, clock).add_service(rpc).build())
}

/// Starts the service as a program of its own; returns where it listens.
///
/// # Errors
/// When a part that it needs is missing or not allowed.
pub async fn standalone(config: Config, lifecycle: Lifecycle) -> anyhow::Result<SocketAddr> {
    let mesh = Mesh {
        server: &config.server,
        database: &config.database,
        nats: &config.nats,
        key_set_file: &config.key_set_file,
    };
    mesh_service::standalone(NAME, mesh, lifecycle, async |dependencies| start(&config, dependencies).await).await
}

/// Brings the service's database to the state that this release needs.
///
/// # Errors
/// When the database cannot be reached, is too old, or cannot be migrated.
pub async fn migrate(config: Config) -> anyhow::Result<()> {
    mesh_service::migrate(&config.database, store::migrations(), NAME).await
}
