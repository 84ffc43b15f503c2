//! What these tests share: a migrated database with its bus, events to tell, and tasks that end with the test.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use futures::StreamExt;
use mesh_events::{EventBus, EventLog, Filter, JetStreamBus, NatsConfig, NewEvent, Relay, RelaySettings, TailFrom};
use mesh_store::{Backend, Database};
use mesh_testkit::{FakeClock, TestBus, TestDatabase};
use mesh_types::{Actor, Clock, UserId, WorkspaceId, new_id};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Short enough for a test to wait for.
pub(crate) const QUICK: RelaySettings = RelaySettings {
    batch: 50,
    gather: Duration::from_millis(3),
    lease: Duration::from_millis(600),
    renew_every: Duration::from_millis(150),
    poll_every: Duration::from_millis(20),
    check_every: Duration::from_millis(50),
    drain: Duration::from_secs(20),
};

/// A service's world.
pub(crate) struct World {
    pub(crate) database: Database,
    pub(crate) bus: Arc<dyn EventBus>,
    seen: Follower,
    pub(crate) clock: FakeClock,
    pub(crate) log: Arc<EventLog>,
    tasks: JoinSet<()>,
}

/// A relay or consumer that a test has started.
pub(crate) struct Running {
    stop: CancellationToken,
    ended: tokio::sync::oneshot::Receiver<()>,
    abort: tokio::task::AbortHandle,
}

impl World {
    /// On this database and the bus that goes with it.
    pub(crate) async fn on(database: &TestDatabase) -> Self {
        let database = database.connect().await;
        let migrations = mesh_store::migrations().into_iter().chain(mesh_events::migrations()).collect();
        database.migrate(migrations).await.expect("the database is migrated");
        let log = EventLog::new(database.clone(), "task-svc");
        let (bus, seen) = bus_for(&database).await;
        Self { database, bus, seen, clock: FakeClock::default(), log, tasks: JoinSet::new() }
    }

    /// An event about `aggregate`, as a service would make it.
    pub(crate) fn event(&self, aggregate: Uuid, version: i64) -> NewEvent {
        NewEvent {
            id: new_id(self.clock.now()),
            time: self.clock.now(),
            workspace_id: WorkspaceId(Uuid::from_u128(1)),
            entity: "task",
            aggregate_id: aggregate,
            version,
            verb: "updated",
            event_type: "taskmesh.event.v1.TaskChanged",
            actor: Actor {
                user_id: UserId(Uuid::from_u128(2)),
                service: None,
                token_id: Some("session".to_owned()),
                client_address: None,
                user_agent: Some("“agent” ✓".to_owned()),
            },
            trace_parent: None,
            payload: Bytes::from(version.to_string()),
        }
    }

    /// Appends one event for each version in a transaction of its own; returns their ids in order.
    pub(crate) async fn tell(&self, aggregate: Uuid, versions: std::ops::RangeInclusive<i64>) -> Vec<Uuid> {
        let mut ids = Vec::new();
        for version in versions {
            let event = self.event(aggregate, version);
            ids.push(event.id);
            self.append(&[event]).await;
        }
        ids
    }

    /// Appends events in one transaction.
    pub(crate) async fn append(&self, events: &[NewEvent]) {
        let transaction = self.database.begin().await.expect("a transaction begins");
        self.log.append(&transaction, events).await.expect("events are appended");
        mesh_store::commit(transaction).await.expect("it commits");
        self.log.committed();
    }

    /// A relay of this service, with the real bus or something around it.
    pub(crate) fn relay(&self, bus: Arc<dyn EventBus>) -> Relay {
        Relay::new(self.log.clone(), bus, Arc::new(self.clock.clone()), QUICK)
    }

    /// Runs a relay in the background.
    pub(crate) fn start_relay(&mut self) -> Running {
        let relay = self.relay(self.bus.clone());
        self.start(|stop| async move { relay.run(stop).await })
    }

    /// Runs something in the background until the test ends or stops it.
    pub(crate) fn start<F: Future<Output = ()> + Send + 'static>(
        &mut self,
        task: impl FnOnce(CancellationToken) -> F,
    ) -> Running {
        let stop = CancellationToken::new();
        let (done, ended) = tokio::sync::oneshot::channel();
        let task = task(stop.clone());
        let abort = self.tasks.spawn(async move {
            task.await;
            let _ = done.send(());
        });
        Running { stop, ended, abort }
    }

    /// Gives the service another bus, empty and of another identity, as when its store was wiped.
    pub(crate) async fn wipe_the_bus(&mut self) {
        (self.bus, self.seen) = bus_for(&self.database).await;
    }

    /// Gives the service this bus.
    pub(crate) async fn turn_to(&mut self, bus: Arc<dyn EventBus>) {
        self.seen = Follower::of(&*bus, None).await;
        self.bus = bus;
    }

    /// What has come over the bus so far, in its order.
    pub(crate) fn on_the_bus(&self) -> Vec<Uuid> {
        self.seen.ids.lock().expect("nobody panicked").clone()
    }

    /// Waits until the bus has exactly these, in this order.
    pub(crate) async fn expect_on_the_bus(&self, ids: &[Uuid]) {
        mesh_testkit::eventually(async || {
            let found = self.on_the_bus();
            if found == ids { Ok(()) } else { Err(format!("{} events of {}", found.len(), ids.len())) }
        })
        .await;
    }
}

impl Running {
    /// Asks it to stop and waits until it has.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        let _ = self.ended.await;
    }

    /// Ends it wherever it is, as a crash would.
    pub(crate) async fn crash(self) {
        self.abort.abort();
        let _ = self.ended.await;
    }
}

/// Follows a bus from its beginning.
struct Follower {
    ids: Arc<Mutex<Vec<Uuid>>>,
    _task: JoinSet<()>,
    /// An embedded bus keeps its file in it.
    _folder: Option<TestBus>,
}

impl Follower {
    async fn of(bus: &dyn EventBus, folder: Option<TestBus>) -> Self {
        let mut tail = bus.tail(Filter::default(), TailFrom::Last(1_000_000)).await.expect("the bus can be followed");
        let ids = Arc::new(Mutex::new(Vec::new()));
        let mut task = JoinSet::new();
        let seen = ids.clone();
        task.spawn(async move {
            while let Some(placed) = tail.next().await {
                let event = placed.expect("the tail goes on").event;
                seen.lock().expect("nobody panicked").push(event.id);
            }
        });
        Self { ids, _task: task, _folder: folder }
    }
}

/// The bus that is used with this kind of database. What a crashed replica was given comes again soon.
async fn bus_for(database: &Database) -> (Arc<dyn EventBus>, Follower) {
    let (bus, folder): (Arc<dyn EventBus>, _) = match database.backend() {
        Backend::Postgres => {
            let config = NatsConfig { ack_wait_ms: 1_000, ..mesh_testkit::nats() };
            (Arc::new(JetStreamBus::connect(&config).await.expect("the settings are valid")), None)
        }
        Backend::Sqlite => {
            let bus = TestBus::embedded().await;
            (bus.shared(), Some(bus))
        }
    };
    let follower = Follower::of(&*bus, folder).await;
    (bus, follower)
}
