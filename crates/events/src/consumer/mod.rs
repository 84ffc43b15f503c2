//! The consumer: applies each event once.
//!
//! A batch is one transaction: the inbox tells which of its events are new, the effect applies those, the commit settles
//! both, and only then is the bus told. When a batch fails its events are applied one by one, so that one that cannot be
//! applied does not take others with it; that one becomes a dead letter, which is retried beside the stream.

mod batch;
mod retry;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use mesh_store::Database;
use mesh_types::Clock;
use tokio_util::sync::CancellationToken;

use crate::{BatchHandler, BusError, Delivery, Durable, Effect, EventBus, Pause};

/// How a consumer works.
#[derive(Clone, Copy, Debug)]
pub struct ConsumerSettings {
    /// How often to look for dead letters that are due.
    pub retry_poll: Duration,
    /// How often to measure how many events wait.
    pub measure_every: Duration,
}

impl Default for ConsumerSettings {
    fn default() -> Self {
        Self { retry_poll: Duration::from_secs(1), measure_every: Duration::from_secs(5) }
    }
}

/// A durable consumer: events in, effects in the service's own database. Cheap to clone.
#[derive(Clone)]
pub struct Consumer {
    database: Database,
    bus: Arc<dyn EventBus>,
    durable: Durable,
    effect: Arc<dyn Effect>,
    clock: Arc<dyn Clock>,
    settings: ConsumerSettings,
}

impl Consumer {
    /// A consumer that is known to the bus, to the inbox and to its dead letters by the durable's name.
    pub fn new(
        database: &Database,
        bus: Arc<dyn EventBus>,
        durable: Durable,
        effect: Arc<dyn Effect>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        // Known from the beginning, so that the first of them shows as a change.
        let name = durable.name.clone();
        metrics::counter!("taskmesh_consumer_applied_events_total", "consumer" => name.clone()).increment(0);
        metrics::counter!("taskmesh_consumer_duplicate_events_total", "consumer" => name.clone()).increment(0);
        metrics::counter!("taskmesh_consumer_pauses_total", "consumer" => name).increment(0);
        Self { database: database.background(), bus, durable, effect, clock, settings: ConsumerSettings::default() }
    }

    /// The same consumer with these settings.
    #[must_use]
    pub fn with_settings(self, settings: ConsumerSettings) -> Self {
        Self { settings, ..self }
    }

    /// Consumes, and retries dead letters, until `stop`.
    ///
    /// # Errors
    /// When the bus cannot serve this consumer at all.
    pub async fn run(&self, stop: CancellationToken) -> Result<(), BusError> {
        let stop = stop.child_token();
        let consume = async {
            let result = self.bus.consume(self.durable.clone(), Arc::new(self.clone()), stop.clone()).await;
            stop.cancel();
            result
        };
        tokio::join!(consume, self.retry_letters(&stop), self.measure(&stop)).0
    }

    /// Shows how far it is behind, until `stop`.
    async fn measure(&self, stop: &CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(self.settings.measure_every)).await.is_some() {
            match self.bus.backlog(&self.durable).await {
                Ok(events) => {
                    let pending =
                        metrics::gauge!("taskmesh_consumer_pending_events", "consumer" => self.name().to_owned());
                    pending.set(events as f64);
                }
                Err(error) => tracing::debug!(error = %error, consumer.name = self.name(), "backlog not known"),
            }
        }
    }

    fn name(&self) -> &str {
        &self.durable.name
    }
}

#[async_trait]
impl BatchHandler for Consumer {
    async fn handle(&self, batch: Vec<Delivery>) -> Result<(), Pause> {
        self.take_over(batch).await.inspect_err(|_| {
            metrics::counter!("taskmesh_consumer_pauses_total", "consumer" => self.name().to_owned()).increment(1);
        })
    }
}
