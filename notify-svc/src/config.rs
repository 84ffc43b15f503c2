//! Settings of the notification service, with units and defaults.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, ensure};
use mesh_events::{NatsConfig, live::LiveSettings};
use mesh_rpc::ServerConfig;
use mesh_runtime::{ProcessConfig, Settings};
use mesh_store::DatabaseConfig;
use serde::{Deserialize, Serialize};

pub use crate::clients::webhooks::WebhooksConfig;

/// Every setting of the service. The single program uses all but `process`, `nats` and `key_set_file`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Log, metrics, shutdown.
    pub process: ProcessConfig,
    /// Where calls come in.
    pub server: ServerConfig,
    /// Where notifications are kept.
    pub database: DatabaseConfig,
    /// The bus of a mesh.
    pub nats: NatsConfig,
    /// The public keys of those whose access tokens are believed: a JWKS file, read again when it changes.
    pub key_set_file: PathBuf,
    /// Bounds of StreamNotifications.
    pub watch: WatchConfig,
    /// How webhooks are sent.
    pub webhooks: WebhooksConfig,
}

/// Bounds of StreamNotifications.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WatchConfig {
    /// How long a stream may be silent.
    pub heartbeat_ms: u64,
    /// How many changes are kept for watchers who come back.
    pub ring_changes: usize,
    /// How many notifications may wait for one watcher before it is closed as too slow.
    pub queue_notifications: usize,
    /// How long a watcher who comes back may be ahead of this process before it has to list again.
    pub patience_ms: u64,
}

impl Default for WatchConfig {
    fn default() -> Self {
        Self { heartbeat_ms: 15_000, ring_changes: 8_192, queue_notifications: 4_096, patience_ms: 2_000 }
    }
}

impl WatchConfig {
    pub(crate) fn heartbeat(&self) -> Duration {
        Duration::from_millis(self.heartbeat_ms)
    }

    pub(crate) fn live(&self) -> LiveSettings {
        LiveSettings {
            stream: "notifications",
            ring: self.ring_changes,
            queue: self.queue_notifications,
            patience: Duration::from_millis(self.patience_ms),
        }
    }

    fn validate(&self) -> anyhow::Result<()> {
        let Self { heartbeat_ms, ring_changes, queue_notifications, patience_ms } = *self;
        ensure!((10..=600_000).contains(&heartbeat_ms), "heartbeat_ms must be between 10 and 600000");
        ensure!((1..=1_000_000).contains(&ring_changes), "ring_changes must be between 1 and 1000000");
        ensure!((1..=100_000).contains(&queue_notifications), "queue_notifications must be between 1 and 100000");
        ensure!(patience_ms <= 60_000, "patience_ms must be at most 60000");
        Ok(())
    }
}

impl Settings for Config {
    fn process(&self) -> &ProcessConfig {
        &self.process
    }

    fn validate(&self) -> anyhow::Result<()> {
        self.watch.validate().context("watch")?;
        self.webhooks.validate().context("webhooks")?;
        self.nats.validate().context("nats")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid() {
        Config::default().validate().expect("defaults");
    }

    #[test]
    fn a_heartbeat_without_pause_is_refused() {
        let watch = WatchConfig { heartbeat_ms: 0, ..WatchConfig::default() };
        assert!(Config { watch, ..Config::default() }.validate().is_err());
    }
}
