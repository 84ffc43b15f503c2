//! A notification service of the test's own, and the words that its tests speak in.

use std::{fmt::Debug, sync::Arc};

use mesh_events::Envelope;
use mesh_proto::notify::v1::{
    ListNotificationsRequest, ListNotificationsResponse, Notification, StreamNotificationsRequest,
    StreamNotificationsResponse, notify_service_client::NotifyServiceClient, stream_notifications_response::Event,
};
use mesh_rpc::Channel;
use mesh_runtime::Lifecycle;
use mesh_testkit::{Bearer, FakeClock, Served, TestBus, TestDatabase, TestTokens, TestUser, eventually};
use notify_svc::{Config, Dependencies};
use tonic::{Code, Response, Status, Streaming, service::interceptor::InterceptedService};
use tonic_types::StatusExt;

/// A client that is somebody.
pub(crate) type Client = NotifyServiceClient<InterceptedService<Channel, Bearer>>;

/// One running notification service and somebody who calls it.
pub(crate) struct World {
    pub(crate) user: TestUser,
    pub(crate) bus: TestBus,
    pub(crate) clock: FakeClock,
    pub(crate) database: TestDatabase,
    config: Config,
    tokens: TestTokens,
    lifecycle: Lifecycle,
    served: Served,
}

impl World {
    /// In this database: with NATS beside PostgreSQL, with the embedded bus beside SQLite.
    pub(crate) async fn on(database: TestDatabase) -> Self {
        Self::with(database, |_| {}).await
    }

    /// In this database, with other settings.
    pub(crate) async fn with(database: TestDatabase, adjust: impl FnOnce(&mut Config)) -> Self {
        let bus = bus_for(&database).await;
        Self::on_bus(database, bus, adjust).await
    }

    /// In this database, on this bus, with other settings.
    pub(crate) async fn on_bus(database: TestDatabase, bus: TestBus, adjust: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config { database: database.config(), ..Config::default() };
        adjust(&mut config);
        let (tokens, clock) = (TestTokens::new(), FakeClock::default());
        let (lifecycle, served) = start(&config, &bus, &tokens, &clock).await;
        Self { user: TestUser::new(), bus, clock, database, config, tokens, lifecycle, served }
    }

    /// A client that is the world's user.
    pub(crate) fn client(&self) -> Client {
        self.client_of(&self.user)
    }

    /// A client that is somebody else.
    pub(crate) fn client_of(&self, user: &TestUser) -> Client {
        NotifyServiceClient::new(self.served.with(self.tokens.bearer(user)))
    }

    /// A client without a token.
    pub(crate) fn stranger(&self) -> NotifyServiceClient<Channel> {
        NotifyServiceClient::new(self.served.channel())
    }

    /// One more replica on the same database and bus; it runs as long as what is returned.
    pub(crate) async fn replica(&self) -> (Lifecycle, Served) {
        start(&self.config, &self.bus, &self.tokens, &self.clock).await
    }

    /// Stops the service and starts it again on the same database and bus.
    pub(crate) async fn restart(&mut self) {
        self.lifecycle.shutdown().await.expect("it stops in order");
        (self.lifecycle, self.served) = start(&self.config, &self.bus, &self.tokens, &self.clock).await;
    }

    /// Stops the service and starts it again on the same database, with a bus that has lost everything.
    pub(crate) async fn restart_on_an_empty_bus(&mut self) {
        self.bus = bus_for(&self.database).await;
        self.restart().await;
    }

    /// Says this on the bus, as the scheduler would.
    pub(crate) async fn tell(&self, events: &[Envelope]) {
        let mut sent = 0;
        while sent < events.len() {
            sent += self.bus.publish(&events[sent..]).await.expect("the bus takes events");
        }
    }

    /// The user's inbox, withdrawn ones included, oldest first, once there are `count` notifications in it.
    pub(crate) async fn inbox(&self, count: usize) -> Vec<Notification> {
        let client = self.client();
        eventually(async || {
            let list = ListNotificationsRequest { show_withdrawn: true, ..oldest_first() };
            let all = list_all(&mut client.clone(), list).await;
            if all.len() >= count { Ok(all) } else { Err(all.len()) }
        })
        .await
    }

    /// The only notification of the user, once it is as `is` says.
    pub(crate) async fn the_one(&self, is: impl Fn(&Notification) -> bool) -> Notification {
        eventually(async || {
            let [one] = <[_; 1]>::try_from(self.inbox(1).await).map_err(|all| all.len())?;
            if is(&one) { Ok(one) } else { Err(0) }
        })
        .await
    }
}

pub(crate) async fn bus_for(database: &TestDatabase) -> TestBus {
    match database.url().starts_with("postgres:") {
        true => TestBus::jetstream().await,
        false => TestBus::embedded().await,
    }
}

async fn start(config: &Config, bus: &TestBus, tokens: &TestTokens, clock: &FakeClock) -> (Lifecycle, Served) {
    let lifecycle = Lifecycle::default();
    let verifier = tokens.verifier(clock.clone());
    let clock = Arc::new(clock.clone());
    let dependencies = Dependencies { bus: bus.shared(), verifier, clock, lifecycle: lifecycle.clone() };
    let server = notify_svc::start(config, dependencies).await.expect("the service starts");
    (lifecycle, Served::new(server))
}

pub(crate) fn oldest_first() -> ListNotificationsRequest {
    ListNotificationsRequest { order_by: "create_time".to_owned(), page_size: 1_000, ..Default::default() }
}

pub(crate) async fn page(client: &mut Client, request: ListNotificationsRequest) -> ListNotificationsResponse {
    client.list_notifications(request).await.expect("a page").into_inner()
}

/// All pages of a list.
pub(crate) async fn list_all(client: &mut Client, request: ListNotificationsRequest) -> Vec<Notification> {
    let (mut all, mut request) = (Vec::new(), request);
    loop {
        let page = page(client, request.clone()).await;
        all.extend(page.notifications);
        if page.next_page_token.is_empty() {
            return all;
        }
        request.page_token = page.next_page_token;
    }
}

/// Watches, from right after a token on (empty: from now on), the caller's personal workspace.
pub(crate) async fn stream(client: &mut Client, token: &str) -> Streaming<StreamNotificationsResponse> {
    let request = StreamNotificationsRequest { resume_token: token.to_owned(), ..Default::default() };
    client.stream_notifications(request).await.expect("the stream begins").into_inner()
}

/// The next message, with its token.
pub(crate) async fn next(stream: &mut Streaming<StreamNotificationsResponse>) -> (Event, String) {
    let message = stream.message().await.expect("the stream goes on").expect("the stream goes on");
    (message.event.expect("a message says something"), message.resume_token)
}

/// The first message, which says where the stream stands.
pub(crate) async fn position(stream: &mut Streaming<StreamNotificationsResponse>) -> String {
    match next(stream).await {
        (Event::Position(_), token) => token,
        (other, _) => panic!("a position comes first, not {other:?}"),
    }
}

/// A stream from now on that has told its position.
pub(crate) async fn watching(client: &mut Client) -> Streaming<StreamNotificationsResponse> {
    let mut stream = stream(client, "").await;
    position(&mut stream).await;
    stream
}

/// The next event that is no heartbeat.
pub(crate) async fn change(stream: &mut Streaming<StreamNotificationsResponse>) -> (Event, String) {
    loop {
        match next(stream).await {
            (Event::Heartbeat(_), _) => {}
            other => return other,
        }
    }
}

/// The notification that came next.
pub(crate) async fn created(stream: &mut Streaming<StreamNotificationsResponse>) -> (Notification, String) {
    match change(stream).await {
        (Event::Created(change), token) => (change.notification.expect("a change has its notification"), token),
        (other, _) => panic!("a new notification, not {other:?}"),
    }
}

/// The notification without what the answer to a mutation adds.
pub(crate) fn settled(notification: Notification) -> Notification {
    Notification { change_id: String::new(), ..notification }
}

/// Checks that a call was refused with this code for this reason.
#[track_caller]
pub(crate) fn refused<T: Debug>(result: Result<Response<T>, Status>, code: Code, reason: &str) -> Status {
    let status = result.map(|_| ()).expect_err("a refusal");
    assert_eq!((status.code(), reason_of(&status).as_str()), (code, reason), "{status:?}");
    status
}

/// The fields that a refusal complains of.
pub(crate) fn violations(status: &Status) -> Vec<String> {
    let violations = status.get_details_bad_request().map(|details| details.field_violations).unwrap_or_default();
    violations.into_iter().map(|violation| violation.field).collect()
}

pub(crate) fn reason_of(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

/// A dynamic part of a refusal.
pub(crate) fn metadata_of(status: &Status, name: &str) -> Option<String> {
    status.get_details_error_info()?.metadata.remove(name)
}
