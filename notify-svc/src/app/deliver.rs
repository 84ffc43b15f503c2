//! What is due is sent, and what came of it recorded.
//!
//! Between the two anything can happen to this process; then the delivery is sent again, with the same id, once its
//! lease is over. So a receiver gets everything at least once, and can tell what it has had.

use std::time::Duration;

use mesh_store::StoreError;
use mesh_trace::{Kind, Span, TraceParent};
use mesh_types::{UserId, crash_point};

use super::{App, Error};
use crate::{
    clients::webhooks::{Message, WebhooksConfig},
    domain::{Answer, AttemptOutcome, DeliveryState, Notification},
    store::{self, ClaimDue},
};

pub use crate::store::Due;

impl App {
    /// How much is sent at a time, and how often to look for more.
    pub fn webhooks_config(&self) -> &WebhooksConfig {
        self.webhooks.config()
    }

    /// Takes up to `limit` deliveries that are due, none of them for `busy_hosts` or `busy_people`, so that nobody else sends
    /// them meanwhile.
    ///
    /// # Errors
    /// What the database says.
    pub async fn claim_due(
        &self,
        limit: usize,
        busy_hosts: &[String],
        busy_people: &[UserId],
    ) -> Result<Vec<Due>, Error> {
        let (lease, now) = (self.webhooks.lease(), self.clock.now());
        let claim = ClaimDue { limit, busy_hosts, busy_people, lease, now };
        Ok(self.store.claim_due(&claim).await.map_err(store::Error::from)?)
    }

    /// Gives back deliveries that were taken together and not sent. If that fails, their lease ends by itself.
    pub async fn release_due(&self, unsent: &[Due]) {
        if let Err(error) = self.store.release_due(unsent).await {
            tracing::warn!(error = %error, deliveries.count = unsent.len(), "deliveries not given back");
        }
    }

    /// Sends a delivery, unless it is not wanted any more, and records how that went.
    #[tracing::instrument(level = "debug", skip_all, fields(delivery.id = %due.delivery.id, trace.id = trace_id(&due)))]
    pub async fn deliver(&self, due: Due) {
        let settled = match due.notification.as_ref().filter(|_| due.is_wanted()) {
            None => self.store.cancel_due(&due, self.clock.now()).await,
            Some(notification) => {
                let answer = self.post(&due, notification).await;
                crash_point("deliver.after_post");
                count(answer.outcome(), answer.duration);
                self.store.record_attempt(&due, &answer, self.webhooks.schedule(), self.clock.now()).await
            }
        };
        if let Err(error) = settled {
            let cause = cause(&error);
            tracing::warn!(error = %error, error.cause = cause, "attempt not recorded, it will be made again");
        }
    }
}

impl App {
    /// Sends it, within the trace of what led to it, if that is sampled.
    async fn post(&self, due: &Due, notification: &Notification) -> Answer {
        let Due { delivery, channel, keys, .. } = due;
        let mut span = Span::under(delivery.trace_parent.as_deref(), Kind::Client, || "POST webhook");
        let trace_parent = span.as_ref().map(Span::place);
        let message = Message { id: delivery.id, notification, trace_parent };
        let answer = self.webhooks.post(&channel.url, keys, message, self.clock.now()).await;
        if let Some(span) = &mut span {
            span.set("http.request.method", "POST");
            span.set("server.address", channel.url.host().to_owned());
            span.set("taskmesh.delivery.id", delivery.id.to_string());
            span.set("taskmesh.delivery.attempt", i64::from(delivery.attempt_count) + 1);
            if let Ok(response) = &answer.result {
                span.set("http.response.status_code", i64::from(response.status));
            }
            if answer.outcome() != AttemptOutcome::Delivered {
                span.fail(answer.outcome().as_str());
            }
        }
        answer
    }
}

fn cause(error: &StoreError) -> String {
    std::error::Error::source(error).map(ToString::to_string).unwrap_or_default()
}

/// The trace that it is sent in, as logs show it; empty if in none.
fn trace_id(due: &Due) -> String {
    let place = due.delivery.trace_parent.as_deref().and_then(TraceParent::parse);
    place.map(|place| place.trace_id()).unwrap_or_default()
}

/// Begins to count, so that the first of each shows as a change.
pub fn begin_counting() {
    for outcome in AttemptOutcome::ALL {
        metrics::counter!("notify_webhook_attempts_total", "outcome" => outcome.as_str()).increment(0);
    }
    for state in DeliveryState::ALL.into_iter().filter(|state| !state.is_waiting()) {
        metrics::counter!("notify_deliveries_ended_total", "state" => state.as_str()).increment(0);
    }
}

fn count(outcome: AttemptOutcome, duration: Duration) {
    let outcome = outcome.as_str();
    metrics::counter!("notify_webhook_attempts_total", "outcome" => outcome).increment(1);
    metrics::histogram!("notify_webhook_attempt_seconds", "outcome" => outcome).record(duration.as_secs_f64());
}
