//! What is due is sent, and what came of it recorded.
//!
//! Between the two anything can happen to this process; then the delivery is sent again, with the same id, once its
//! lease is over. So a receiver gets everything at least once, and can tell what it has had.

use std::time::Duration;

use mesh_store::StoreError;
use mesh_types::{UserId, crash_point};

use super::{App, Error};
use crate::{
    clients::webhooks::{Message, WebhooksConfig},
    domain::AttemptOutcome,
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
    #[tracing::instrument(level = "debug", skip_all, fields(delivery.id = %due.delivery.id))]
    pub async fn deliver(&self, due: Due) {
        let settled = match due.notification.as_ref().filter(|_| due.is_wanted()) {
            None => self.store.cancel_due(&due, self.clock.now()).await,
            Some(notification) => {
                let message = Message { id: due.delivery.id, notification };
                let answer = self.webhooks.post(&due.channel.url, &due.keys, message, self.clock.now()).await;
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

fn cause(error: &StoreError) -> String {
    std::error::Error::source(error).map(ToString::to_string).unwrap_or_default()
}

fn count(outcome: AttemptOutcome, duration: Duration) {
    let outcome = outcome.as_str();
    metrics::counter!("notify_webhook_attempts_total", "outcome" => outcome).increment(1);
    metrics::histogram!("notify_webhook_attempt_seconds", "outcome" => outcome).record(duration.as_secs_f64());
}
