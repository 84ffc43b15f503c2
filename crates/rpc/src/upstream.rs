//! Where another service is, and how to call it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Channel, MemoryConnector};

/// How to reach a service and how long to wait for it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UpstreamConfig {
    /// Where it is, such as `http://task-svc:8080`: every address of that name is called. A list, separated by commas,
    /// names several places.
    pub uri: String,
    /// How often the name is looked up again. That is done at once, too, when a connection fails.
    pub resolve_interval_ms: u64,
    /// How long a call may take until its answer begins, unless the call says less. 0 is without end.
    pub timeout_ms: u64,
    /// How long making a connection may take.
    pub connect_timeout_ms: u64,
    /// How often a quiet connection is tried; one that does not answer for as long again is given up.
    pub keepalive_ms: u64,
    /// How often a call may be sent again, where that is safe.
    pub retries: usize,
    /// After so many failures in a row an address gets no calls for a while, if others do.
    pub eject_after: u32,
    /// For how long, the first time; each further time in a row it is twice as long, up to a minute.
    pub eject_ms: u64,
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
            resolve_interval_ms: 5_000,
            timeout_ms: 10_000,
            connect_timeout_ms: 3_000,
            keepalive_ms: 10_000,
            retries: 2,
            eject_after: 5,
            eject_ms: 3_000,
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
pub struct UpstreamError(pub(crate) String);

impl Upstream {
    /// A channel to it, which goes by `name` in metrics and logs.
    ///
    /// # Errors
    /// When a URI is none.
    pub fn channel(&self, name: &'static str) -> Result<Channel, UpstreamError> {
        match self {
            Self::Remote(config) => Channel::remote(name, config),
            Self::Memory(connector) => Ok(Channel::memory(name, connector.clone())),
        }
    }
}

impl UpstreamConfig {
    /// How long a call may take until its answer begins.
    pub(crate) fn timeout(&self) -> Option<Duration> {
        (self.timeout_ms > 0).then(|| Duration::from_millis(self.timeout_ms))
    }
}
