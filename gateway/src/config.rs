//! Settings of the gateway: units in the names, defaults compiled in, checked before anything binds.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::{Context, ensure};
use mesh_events::NatsConfig;
use mesh_rpc::{PublicKey, UpstreamConfig};
use mesh_runtime::{ProcessConfig, Secret, Settings};
use mesh_store::DatabaseConfig;
use serde::{Deserialize, Serialize};

pub use crate::domain::SignUpPolicy;
use crate::{app, clients::issuers::ExternalIssuerConfig, domain::Limit, http::HttpSettings};

/// Settings of the gateway.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where all faces are served.
    pub listen: SocketAddr,
    /// What every program has.
    pub process: ProcessConfig,
    /// Limits and times of the HTTP side.
    pub http: HttpSettings,
    /// Where accounts are kept.
    pub database: DatabaseConfig,
    /// The event bus.
    pub nats: NatsConfig,
    /// Where the services are.
    pub upstreams: UpstreamsConfig,
    /// Accounts and sessions.
    pub accounts: AccountsConfig,
    /// Access tokens and the keys that sign them.
    pub tokens: TokensConfig,
}

/// Where the services are, as `http://host:port` of a name that stands for all replicas, or a list. Their `timeout_ms` is
/// 0 unless set: every call that is passed on carries its own deadline.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UpstreamsConfig {
    /// task-svc.
    pub task: UpstreamConfig,
    /// scheduler-svc.
    pub scheduler: UpstreamConfig,
    /// notify-svc.
    pub notify: UpstreamConfig,
    /// audit-svc.
    pub audit: UpstreamConfig,
}

/// Accounts and sessions.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountsConfig {
    /// Who may sign up.
    pub sign_up: SignUpPolicy,
    /// A session ends when it was not used for this long.
    pub session_idle_hours: u64,
    /// How many wrong passwords in a row are let through for one account from one network.
    pub sign_in_burst: u32,
    /// After these, one more per so many milliseconds.
    pub sign_in_interval_ms: u64,
    /// How many failures are let through from one network over all accounts: to sign in, to sign up, to refresh a session,
    /// each counted by itself.
    pub network_burst: u32,
    /// After these, one more per so many milliseconds.
    pub network_interval_ms: u64,
    /// Memory that hashing a password takes, in KiB.
    pub password_memory_kib: u32,
    /// Passes over that memory.
    pub password_passes: u32,
    /// Lanes in which they are made.
    pub password_lanes: u32,
}

/// Access tokens and the keys that sign them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokensConfig {
    /// An Ed25519 private key in PKCS #8 PEM: the file it is in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_key_file: Option<PathBuf>,
    /// The key itself, where there is no file.
    pub signing_key: Secret,
    /// A JWKS file of further public keys of the gateway, while one key follows another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub further_keys_file: Option<PathBuf>,
    /// Other issuers whose tokens are taken as those of our own sessions are.
    pub external_issuers: Vec<ExternalIssuerConfig>,
    /// For how long an access token of a session lives.
    pub session_access_ms: u64,
    /// For how long an access token lives that stands for an API token.
    pub api_token_access_ms: u64,
    /// What is known of a session or an API token is looked at again when it is this old.
    pub api_token_recheck_ms: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            process: ProcessConfig::default(),
            http: HttpSettings::default(),
            database: DatabaseConfig::default(),
            nats: NatsConfig::default(),
            upstreams: UpstreamsConfig::default(),
            accounts: AccountsConfig::default(),
            tokens: TokensConfig::default(),
        }
    }
}

impl Default for UpstreamsConfig {
    fn default() -> Self {
        let upstream = UpstreamConfig { timeout_ms: 0, ..UpstreamConfig::default() };
        Self { task: upstream.clone(), scheduler: upstream.clone(), notify: upstream.clone(), audit: upstream }
    }
}

impl Default for AccountsConfig {
    fn default() -> Self {
        Self {
            sign_up: SignUpPolicy::Open,
            session_idle_hours: 30 * 24,
            sign_in_burst: 10,
            sign_in_interval_ms: 10_000,
            network_burst: 100,
            network_interval_ms: 1_000,
            password_memory_kib: 19 * 1024,
            password_passes: 2,
            password_lanes: 1,
        }
    }
}

impl Default for TokensConfig {
    fn default() -> Self {
        Self {
            signing_key_file: None,
            signing_key: Secret::default(),
            further_keys_file: None,
            external_issuers: Vec::new(),
            session_access_ms: 15 * 60_000,
            api_token_access_ms: 5 * 60_000,
            api_token_recheck_ms: 3_000,
        }
    }
}

impl Settings for Config {
    fn process(&self) -> &ProcessConfig {
        &self.process
    }

    fn validate(&self) -> anyhow::Result<()> {
        self.nats.validate().context("nats")?;
        ensure!(self.http.max_connections > 0, "http.max_connections is 0: nobody could connect");
        ensure!(self.http.header_timeout_ms > 0, "http.header_timeout_ms is 0: nobody could say anything");
        let AccountsConfig { session_idle_hours, sign_in_burst, sign_in_interval_ms, .. } = self.accounts;
        ensure!(self.accounts.network_burst > 0, "accounts.network_burst is 0: nobody could sign in");
        ensure!(self.accounts.network_interval_ms > 0, "accounts.network_interval_ms is 0");
        ensure!((1..=24 * 366).contains(&session_idle_hours), "accounts.session_idle_hours is not 1 to 8784");
        ensure!(sign_in_burst > 0, "accounts.sign_in_burst is 0: nobody could sign in");
        ensure!(sign_in_interval_ms > 0, "accounts.sign_in_interval_ms is 0");
        app::Passwords::new(self.accounts.password_cost()).context("accounts.password_*")?;
        let tokens = &self.tokens;
        let minute_to_day = 60_000..=86_400_000;
        ensure!(minute_to_day.contains(&tokens.session_access_ms), "tokens.session_access_ms is not 1 min to 1 d");
        ensure!(minute_to_day.contains(&tokens.api_token_access_ms), "tokens.api_token_access_ms is not 1 min to 1 d");
        ensure!(tokens.api_token_recheck_ms <= 10_000, "tokens.api_token_recheck_ms is more than 10 s");
        for issuer in &tokens.external_issuers {
            issuer.validate().with_context(|| format!("tokens.external_issuers, {:?}", issuer.issuer))?;
            let same = tokens.external_issuers.iter().filter(|other| other.issuer == issuer.issuer).count();
            ensure!(same == 1, "tokens.external_issuers: {:?} is there {same} times", issuer.issuer);
        }
        let given = usize::from(tokens.signing_key_file.is_some()) + usize::from(!tokens.signing_key.is_empty());
        ensure!(given <= 1, "tokens.signing_key and tokens.signing_key_file are both set");
        Ok(())
    }
}

impl AccountsConfig {
    fn password_cost(&self) -> app::PasswordCost {
        app::PasswordCost {
            memory_kib: self.password_memory_kib,
            passes: self.password_passes,
            lanes: self.password_lanes,
        }
    }
}

impl TokensConfig {
    /// The private key that signs access tokens, as PEM.
    ///
    /// # Errors
    /// When there is none, or its file cannot be read.
    pub fn signing_key(&self) -> anyhow::Result<Secret> {
        if let Some(path) = &self.signing_key_file {
            let read = std::fs::read_to_string(path);
            return Ok(read.with_context(|| format!("cannot read the signing key {}", path.display()))?.into());
        }
        ensure!(!self.signing_key.is_empty(), "no signing key: set tokens.signing_key_file");
        Ok(self.signing_key.clone())
    }

    /// The further public keys.
    ///
    /// # Errors
    /// When their file cannot be read, or is no JWKS.
    pub fn further_keys(&self) -> anyhow::Result<Vec<PublicKey>> {
        #[derive(Deserialize)]
        struct Jwks {
            keys: Vec<PublicKey>,
        }
        let Some(path) = &self.further_keys_file else { return Ok(Vec::new()) };
        let context = || format!("cannot read further keys from {}", path.display());
        let text = std::fs::read_to_string(path).with_context(context)?;
        Ok(serde_json::from_str::<Jwks>(&text).with_context(context)?.keys)
    }

    pub(crate) fn exchange(&self) -> app::ExchangeSettings {
        app::ExchangeSettings {
            access_lifetime: Duration::from_millis(self.api_token_access_ms),
            recheck: Duration::from_millis(self.api_token_recheck_ms),
        }
    }
}

impl Config {
    pub(crate) fn app(&self) -> app::Settings {
        let accounts = &self.accounts;
        app::Settings {
            sign_up: accounts.sign_up,
            session_lifetime: Duration::from_secs(accounts.session_idle_hours * 3600),
            access_lifetime: Duration::from_millis(self.tokens.session_access_ms),
            sign_in_limit: Limit {
                burst: accounts.sign_in_burst,
                interval: Duration::from_millis(accounts.sign_in_interval_ms),
            },
            network_limit: Limit {
                burst: accounts.network_burst,
                interval: Duration::from_millis(accounts.network_interval_ms),
            },
            password_cost: accounts.password_cost(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid_but_for_the_key_that_nobody_else_may_have() {
        let config = Config::default();
        config.validate().expect("valid");
        assert!(config.tokens.signing_key().is_err());
    }

    #[test]
    fn settings_that_would_lock_everybody_out_are_refused() {
        let mut config = Config::default();
        config.accounts.sign_in_burst = 0;
        assert!(config.validate().is_err());
        let mut config = Config::default();
        config.http.header_timeout_ms = 0;
        assert!(config.validate().is_err());
        let mut config = Config::default();
        config.accounts.password_memory_kib = 1;
        assert!(config.validate().is_err());
    }
}
