//! Settings of the JetStream bus.

use std::{path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{bus::BusError, wire};

/// How to reach NATS, and the stream that events are kept in.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NatsConfig {
    /// Addresses of servers of one cluster, such as `nats://nats-0:4222,nats://nats-1:4222`.
    pub url: String,
    /// A file with the credentials (JWT and seed) to present.
    pub credentials_file: Option<PathBuf>,
    /// The stream's name. All services of a mesh say the same.
    pub stream: String,
    /// What all subjects begin with. All services of a mesh say the same.
    pub subject_prefix: String,
    /// How many servers keep each event: 3 in production, 1 on a single server.
    pub replicas: usize,
    /// The stream is kept below this size: events that every durable has acknowledged are removed early, and when that
    /// does not help no more are taken.
    pub max_bytes: i64,
    /// Events older than this are removed.
    pub retention_hours: u64,
    /// A delivery that is not acknowledged within this time, nor said to be still in progress, is made again.
    pub ack_wait_ms: u64,
    /// The server's answers are waited for this long.
    pub request_timeout_ms: u64,
}

impl Default for NatsConfig {
    fn default() -> Self {
        Self {
            url: "nats://127.0.0.1:4222".to_owned(),
            credentials_file: None,
            stream: "TM_EVENTS".to_owned(),
            subject_prefix: wire::SUBJECT_PREFIX.to_owned(),
            replicas: 1,
            max_bytes: 4 << 30,
            retention_hours: 7 * 24,
            ack_wait_ms: 10_000,
            request_timeout_ms: 5_000,
        }
    }
}

impl NatsConfig {
    /// Checks what can be checked without a server.
    ///
    /// # Errors
    /// [`BusError::Refused`] for a setting that cannot be meant.
    pub fn validate(&self) -> Result<(), BusError> {
        let token = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        let refused = |why: &str| Err(BusError::Refused(why.to_owned()));
        if self.stream.is_empty() || !token(&self.stream) {
            return refused("stream is not letters, digits, - and _");
        }
        if !self.subject_prefix.split('.').all(|part| !part.is_empty() && token(part)) {
            return refused("subject_prefix is not letters, digits, - and _ between dots");
        }
        if !(1..=5).contains(&self.replicas) {
            return refused("replicas is not 1 to 5");
        }
        if self.max_bytes <= 0 || self.retention_hours == 0 || self.request_timeout_ms == 0 || self.ack_wait_ms < 100 {
            return refused(
                "max_bytes, retention_hours, request_timeout_ms and ack_wait_ms (from 100) are not positive",
            );
        }
        Ok(())
    }

    pub(super) fn retention(&self) -> Duration {
        Duration::from_secs(self.retention_hours.saturating_mul(3600))
    }

    pub(super) fn ack_wait(&self) -> Duration {
        Duration::from_millis(self.ack_wait_ms)
    }

    pub(super) fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }

    /// Where a signal travels: outside of what the stream keeps.
    pub(super) fn signal_subject(&self, topic: &str) -> String {
        let word = |letter: char| if letter.is_ascii_alphanumeric() || letter == '-' { letter } else { '_' };
        format!("signal.{}.{}", self.subject_prefix, topic.chars().map(word).collect::<String>())
    }
}
