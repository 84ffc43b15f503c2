//! Channels to other services.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tonic::transport::{Channel, Endpoint};

use crate::MemoryConnector;

/// How to reach a service and how long to wait for it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UpstreamConfig {
    /// Where it is, such as `http://task-svc:8080`.
    pub uri: String,
    /// How long a call may take until its answer begins, unless the call says less. 0 is without end.
    pub timeout_ms: u64,
    /// How long making a connection may take.
    pub connect_timeout_ms: u64,
    /// How often a quiet connection is tried; one that does not answer for as long again is given up.
    pub keepalive_ms: u64,
    /// How much of one stream may arrive unread, in bytes.
    pub stream_window_bytes: u32,
    /// How much of all streams together may arrive unread, in bytes. Small, a few readers that do not read would hold
    /// up everybody else.
    pub connection_window_bytes: u32,
}

impl Default for UpstreamConfig {
    fn default() -> Self {
        Self {
            uri: String::new(),
            timeout_ms: 10_000,
            connect_timeout_ms: 3_000,
            keepalive_ms: 10_000,
            stream_window_bytes: 64 * 1024,
            connection_window_bytes: 256 * 1024 * 1024,
        }
    }
}

/// A service to call.
#[derive(Clone, Debug)]
pub enum Upstream {
    /// Over the network.
    Remote(UpstreamConfig),
    /// In this process.
    Memory(MemoryConnector),
}

/// The settings of an upstream are no good.
#[derive(Debug, thiserror::Error)]
#[error("upstream uri is not of the form http://host:port: {0:?}")]
pub struct UpstreamError(String);

impl Upstream {
    /// A channel that connects when it is first used, and again whenever it must.
    ///
    /// # Errors
    /// When the URI is none.
    pub fn channel(&self) -> Result<Channel, UpstreamError> {
        match self {
            Self::Remote(config) => Ok(endpoint(config)?.connect_lazy()),
            Self::Memory(connector) => {
                // Nothing can get lost on the way, and the server has a limit of its own.
                let config = UpstreamConfig { timeout_ms: 0, ..UpstreamConfig::default() };
                let endpoint = windows(Endpoint::from_static("http://memory"), &config);
                Ok(endpoint.connect_with_connector_lazy(connector.clone()))
            }
        }
    }
}

fn endpoint(config: &UpstreamConfig) -> Result<Endpoint, UpstreamError> {
    let bad = || UpstreamError(config.uri.clone());
    let uri: http::Uri = config.uri.parse().map_err(|_| bad())?;
    if uri.scheme_str() != Some("http") || uri.authority().is_none() {
        return Err(bad());
    }
    let keepalive = Duration::from_millis(config.keepalive_ms.max(1));
    let endpoint = Endpoint::from(uri)
        .connect_timeout(Duration::from_millis(config.connect_timeout_ms))
        .tcp_nodelay(true)
        .http2_keep_alive_interval(keepalive)
        .keep_alive_timeout(keepalive)
        .keep_alive_while_idle(true);
    Ok(windows(endpoint, config))
}

fn windows(endpoint: Endpoint, config: &UpstreamConfig) -> Endpoint {
    let endpoint = endpoint
        .initial_stream_window_size(config.stream_window_bytes)
        .initial_connection_window_size(config.connection_window_bytes)
        .http2_max_header_list_size(64 * 1024);
    match config.timeout_ms {
        0 => endpoint,
        timeout => endpoint.timeout(Duration::from_millis(timeout)),
    }
}
