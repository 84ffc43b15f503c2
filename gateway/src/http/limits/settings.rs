//! What can be set of the limits: how much one user, one address and everybody together may ask for.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::Limit;

/// Limits of the edge. 0 turns a limit off, but for times, which are at least a millisecond.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitSettings {
    /// How many calls one user may make a second, for long.
    pub calls_per_second_per_user: u32,
    /// How many calls one user may make at once.
    pub call_burst_per_user: u32,
    /// How many calls may come from one address (for IPv6, one /64) a second, for long.
    pub calls_per_second_per_address: u32,
    /// How many calls may come from one address at once.
    pub call_burst_per_address: u32,
    /// As how many calls of its address a call with a token that nobody has counts in addition.
    pub wrong_token_calls: u32,
    /// How many unary calls may be under way; further ones are refused at once.
    pub max_calls: usize,
    /// How many of them may be under way at one service.
    pub max_calls_per_service: usize,
    /// How many of them one user may have under way.
    pub max_calls_per_user: usize,
    /// How many calls that need no token (signing up and in) may be under way for one address.
    pub max_public_calls_per_address: usize,
    /// How many streams may be open.
    pub max_streams: usize,
    /// How many streams one user may have open.
    pub max_streams_per_user: usize,
    /// How many streams may be open from one address.
    pub max_streams_per_address: usize,
    /// How many connections one address may have open; not applied when proxies stand before the gateway.
    pub max_connections_per_address: usize,
    /// A connection without a call is closed after this time.
    pub idle_timeout_ms: u64,
    /// A client that takes nothing of what waits for it is cut off after this time: its stream, or its connection.
    pub write_timeout_ms: u64,
    /// How long one message of a client stream may take to arrive.
    pub message_timeout_ms: u64,
    /// How long a request's path and query may be.
    pub max_uri_bytes: usize,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            calls_per_second_per_user: 500,
            call_burst_per_user: 10_000,
            calls_per_second_per_address: 1_000,
            call_burst_per_address: 20_000,
            wrong_token_calls: 20,
            max_calls: 2_048,
            max_calls_per_service: 1_024,
            max_calls_per_user: 128,
            max_public_calls_per_address: 64,
            max_streams: 10_000,
            max_streams_per_user: 100,
            max_streams_per_address: 1_000,
            max_connections_per_address: 1_000,
            idle_timeout_ms: 180_000,
            write_timeout_ms: 30_000,
            message_timeout_ms: 60_000,
            max_uri_bytes: 16 * 1024,
        }
    }
}

impl LimitSettings {
    /// The rate of one user.
    pub(super) fn user_rate(&self) -> Option<Limit> {
        rate(self.calls_per_second_per_user, self.call_burst_per_user)
    }

    /// The rate of one address.
    pub(super) fn address_rate(&self) -> Option<Limit> {
        rate(self.calls_per_second_per_address, self.call_burst_per_address)
    }

    pub(crate) fn idle_timeout(&self) -> Duration {
        Duration::from_millis(self.idle_timeout_ms.max(1))
    }

    pub(crate) fn write_timeout(&self) -> Duration {
        Duration::from_millis(self.write_timeout_ms.max(1))
    }

    pub(crate) fn message_timeout(&self) -> Duration {
        Duration::from_millis(self.message_timeout_ms.max(1))
    }
}

fn rate(per_second: u32, burst: u32) -> Option<Limit> {
    let interval = Duration::from_secs(1).checked_div(per_second)?.max(Duration::from_micros(1));
    Some(Limit { burst: burst.max(1), interval })
}
