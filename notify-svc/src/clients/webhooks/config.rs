//! Settings of webhooks, with units and defaults.

use std::{path::PathBuf, time::Duration};

use anyhow::ensure;
use serde::{Deserialize, Serialize};

use crate::domain::{AddressGuard, Network, RetrySchedule};

/// How webhooks are sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhooksConfig {
    /// Networks that webhooks may go to although they are not public, such as `10.1.0.0/16`; also by plain http.
    pub allowed_networks: Vec<Network>,
    /// Authorities that receivers may have their certificates from, besides the public ones and those that this machine
    /// trusts: a PEM file; empty is none.
    pub authorities_file: PathBuf,
    /// How long one attempt may take, from the name's resolution to the answer.
    pub timeout_ms: u64,
    /// How many attempts are under way at most in this process.
    pub max_in_flight: usize,
    /// How many of them go to one host.
    pub max_in_flight_per_host: usize,
    /// How long to wait after each failure before the next attempt; after the last one it is given up.
    pub retry_seconds: Vec<u64>,
    /// By how much, in percent, those pauses are stretched at most, at random.
    pub jitter_percent: u32,
    /// How often to look for deliveries that are due. (A new one is sent without waiting for this.)
    pub poll_interval_ms: u64,
}

impl Default for WebhooksConfig {
    /// The retries that Standard Webhooks recommends.
    fn default() -> Self {
        const MINUTE: u64 = 60;
        const HOUR: u64 = 60 * MINUTE;
        Self {
            allowed_networks: Vec::new(),
            authorities_file: PathBuf::new(),
            timeout_ms: 15_000,
            max_in_flight: 64,
            max_in_flight_per_host: 8,
            retry_seconds: vec![
                5,
                5 * MINUTE,
                30 * MINUTE,
                2 * HOUR,
                5 * HOUR,
                10 * HOUR,
                14 * HOUR,
                20 * HOUR,
                24 * HOUR,
            ],
            jitter_percent: 20,
            poll_interval_ms: 1_000,
        }
    }
}

impl WebhooksConfig {
    pub(crate) fn validate(&self) -> anyhow::Result<()> {
        ensure!((100..=120_000).contains(&self.timeout_ms), "timeout_ms must be between 100 and 120000");
        ensure!((1..=10_000).contains(&self.max_in_flight), "max_in_flight must be between 1 and 10000");
        ensure!(self.max_in_flight_per_host >= 1, "max_in_flight_per_host must be at least 1");
        ensure!(self.retry_seconds.len() <= 100, "retry_seconds must hold at most 100 pauses");
        let longest = self.retry_seconds.iter().max().copied().unwrap_or(0);
        ensure!(longest <= 30 * 86_400, "retry_seconds must hold at most 2592000 each");
        ensure!(self.jitter_percent <= 100, "jitter_percent must be at most 100");
        ensure!((10..=60_000).contains(&self.poll_interval_ms), "poll_interval_ms must be between 10 and 60000");
        Ok(())
    }

    pub(super) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    pub(super) fn guard(&self) -> AddressGuard {
        AddressGuard::new(self.allowed_networks.clone())
    }

    pub(super) fn schedule(&self) -> RetrySchedule {
        let pauses = self.retry_seconds.iter().copied().map(Duration::from_secs).collect();
        RetrySchedule::new(pauses, self.jitter_percent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_can_be_sent_with_settings_that_make_no_sense() {
        WebhooksConfig::default().validate().expect("the defaults");
        let broken: [fn(&mut WebhooksConfig); 5] = [
            |config| config.timeout_ms = 0,
            |config| config.max_in_flight = 0,
            |config| config.max_in_flight_per_host = 0,
            |config| config.jitter_percent = 101,
            |config| config.poll_interval_ms = 0,
        ];
        for adjust in broken {
            let mut config = WebhooksConfig::default();
            adjust(&mut config);
            assert!(config.validate().is_err(), "{config:?}");
        }
    }
}
