//! Settings of a server.

use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::ConnectionConfig;

/// How large a message may be, either way. Requests are held to it by tonic's own default.
pub const MAX_MESSAGE_BYTES: usize = 4 * 1024 * 1024;

/// Settings of a server.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// How long a unary call may take when its caller does not say. Streams have no such limit.
    pub default_timeout_ms: u64,
    /// Whether callers may ask for the contract by reflection.
    pub reflection: bool,
    /// Limits of connections.
    pub connections: ConnectionConfig,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            default_timeout_ms: 30_000,
            reflection: true,
            connections: ConnectionConfig::default(),
        }
    }
}
