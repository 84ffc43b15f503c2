//! What can be set of the edge: limits and times, each with its unit in its name.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::limits::LimitSettings;

/// Settings of the HTTP side of the gateway.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpSettings {
    /// How many connections may be open; for a further one a quiet one is closed, or else it is refused.
    pub max_connections: usize,
    /// How many calls a connection may have open at once (HTTP/2).
    pub max_streams_per_connection: u32,
    /// How long a new connection may take to say what it speaks, and a request's headers to arrive.
    pub header_timeout_ms: u64,
    /// How large a request's headers may be.
    pub max_header_bytes: u32,
    /// How large the body of a REST call may be.
    pub max_body_bytes: usize,
    /// How large one gRPC message may be, in either direction.
    pub max_message_bytes: usize,
    /// The deadline of a unary call that brings none.
    pub unary_timeout_ms: u64,
    /// The longest deadline a unary call may bring; longer ones are cut.
    pub max_unary_timeout_ms: u64,
    /// How often a quiet SSE stream says that it is alive.
    pub heartbeat_ms: u64,
    /// How long open calls may take to finish when the gateway stops.
    pub drain_ms: u64,
    /// How often each service is asked for its health.
    pub health_interval_ms: u64,
    /// Which web origins may call, as `https://host[:port]`; `*` is any, but then without cookies.
    pub allowed_origins: Vec<String>,
    /// Whether the cookies of sessions also work over plain HTTP in a network, where others may read them. (On the
    /// machine itself, at `http://127.0.0.1`, browsers take secure ones.)
    pub insecure_cookies: bool,
    /// For how long browsers are told to come by HTTPS only, in seconds; 0 does not tell them.
    pub hsts_max_age_s: u64,
    /// How many proxies stand before the gateway and append to `x-forwarded-for`; 0 believes no such header.
    pub trusted_proxies: usize,
    /// How much one user, one address and everybody together may ask for.
    pub limits: LimitSettings,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            max_streams_per_connection: 256,
            header_timeout_ms: 20_000,
            max_header_bytes: 32 * 1024,
            max_body_bytes: 1024 * 1024,
            max_message_bytes: 4 * 1024 * 1024,
            unary_timeout_ms: 10_000,
            max_unary_timeout_ms: 60_000,
            heartbeat_ms: 15_000,
            drain_ms: 10_000,
            health_interval_ms: 2_000,
            allowed_origins: vec!["*".to_owned()],
            insecure_cookies: false,
            hsts_max_age_s: 0,
            trusted_proxies: 0,
            limits: LimitSettings::default(),
        }
    }
}

/// What callers may send of whom nobody knows who they are: the fields of public requests are short.
const MAX_PUBLIC_BYTES: usize = 64 * 1024;

impl HttpSettings {
    /// How large the body of a REST call may be.
    pub(super) fn max_body_bytes_of(&self, signed_in: bool) -> usize {
        if signed_in { self.max_body_bytes } else { self.max_body_bytes.min(MAX_PUBLIC_BYTES) }
    }

    /// How large one gRPC message of a request may be.
    pub(super) fn max_message_bytes_of(&self, signed_in: bool) -> usize {
        if signed_in { self.max_message_bytes } else { self.max_message_bytes.min(MAX_PUBLIC_BYTES) }
    }

    pub(super) fn header_timeout(&self) -> Duration {
        Duration::from_millis(self.header_timeout_ms)
    }

    pub(super) fn heartbeat(&self) -> Duration {
        Duration::from_millis(self.heartbeat_ms.max(1))
    }

    pub(super) fn drain(&self) -> Duration {
        Duration::from_millis(self.drain_ms)
    }
}
