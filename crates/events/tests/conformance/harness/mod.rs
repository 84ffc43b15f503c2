//! A bus to test, whichever it is, with what can happen to it.

mod consumer;
mod event;

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use futures::{StreamExt, TryStreamExt};
use mesh_events::{EmbeddedBus, EmbeddedSettings, EventBus, JetStreamBus, NatsConfig, TailStream};
use mesh_testkit::{NatsServer, eventually};
use mesh_types::{Clock, SystemClock};
use sqlx::Connection;
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) use self::{
    consumer::{Recorder, Running, durable},
    event::{event, events, ids, large_event},
};

/// What a test needs of its bus.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Needs {
    /// Nothing special.
    Plain,
    /// A server that it may kill.
    Own,
    /// Room for little: [`SMALL_BYTES`].
    Small,
}

/// How much a small bus holds.
pub(crate) const SMALL_BYTES: u64 = 2 << 20;

/// A bus under test.
pub(crate) struct Harness {
    world: World,
}

enum World {
    Embedded { folder: TempDir, settings: EmbeddedSettings, clock: Arc<dyn Clock>, bus: Arc<EmbeddedBus> },
    JetStream { server: Option<NatsServer>, config: NatsConfig, bus: Arc<JetStreamBus> },
}

impl Harness {
    pub(crate) async fn embedded(needs: Needs) -> Self {
        let mut settings = EmbeddedSettings::default();
        if needs == Needs::Small {
            settings.max_bytes = SMALL_BYTES;
        }
        Self::embedded_with(settings, Arc::new(SystemClock)).await
    }

    pub(crate) async fn embedded_with(settings: EmbeddedSettings, clock: Arc<dyn Clock>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bus = open(&folder, &settings, &clock).await;
        Self { world: World::Embedded { folder, settings, clock, bus } }
    }

    pub(crate) async fn jetstream(needs: Needs) -> Self {
        let server = if needs == Needs::Own { Some(NatsServer::start().await) } else { None };
        let mut config = server.as_ref().map_or_else(mesh_testkit::nats, NatsServer::config);
        // Soon enough for a test to wait for, long enough for a slow machine.
        config.ack_wait_ms = 2_000;
        config.max_bytes = if needs == Needs::Small { SMALL_BYTES as i64 } else { 16 << 20 };
        Self::jetstream_with(server, config).await
    }

    pub(crate) async fn jetstream_with(server: Option<NatsServer>, config: NatsConfig) -> Self {
        let bus = Arc::new(JetStreamBus::connect(&config).await.unwrap());
        Self { world: World::JetStream { server, config, bus } }
    }

    pub(crate) fn bus(&self) -> Arc<dyn EventBus> {
        match &self.world {
            World::Embedded { bus, .. } => Arc::clone(bus) as _,
            World::JetStream { bus, .. } => Arc::clone(bus) as _,
        }
    }

    /// The bus as another process has it; the embedded one has no other process.
    pub(crate) async fn elsewhere(&self) -> Arc<dyn EventBus> {
        match &self.world {
            World::Embedded { .. } => self.bus(),
            World::JetStream { config, .. } => Arc::new(JetStreamBus::connect(config).await.unwrap()),
        }
    }

    /// The process ends in order and starts again.
    pub(crate) async fn restart(&mut self) {
        match &mut self.world {
            World::Embedded { folder, settings, clock, bus } => {
                bus.close().await;
                *bus = open(folder, settings, clock).await;
            }
            World::JetStream { config, bus, .. } => {
                bus.close().await;
                *bus = Arc::new(JetStreamBus::connect(config).await.unwrap());
            }
        }
    }

    /// Whoever keeps the events is killed, and comes back: for the embedded log this process, without closing anything.
    pub(crate) async fn kill(&mut self) {
        match &mut self.world {
            World::Embedded { folder, settings, clock, bus } => {
                // What the file and its journal hold at this instant is all that a killed process leaves.
                let copy = copied(folder);
                *bus = open(&copy, settings, clock).await;
                *folder = copy;
            }
            World::JetStream { server, .. } => {
                let server = server.as_mut().unwrap();
                server.kill();
                server.resume().await;
            }
        }
    }

    /// Whoever keeps the events loses them all.
    pub(crate) async fn wipe(&mut self) {
        match &mut self.world {
            World::Embedded { folder, settings, clock, bus } => {
                bus.close().await;
                *folder = tempfile::tempdir().unwrap();
                *bus = open(folder, settings, clock).await;
            }
            World::JetStream { server, .. } => {
                let server = server.as_mut().unwrap();
                server.kill();
                server.wipe();
                server.resume().await;
            }
        }
    }

    /// Whoever keeps the events stops, a copy of them is put aside, and it goes on.
    pub(crate) async fn save(&mut self) -> TempDir {
        match &mut self.world {
            World::Embedded { folder, settings, clock, bus } => {
                bus.close().await;
                let saved = copied(folder);
                *bus = open(folder, settings, clock).await;
                saved
            }
            World::JetStream { server, .. } => {
                let server = server.as_mut().unwrap();
                server.kill();
                server.save();
                server.resume().await;
                // The server keeps its copy itself.
                tempfile::tempdir().unwrap()
            }
        }
    }

    /// Whoever keeps the events loses all that came after `saved`, and goes on.
    pub(crate) async fn go_back(&mut self, saved: TempDir) {
        match &mut self.world {
            World::Embedded { folder, settings, clock, bus } => {
                bus.close().await;
                *folder = saved;
                *bus = open(folder, settings, clock).await;
            }
            World::JetStream { server, .. } => {
                let server = server.as_mut().unwrap();
                server.kill();
                server.go_back();
                server.resume().await;
            }
        }
    }

    /// The server, for tests that do more to it.
    pub(crate) fn server(&mut self) -> &mut NatsServer {
        match &mut self.world {
            World::JetStream { server: Some(server), .. } => server,
            World::JetStream { .. } | World::Embedded { .. } => panic!("this bus has no server of its own"),
        }
    }

    /// Somebody deletes the stream from the server.
    pub(crate) async fn delete_stream(&self) {
        let config = self.nats();
        let client = async_nats::connect(&config.url).await.unwrap();
        async_nats::jetstream::new(client).delete_stream(&config.stream).await.unwrap();
    }

    /// How long the server waits for an acknowledgement.
    pub(crate) fn ack_wait(&self) -> Duration {
        Duration::from_millis(self.nats().ack_wait_ms)
    }

    fn nats(&self) -> &NatsConfig {
        match &self.world {
            World::JetStream { config, .. } => config,
            World::Embedded { .. } => panic!("this bus has no server"),
        }
    }

    /// Puts something on the stream that is no event of ours, as `entity`.
    pub(crate) async fn intrude(&self, entity: &str) {
        match &self.world {
            World::Embedded { folder, .. } => intrude_into_file(folder, entity).await,
            World::JetStream { config, .. } => {
                let client = async_nats::connect(&config.url).await.unwrap();
                let subject = format!("{}.0.nowhere.{entity}.appeared", config.subject_prefix);
                let mut headers = async_nats::HeaderMap::new();
                headers.insert("x-origin", "elsewhere");
                let jetstream = async_nats::jetstream::new(client);
                jetstream.publish_with_headers(subject, headers, "boo".into()).await.unwrap().await.unwrap();
            }
        }
    }
}

async fn intrude_into_file(folder: &TempDir, entity: &str) {
    let url = format!("sqlite:{}", folder.path().join("bus.db").display());
    let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
    let insert =
        "INSERT INTO event (event_id, published_us, entity, subject, headers, payload) VALUES (?, ?, ?, ?, ?, ?)";
    sqlx::query(insert)
        .bind(b"intruder".as_slice())
        .bind(SystemClock.now().as_micros())
        .bind(entity)
        .bind(format!("tm.v1.0.nowhere.{entity}.appeared"))
        .bind(r#"{"x-origin": "elsewhere"}"#)
        .bind(b"boo".as_slice())
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

/// The file of an embedded log and its journal.
fn copied(folder: &TempDir) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
        if !file.path().to_string_lossy().ends_with("-shm") {
            std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
        }
    }
    copy
}

async fn open(folder: &TempDir, settings: &EmbeddedSettings, clock: &Arc<dyn Clock>) -> Arc<EmbeddedBus> {
    let path = folder.path().join("bus.db");
    Arc::new(EmbeddedBus::open_with_clock(path, settings.clone(), Arc::clone(clock)).await.unwrap())
}

/// Runs a test that might wait for ever for what does not come.
pub(crate) async fn in_time(test: impl Future<Output = ()>) {
    tokio::time::timeout(Duration::from_secs(90), test).await.expect("the test ends in time");
}

/// The next `count` events of a tail, by id; it fails when they do not come.
pub(crate) async fn next(tail: &mut TailStream, count: usize) -> Vec<Uuid> {
    let placed = tail.take(count).try_collect::<Vec<_>>();
    let placed = tokio::time::timeout(Duration::from_secs(30), placed).await.expect("the tail goes on").unwrap();
    placed.iter().map(|placed| placed.event.id).collect()
}

/// Publishes all of `events`, however many calls that takes.
pub(crate) async fn publish(bus: &Arc<dyn EventBus>, events: &[mesh_events::Envelope]) {
    let mut published = 0;
    while published < events.len() {
        published += eventually(async || bus.publish(&events[published..]).await).await;
    }
}

/// The guarded value, also after a test's panic.
pub(crate) fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
