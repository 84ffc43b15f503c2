//! A gateway's accounts in a world of their own: a database, an event log, a clock, and clients over real gRPC.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use futures::StreamExt;
use gateway::{
    Config, Dependencies, Gateway, Keys, Upstreams,
    app::{CLIENT_ADDRESS_HEADER, ClientHint, Exchange},
};
use mesh_events::{EmbeddedBus, EmbeddedSettings, Envelope, EventBus, Filter, TailFrom};
use mesh_proto::auth::v1::{
    ApiToken, CreateApiTokenRequest, CreateApiTokenResponse, GetMeRequest, GetMeResponse, RefreshTokenRequest, Session,
    SignInRequest, SignUpRequest, auth_service_client::AuthServiceClient,
};
use mesh_rpc::{Channel, TokenSigner, Upstream};
use mesh_runtime::Lifecycle;
use mesh_store::DatabaseConfig;
use mesh_testkit::{FakeClock, TestDatabase, eventually};
use mesh_types::{Caller, Fault};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tonic::{Code, Request, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// What every person in these tests signs in with.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// How often a password may be wrong in these tests.
pub(crate) const SIGN_IN_BURST: u32 = 3;

/// A gateway's accounts, and what surrounds them.
pub(crate) struct World {
    pub(crate) clock: FakeClock,
    pub(crate) client: AuthServiceClient<Channel>,
    pub(crate) exchange: Exchange,
    pub(crate) keys: Keys,
    pub(crate) mesh: Arc<Mesh>,
    pub(crate) lifecycle: Lifecycle,
}

/// What the replicas of a gateway share.
pub(crate) struct Mesh {
    pub(crate) database: TestDatabase,
    pub(crate) bus: Arc<dyn EventBus>,
    signing_key: String,
    folder: TempDir,
}

impl World {
    pub(crate) async fn start(database: TestDatabase) -> Self {
        let mesh = Mesh::new(database).await;
        Self::replica(&mesh, FakeClock::default(), |_| {}).await
    }

    /// One gateway of this mesh, with settings of its own.
    pub(crate) async fn replica(mesh: &Arc<Mesh>, clock: FakeClock, adjust: impl FnOnce(&mut Config)) -> Self {
        Self::replica_on(mesh, mesh.bus.clone(), clock, adjust).await
    }

    /// The same, but on another bus, where it hears nothing of the others.
    pub(crate) async fn replica_on(
        mesh: &Arc<Mesh>,
        bus: Arc<dyn EventBus>,
        clock: FakeClock,
        adjust: impl FnOnce(&mut Config),
    ) -> Self {
        Self::begin(mesh, bus, clock, adjust).await.0
    }

    /// A gateway that serves HTTP, and where.
    pub(crate) async fn with_front(database: TestDatabase, adjust: impl FnOnce(&mut Config)) -> (Self, SocketAddr) {
        let mesh = Mesh::new(database).await;
        let (world, gateway) = Self::begin(&mesh, mesh.bus.clone(), FakeClock::default(), adjust).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        gateway.serve(listener);
        (world, address)
    }

    async fn begin(
        mesh: &Arc<Mesh>,
        bus: Arc<dyn EventBus>,
        clock: FakeClock,
        adjust: impl FnOnce(&mut Config),
    ) -> (Self, Gateway) {
        let mut config = Config { database: DatabaseConfig::new(mesh.database.url()), ..Config::default() };
        config.accounts.password_memory_kib = 8;
        config.accounts.password_passes = 1;
        config.accounts.sign_in_burst = SIGN_IN_BURST;
        adjust(&mut config);
        let keys = Keys::new(&mesh.signing_key, Vec::new(), Arc::new(clock.clone())).expect("a key");
        let lifecycle = Lifecycle::default();
        let dependencies = Dependencies {
            bus,
            keys: keys.clone(),
            upstreams: Upstreams { task: nobody(), scheduler: nobody(), notify: nobody(), audit: nobody() },
            clock: Arc::new(clock.clone()),
            lifecycle: lifecycle.clone(),
        };
        let started = gateway::startup::start(&config, dependencies).await;
        let gateway = started.expect("the gateway starts");
        let (accounts, exchange) = (gateway.accounts.clone(), gateway.exchange.clone());
        let client = AuthServiceClient::new(Upstream::Memory(accounts).channel("accounts").expect("a channel"));
        (Self { clock, client, exchange, keys, mesh: mesh.clone(), lifecycle }, gateway)
    }

    pub(crate) async fn sign_up(&self, email: &str) -> Session {
        let request = SignUpRequest {
            email: email.to_owned(),
            password: PASSWORD.to_owned(),
            display_name: String::new(),
            time_zone: "Europe/Berlin".to_owned(),
            ..SignUpRequest::default()
        };
        self.client.clone().sign_up(request).await.expect("a new account").into_inner()
    }

    /// Signs up with the code of an invitation, or none.
    pub(crate) async fn sign_up_with(&self, email: &str, code: &str) -> Result<Session, Status> {
        let request = SignUpRequest {
            email: email.to_owned(),
            password: PASSWORD.to_owned(),
            invitation_code: code.to_owned(),
            ..SignUpRequest::default()
        };
        Ok(self.client.clone().sign_up(request).await?.into_inner())
    }

    pub(crate) async fn sign_in(&self, email: &str, password: &str, address: &str) -> Result<Session, Status> {
        let mut request = Request::new(SignInRequest {
            email: email.to_owned(),
            password: password.to_owned(),
            ..SignInRequest::default()
        });
        request.metadata_mut().insert(CLIENT_ADDRESS_HEADER, address.parse().expect("a header"));
        Ok(self.client.clone().sign_in(request).await?.into_inner())
    }

    pub(crate) async fn refresh(&self, refresh_token: &str) -> Result<Session, Status> {
        let request = RefreshTokenRequest { refresh_token: refresh_token.to_owned() };
        Ok(self.client.clone().refresh_token(request).await?.into_inner())
    }

    pub(crate) async fn get_me(&self, credential: &str) -> GetMeResponse {
        let request = self.with(credential, GetMeRequest {}).await;
        self.client.clone().get_me(request).await.expect("somebody").into_inner()
    }

    pub(crate) async fn create_api_token(
        &self,
        credential: &str,
        token: ApiToken,
    ) -> Result<CreateApiTokenResponse, Status> {
        let request = self.with(credential, CreateApiTokenRequest { token: Some(token) }).await;
        Ok(self.client.clone().create_api_token(request).await?.into_inner())
    }

    /// A request as the front forwards it for somebody who presents `credential`.
    pub(crate) async fn with<T>(&self, credential: &str, message: T) -> Request<T> {
        let client = ClientHint { address: Some("192.0.2.7".to_owned()), user_agent: None };
        let exchanged = self.exchange.exchange(credential, &client).await.expect("a good credential");
        let mut request = Request::new(message);
        let text = exchanged.authorization.to_str().expect("text");
        request.metadata_mut().insert("authorization", text.parse().expect("a header"));
        request
    }

    /// Whom services see when somebody presents `credential`.
    pub(crate) async fn caller(&self, credential: &str) -> Result<Caller, Fault> {
        self.caller_from(credential, &ClientHint::default()).await
    }

    pub(crate) async fn caller_from(&self, credential: &str, client: &ClientHint) -> Result<Caller, Fault> {
        let exchanged = self.exchange.exchange(credential, client).await?;
        let token = exchanged
            .authorization
            .to_str()
            .ok()
            .and_then(|text| text.strip_prefix("Bearer "))
            .expect("a bearer token");
        Ok(self.keys.verifier().verify(token).expect("a token of ours").caller.clone())
    }

    /// The first `count` events that reached the bus.
    pub(crate) async fn events(&self, count: usize) -> Vec<Envelope> {
        eventually(async || {
            let tail = self.mesh.bus.tail(Filter::default(), TailFrom::Last(1_000)).await.expect("a bus");
            let events: Vec<_> = tail.take(count).map(|placed| placed.expect("an event").event).collect().await;
            Some(events.iter().map(|event| Envelope::clone(event)).collect())
        })
        .await
    }
}

impl Mesh {
    pub(crate) async fn new(database: TestDatabase) -> Arc<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let bus = embedded_bus(&folder, "events.db").await;
        let signing_key = TokenSigner::generate_pem().expect("randomness");
        Arc::new(Self { database, bus, signing_key, folder })
    }

    /// A bus on which nobody is.
    pub(crate) async fn lonely_bus(&self) -> Arc<dyn EventBus> {
        embedded_bus(&self.folder, "lonely.db").await
    }
}

async fn embedded_bus(folder: &TempDir, file: &str) -> Arc<dyn EventBus> {
    Arc::new(EmbeddedBus::open(folder.path().join(file), EmbeddedSettings::default()).await.expect("a bus"))
}

/// A token's form with this name and these scopes.
pub(crate) fn api_token(name: &str, scopes: &[&str]) -> ApiToken {
    let scopes = scopes.iter().map(|&scope| scope.to_owned()).collect();
    ApiToken { name: Some(name.to_owned()), scopes, ..ApiToken::default() }
}

/// The code and reason of a refusal, and everything else that is told.
pub(crate) fn refusal<T>(outcome: Result<T, Status>) -> (Code, String, ErrorDetails) {
    let Err(status) = outcome else { panic!("it was accepted") };
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| info.reason.clone()).unwrap_or_default();
    (status.code(), reason, details)
}

/// The fields that a refusal names.
pub(crate) fn violations(details: &ErrorDetails) -> Vec<&str> {
    let violations = details.bad_request().map(|bad| bad.field_violations.as_slice()).unwrap_or_default();
    violations.iter().map(|violation| violation.field.as_str()).collect()
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// An upstream at which nobody answers.
fn nobody() -> Upstream {
    Upstream::Memory(mesh_rpc::memory().0)
}
