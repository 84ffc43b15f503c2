//! Puts the gateway together, from the settings at the top to the listening socket at the bottom.

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context, ensure};
use mesh_events::{EventBus, EventLog, HousekeepingSettings, JetStreamBus, Relay, RelaySettings};
use mesh_proto::{
    Contract,
    audit::v1::audit_service_server::SERVICE_NAME as AUDIT_SERVICE,
    auth::v1::auth_service_server::{AuthServiceServer, SERVICE_NAME as AUTH_SERVICE},
    notify::v1::notify_service_server::SERVICE_NAME as NOTIFY_SERVICE,
    scheduler::v1::scheduler_service_server::SERVICE_NAME as SCHEDULER_SERVICE,
    task::v1::task_service_server::SERVICE_NAME as TASK_SERVICE,
};
use mesh_rpc::{Listener, MAX_MESSAGE_BYTES, MemoryConnector, ServerBuilder, ServerConfig, Upstream};
use mesh_runtime::{Lifecycle, Stage};
use mesh_types::{Clock, SystemClock};
use tokio::net::TcpListener;

use crate::{
    Config, Keys,
    app::{App, Exchange, ExternalSignIn},
    clients::issuers::Issuers,
    events::{self, Revocations},
    http::{Exchanging, Front, Parts},
    rpc::Accounts,
    store::{self, Store},
    workers::Housekeeping,
};

/// The name that the gateway goes by: as the source of its events, and as holder of its relay's lease.
pub const NAME: &str = "gateway";

/// What the gateway needs of the process it is in.
pub struct Dependencies {
    /// Where its events go.
    pub bus: Arc<dyn EventBus>,
    /// What signs and verifies access tokens.
    pub keys: Keys,
    /// The services behind it.
    pub upstreams: Upstreams,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// What runs its tasks.
    pub lifecycle: Lifecycle,
}

/// The services behind the gateway.
pub struct Upstreams {
    /// task-svc.
    pub task: Upstream,
    /// scheduler-svc.
    pub scheduler: Upstream,
    /// notify-svc.
    pub notify: Upstream,
    /// audit-svc.
    pub audit: Upstream,
}

/// A gateway that has started, but does not listen yet.
pub struct Gateway {
    /// The edge over HTTP.
    pub front: Front,
    /// Connects to AuthService, as the front does.
    pub accounts: MemoryConnector,
    /// Exchanges credentials for access tokens, as the front does.
    pub exchange: Exchange,
    lifecycle: Lifecycle,
}

/// Starts everything but listening.
///
/// # Errors
/// When the database cannot be reached or migrated, or the settings do not fit.
pub async fn start(config: &Config, dependencies: Dependencies) -> anyhow::Result<Gateway> {
    let Dependencies { bus, keys, upstreams, clock, lifecycle } = dependencies;
    let database = mesh_service::open_database(&config.database, store::migrations(), &lifecycle, NAME).await?;
    let log = EventLog::new(database.clone(), NAME);
    let store = Store::new(database.clone(), log.clone(), events::envelope);
    let issuers = Issuers::new(&config.tokens.external_issuers).context("tokens.external_issuers")?;
    let external = ExternalSignIn::new(issuers, config.accounts.sign_up);
    let exchange = Exchange::new(store.clone(), keys.clone(), external, clock.clone(), config.tokens.exchange());
    let app = App::new(store.clone(), keys.clone(), exchange.clone(), clock.clone(), config.app())
        .context("accounts.password_*")?;
    let app = Arc::new(app);

    let relay = Relay::new(log, bus.clone(), clock.clone(), RelaySettings::default());
    lifecycle.spawn(Stage::Relay, "gateway relay", |stop| async move { relay.run(stop).await });
    let revocations = Revocations::new(bus, exchange.clone(), app.revocations());
    lifecycle.spawn(Stage::Workers, "gateway revocations", |stop| revocations.run(stop));
    let housekeeping = Housekeeping::new(store, exchange.clone(), clock.clone());
    lifecycle.spawn(Stage::Workers, "gateway housekeeping", |stop| housekeeping.run(stop));
    let log_keeping = mesh_events::Housekeeping::new(&database, clock.clone(), HousekeepingSettings::default());
    lifecycle.spawn(Stage::Workers, "gateway log keeping", |stop| async move { log_keeping.run(stop).await });

    let accounts = serve_accounts(app, &keys, clock.clone(), &lifecycle);
    let channels = [
        (TASK_SERVICE, upstreams.task.channel("task-svc").context("upstreams.task")?),
        (SCHEDULER_SERVICE, upstreams.scheduler.channel("scheduler-svc").context("upstreams.scheduler")?),
        (NOTIFY_SERVICE, upstreams.notify.channel("notify-svc").context("upstreams.notify")?),
        (AUDIT_SERVICE, upstreams.audit.channel("audit-svc").context("upstreams.audit")?),
        (AUTH_SERVICE, Upstream::Memory(accounts.clone()).channel("accounts")?),
    ];
    let front = Front::new(Parts {
        contract: Contract::taskmesh(),
        settings: config.http.clone(),
        upstreams: channels.into_iter().map(|(name, channel)| (name.to_owned(), channel)).collect(),
        exchange: exchanging(exchange.clone()),
        csrf: keys.csrf().clone(),
        streams: exchange.streams(),
        jwks: keys.jwks(),
        clock,
    })?;
    Ok(Gateway { front, accounts, exchange, lifecycle })
}

/// The exchange as the front asks for it.
fn exchanging(exchange: Exchange) -> Exchanging {
    Arc::new(move |credential, client| {
        let exchange = exchange.clone();
        Box::pin(async move { exchange.exchange(credential, client).await })
    })
}

/// Serves AuthService in memory, behind the front like any other service; it stops after the front has.
fn serve_accounts(app: Arc<App>, keys: &Keys, clock: Arc<dyn Clock>, lifecycle: &Lifecycle) -> MemoryConnector {
    let service = AuthServiceServer::new(Accounts::new(app)).max_encoding_message_size(MAX_MESSAGE_BYTES);
    let server = ServerBuilder::new(ServerConfig::default(), keys.verifier(), clock).add_service(service).build();
    let (connector, listener) = mesh_rpc::memory();
    lifecycle.spawn(Stage::Consumers, "accounts", |stop| server.serve(Listener::Memory(listener), stop));
    connector
}

impl Gateway {
    /// Serves all faces on `listener` until the process stops.
    pub fn serve(self, listener: TcpListener) {
        let Self { front, lifecycle, .. } = self;
        let last_word = front.stop_advertising();
        lifecycle.on_drain("gateway health", || last_word);
        lifecycle.spawn(Stage::Rpc, "http", |stop| front.serve(listener, stop));
    }
}

/// Starts the gateway as a program of its own; returns where it listens.
///
/// # Errors
/// When a part that it needs is missing or not allowed.
pub async fn standalone(config: Config, lifecycle: Lifecycle) -> anyhow::Result<SocketAddr> {
    ensure!(config.database.url.is_postgres(), "database.url is not postgres://…: SQLite is for `taskmesh serve`");
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let keys = Keys::load(&config.tokens, clock.clone())?;
    let listener = TcpListener::bind(config.listen).await;
    let listener = listener.with_context(|| format!("cannot listen on {}", config.listen))?;
    let address = listener.local_addr()?;

    let bus = Arc::new(JetStreamBus::connect(&config.nats).await.context("nats")?);
    lifecycle.finally("nats", {
        let bus = bus.clone();
        || async move { bus.close().await }
    });
    let upstreams = Upstreams {
        task: Upstream::Remote(config.upstreams.task.clone()),
        scheduler: Upstream::Remote(config.upstreams.scheduler.clone()),
        notify: Upstream::Remote(config.upstreams.notify.clone()),
        audit: Upstream::Remote(config.upstreams.audit.clone()),
    };
    let gateway = start(&config, Dependencies { bus, keys, upstreams, clock, lifecycle }).await?;
    gateway.serve(listener);
    Ok(address)
}

/// Brings the gateway's database to the state that this release needs.
///
/// # Errors
/// When the database cannot be reached, is too old, or cannot be migrated.
pub async fn migrate(config: Config) -> anyhow::Result<()> {
    mesh_service::migrate(&config.database, store::migrations(), NAME).await
}
