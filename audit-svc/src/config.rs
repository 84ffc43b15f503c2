//! Settings of audit-svc, with units and defaults.

use std::path::PathBuf;

use anyhow::Context;
use mesh_events::NatsConfig;
use mesh_rpc::ServerConfig;
use mesh_runtime::{ProcessConfig, Settings};
use mesh_store::DatabaseConfig;
use serde::{Deserialize, Serialize};

/// Every setting of the service. The single program uses all but `process`, `nats` and `key_set_file`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Log, metrics, shutdown.
    pub process: ProcessConfig,
    /// Where calls come in.
    pub server: ServerConfig,
    /// Where the record is kept.
    pub database: DatabaseConfig,
    /// The bus of a mesh.
    pub nats: NatsConfig,
    /// The public keys of those whose access tokens are believed: a JWKS file, read again when it changes.
    pub key_set_file: PathBuf,
}

impl Settings for Config {
    fn process(&self) -> &ProcessConfig {
        &self.process
    }

    fn validate(&self) -> anyhow::Result<()> {
        self.nats.validate().context("nats")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid() {
        Config::default().validate().expect("valid");
    }
}
