//! An audit-svc of its own for every test: on PostgreSQL with NATS, or on SQLite with the embedded bus.

use std::sync::Arc;

use audit_svc::{Config, Dependencies};
use mesh_events::Envelope;
use mesh_proto::{
    audit::v1::{AuditEvent, ListAuditEventsRequest, audit_service_client::AuditServiceClient},
    event::v1::TaskChanged,
    task::v1::Task,
};
use mesh_rpc::Channel;
use mesh_runtime::Lifecycle;
use mesh_testkit::{Bearer, Served, TestBus, TestDatabase, TestTokens, TestUser, eventually};
use mesh_types::{Actor, Clock, SystemClock, Timestamp, UserId, WorkspaceId, new_id};
use prost::Message;
use prost_types::FieldMask;
use tonic::service::interceptor::InterceptedService;
use uuid::Uuid;

pub(crate) type Client = AuditServiceClient<InterceptedService<Channel, Bearer>>;

/// A running audit-svc and what it needs.
pub(crate) struct World {
    pub(crate) database: TestDatabase,
    pub(crate) bus: TestBus,
    tokens: TestTokens,
    served: Served,
}

impl World {
    pub(crate) async fn new(database: TestDatabase) -> Self {
        let bus = bus_for(&database).await;
        let tokens = TestTokens::new();
        let served = start(&database, &bus, &tokens).await;
        Self { database, bus, tokens, served }
    }

    /// The same database behind another bus: what a service finds when its stream was wiped and published again.
    pub(crate) async fn behind_another_bus(self) -> Self {
        let Self { database, tokens, .. } = self;
        let bus = bus_for(&database).await;
        let served = start(&database, &bus, &tokens).await;
        Self { database, bus, tokens, served }
    }

    /// One more replica.
    pub(crate) async fn replica(&self) -> Served {
        start(&self.database, &self.bus, &self.tokens).await
    }

    pub(crate) fn client(&self, user: &TestUser) -> Client {
        AuditServiceClient::new(self.served.with(self.tokens.bearer(user)))
    }

    pub(crate) async fn publish(&self, events: &[Envelope]) {
        let mut sent = 0;
        while sent < events.len() {
            sent += self.bus.publish(&events[sent..]).await.expect("the bus takes events");
        }
    }

    /// The record of the user's personal workspace, oldest first, once it holds `count` entries.
    pub(crate) async fn record_of(&self, user: &TestUser, count: usize) -> Vec<AuditEvent> {
        let client = self.client(user);
        eventually(async || {
            let mut events = all_events(client.clone(), "").await;
            events.reverse();
            if events.len() >= count { Ok(events) } else { Err(events.len()) }
        })
        .await
    }
}

/// Every event of a list, page by page.
pub(crate) async fn all_events(mut client: Client, workspace_id: &str) -> Vec<AuditEvent> {
    let (mut events, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListAuditEventsRequest {
            workspace_id: workspace_id.to_owned(),
            page_size: 1000,
            page_token,
            filter: String::new(),
        };
        let page = client.list_audit_events(request).await.expect("the list is the caller's").into_inner();
        events.extend(page.events);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return events;
        }
    }
}

async fn bus_for(database: &TestDatabase) -> TestBus {
    match database.url().starts_with("postgres:") {
        true => TestBus::jetstream().await,
        false => TestBus::embedded().await,
    }
}

async fn start(database: &TestDatabase, bus: &TestBus, tokens: &TestTokens) -> Served {
    let config = Config { database: database.config(), ..Config::default() };
    let dependencies = Dependencies {
        bus: bus.shared(),
        verifier: tokens.verifier(SystemClock),
        clock: Arc::new(SystemClock),
        lifecycle: Lifecycle::default(),
    };
    Served::new(audit_svc::startup::start(&config, dependencies).await.expect("the service starts"))
}

/// Something happened to a new task in this workspace.
pub(crate) fn event(workspace: WorkspaceId) -> Envelope {
    event_of(workspace, fresh_id(), 1)
}

/// A task got this version.
pub(crate) fn event_of(workspace: WorkspaceId, task: Uuid, version: i64) -> Envelope {
    let title = |version: i64| Task { title: Some(format!("title {version}")), ..Task::default() };
    let before = (version > 1).then(|| title(version - 1));
    let changed = before.is_some().then(|| FieldMask { paths: vec!["title".to_owned(), "update_time".to_owned()] });
    let after = Task { id: task.to_string(), ..title(version) };
    let payload = TaskChanged { after: Some(after), before, changed }.encode_to_vec().into();
    Envelope {
        id: fresh_id(),
        source: "task-svc".to_owned(),
        time: Timestamp::from_micros(1_763_000_000_123_456),
        workspace_id: workspace,
        entity: "task".to_owned(),
        aggregate_id: task,
        epoch: 1,
        version,
        verb: if version == 1 { "created" } else { "updated" }.to_owned(),
        event_type: "taskmesh.event.v1.TaskChanged".to_owned(),
        actor: Actor {
            user_id: UserId(Uuid::from_u128(7)),
            service: Some("scheduler-svc".to_owned()),
            token_id: Some("token".to_owned()),
            client_address: Some("192.0.2.1".to_owned()),
            user_agent: Some("curl/8 🎈".to_owned()),
        },
        trace_parent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
        payload,
    }
}

/// An id that nothing else has.
pub(crate) fn fresh_id() -> Uuid {
    new_id(SystemClock.now())
}
