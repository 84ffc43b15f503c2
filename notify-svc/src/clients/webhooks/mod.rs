//! Webhooks: signed requests to receivers that people chose (Standard Webhooks 1.0.0).
//!
//! Every attempt resolves the receiver's name anew, checks every address that comes of it, and connects to exactly one of
//! those: there is no second resolution that could answer otherwise, no redirect is followed, and no proxy asked.

mod config;
mod connect;
mod exchange;
mod message;
mod tls;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use mesh_trace::TraceParent;
use mesh_types::Timestamp;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::domain::{AddressGuard, Answer, Failure, Notification, Response, RetrySchedule, WebhookKeys, WebhookUrl};

pub use config::WebhooksConfig;

/// Sends webhooks. Cheap to clone.
#[derive(Clone)]
pub struct Webhooks(Arc<Inner>);

struct Inner {
    config: WebhooksConfig,
    guard: AddressGuard,
    schedule: RetrySchedule,
    tls: TlsConnector,
}

/// A message to a receiver.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// The same in every attempt, so that the receiver knows it again.
    pub id: uuid::Uuid,
    /// What it tells.
    pub notification: &'a Notification,
    /// The `traceparent` that the receiver may go on under.
    pub trace_parent: Option<TraceParent>,
}

impl Webhooks {
    /// A sender with these settings.
    ///
    /// # Errors
    /// When `authorities_file` cannot be read, or TLS cannot be set up.
    pub fn new(config: &WebhooksConfig) -> anyhow::Result<Self> {
        let (guard, schedule) = (config.guard(), config.schedule());
        let inner = Inner { guard, schedule, tls: tls::connector(&config.authorities_file)?, config: config.clone() };
        Ok(Self(Arc::new(inner)))
    }

    /// The settings.
    pub fn config(&self) -> &WebhooksConfig {
        &self.0.config
    }

    /// Which addresses requests may go to.
    pub fn guard(&self) -> &AddressGuard {
        &self.0.guard
    }

    /// When a failed delivery is tried again.
    pub fn schedule(&self) -> &RetrySchedule {
        &self.0.schedule
    }

    /// How long nobody else sends what somebody is sending: well over the time that an attempt may take.
    pub fn lease(&self) -> Duration {
        self.0.config.timeout() * 2 + Duration::from_secs(30)
    }

    /// POSTs a message, signed with every one of `keys`, at `now`.
    pub async fn post(&self, url: &WebhookUrl, keys: &WebhookKeys, message: Message<'_>, now: Timestamp) -> Answer {
        let begin = Instant::now();
        let attempt = self.attempt(url, keys, message, now);
        let result = timeout(self.0.config.timeout(), attempt).await.unwrap_or(Err(Failure::TimedOut));
        Answer { start_time: now, duration: begin.elapsed(), result }
    }

    async fn attempt(
        &self,
        url: &WebhookUrl,
        keys: &WebhookKeys,
        message: Message<'_>,
        now: Timestamp,
    ) -> Result<Response, Failure> {
        let stream = connect::connect(url, &self.0.guard).await?;
        let request = message::request(url, keys, message, now)?;
        if url.is_https() {
            let stream = tls::over(&self.0.tls, stream, url).await?;
            exchange::exchange(stream, request, now).await
        } else {
            exchange::exchange(stream, request, now).await
        }
    }
}
