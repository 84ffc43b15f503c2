//! Settings of the scheduler service, with units and defaults.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context, ensure};
use mesh_events::NatsConfig;
use mesh_rpc::{ServerConfig, UpstreamConfig};
use mesh_runtime::{ProcessConfig, Settings};
use mesh_store::DatabaseConfig;
use serde::{Deserialize, Serialize};

use crate::app::TimerSettings;

/// Every setting of the service. The single program uses `server`, `database` and `timers` only.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Log, metrics, shutdown.
    pub process: ProcessConfig,
    /// Where calls come in.
    pub server: ServerConfig,
    /// Where reminders and schedules are kept.
    pub database: DatabaseConfig,
    /// The bus of a mesh.
    pub nats: NatsConfig,
    /// The public keys of those whose access tokens are believed: a JWKS file, read again when it changes.
    pub key_set_file: PathBuf,
    /// The private key by which this service signs tokens for its calls: Ed25519, PKCS #8 PEM.
    pub signing_key_file: PathBuf,
    /// Where task-svc is.
    pub tasks: UpstreamConfig,
    /// How reminders fire.
    pub timers: TimersConfig,
}

/// How reminders fire.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TimersConfig {
    /// How far ahead timers are held in memory.
    pub look_ahead_ms: u64,
    /// How long a replica that is silent keeps what it holds. It speaks three times as often.
    pub lease_ms: u64,
    /// How often to look for timers that nobody holds.
    pub sweep_ms: u64,
    /// How long after its time a reminder is marked late.
    pub late_after_ms: u64,
    /// How many timers are claimed, and fired, in one go.
    pub batch: usize,
    /// How many overdue timers are fired in one go, between those that are on time.
    pub overdue_batch: usize,
    /// How many timers one replica holds at most, besides those that are due before it looks again.
    pub held: usize,
}

impl Default for TimersConfig {
    fn default() -> Self {
        Self {
            look_ahead_ms: 30_000,
            lease_ms: 5_000,
            sweep_ms: 1_000,
            late_after_ms: 5_000,
            batch: 500,
            overdue_batch: 100,
            held: 50_000,
        }
    }
}

impl TimersConfig {
    pub(crate) fn settings(&self) -> TimerSettings {
        TimerSettings {
            look_ahead: Duration::from_millis(self.look_ahead_ms),
            lease: Duration::from_millis(self.lease_ms),
            sweep: Duration::from_millis(self.sweep_ms),
            late_after: Duration::from_millis(self.late_after_ms),
            batch: self.batch,
            overdue_batch: self.overdue_batch,
            held: self.held,
        }
    }

    fn validate(&self) -> anyhow::Result<()> {
        let Self { look_ahead_ms, lease_ms, sweep_ms, late_after_ms, batch, overdue_batch, held } = self;
        ensure!((1_000..=600_000).contains(look_ahead_ms), "timers.look_ahead_ms must be between 1000 and 600000");
        ensure!((500..=60_000).contains(lease_ms), "timers.lease_ms must be between 500 and 60000");
        ensure!((10..=60_000).contains(sweep_ms), "timers.sweep_ms must be between 10 and 60000");
        ensure!(sweep_ms <= look_ahead_ms, "timers.sweep_ms must not be longer than timers.look_ahead_ms");
        ensure!((100..=3_600_000).contains(late_after_ms), "timers.late_after_ms must be between 100 and 3600000");
        ensure!((1..=5_000).contains(batch), "timers.batch must be between 1 and 5000");
        ensure!((1..=5_000).contains(overdue_batch), "timers.overdue_batch must be between 1 and 5000");
        ensure!(held >= batch, "timers.held must be at least timers.batch");
        Ok(())
    }
}

impl Settings for Config {
    fn process(&self) -> &ProcessConfig {
        &self.process
    }

    fn validate(&self) -> anyhow::Result<()> {
        self.timers.validate()?;
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
    fn timers_that_are_never_looked_for_are_refused() {
        let timers = TimersConfig { sweep_ms: 0, ..TimersConfig::default() };
        assert!(Config { timers, ..Config::default() }.validate().is_err());
    }
}
