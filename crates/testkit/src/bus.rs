//! An event bus of its own for every test, whichever kind.

use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use mesh_events::{EmbeddedBus, EmbeddedSettings, EventBus, JetStreamBus, NatsConfig};
use tempfile::TempDir;

use crate::settings;

/// A stream of its own on the NATS server that `cargo xtask test` started. It goes with the server.
///
/// # Panics
/// When there is no server.
pub fn nats() -> NatsConfig {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    NatsConfig {
        url: settings::required(settings::NATS),
        subject_prefix: name.clone(),
        stream: name,
        // The server sets this aside for each stream.
        max_bytes: 16 << 20,
        ..NatsConfig::default()
    }
}

/// An empty event bus.
#[derive(Clone)]
pub struct TestBus {
    bus: Arc<dyn EventBus>,
    _folder: Option<Arc<TempDir>>,
}

impl TestBus {
    /// One in a file.
    ///
    /// # Panics
    /// When the temporary folder cannot be written.
    pub async fn embedded() -> Self {
        let folder = tempfile::tempdir().expect("the temporary folder can be written");
        let bus = EmbeddedBus::open(folder.path().join("bus.db"), EmbeddedSettings::default()).await;
        let bus = bus.expect("an embedded log opens in an empty folder");
        Self { bus: Arc::new(bus), _folder: Some(Arc::new(folder)) }
    }

    /// One on the NATS server.
    ///
    /// # Panics
    /// When there is no server.
    pub async fn jetstream() -> Self {
        let bus = JetStreamBus::connect(&nats()).await.expect("the settings are valid");
        Self { bus: Arc::new(bus), _folder: None }
    }

    /// One on another NATS server, such as one that the test kills.
    ///
    /// # Panics
    /// When the settings are not valid.
    pub async fn on(config: &NatsConfig) -> Self {
        let bus = JetStreamBus::connect(config).await.expect("the settings are valid");
        Self { bus: Arc::new(bus), _folder: None }
    }

    /// The bus, for whoever keeps one.
    pub fn shared(&self) -> Arc<dyn EventBus> {
        Arc::clone(&self.bus)
    }
}

impl Deref for TestBus {
    type Target = dyn EventBus;

    fn deref(&self) -> &Self::Target {
        &*self.bus
    }
}
