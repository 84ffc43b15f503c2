//! The relay: takes events from the log to the bus.
//!
//! Every replica of a service runs one; the one that holds the lease works. It publishes what is pending in order, and
//! what the bus has taken is pending no more. A crash between the two publishes twice, which consumers absorb. The others
//! pass the word on when they have appended something.

mod hold;
mod lease;
mod pending;
mod stream;

use std::{sync::Arc, time::Duration};

use mesh_types::{Clock, new_id};
use tokio_util::sync::CancellationToken;

use self::{hold::Holder, lease::Lease};
use crate::{EventBus, EventLog, bus::backoff::jittered};

/// How the relay works.
#[derive(Clone, Copy, Debug)]
pub struct RelaySettings {
    /// Events that are published at once.
    pub batch: u32,
    /// After a batch, how long events may gather before the next: under load batches are fewer and larger then.
    pub gather: Duration,
    /// How long a holder that says nothing keeps the lease.
    pub lease: Duration,
    /// How often it says something.
    pub renew_every: Duration,
    /// How long to wait for news while there was some in the last ten seconds; four times as long otherwise.
    pub poll_every: Duration,
    /// How often to look whether the bus is still the same, and to measure what is pending.
    pub check_every: Duration,
    /// How long to go on publishing when the process stops.
    pub drain: Duration,
}

impl Default for RelaySettings {
    fn default() -> Self {
        Self {
            batch: 500,
            gather: Duration::from_millis(3),
            lease: Duration::from_secs(5),
            renew_every: Duration::from_millis(1_500),
            poll_every: Duration::from_millis(250),
            check_every: Duration::from_secs(5),
            drain: Duration::from_secs(2),
        }
    }
}

/// Other replicas' wake-ups are passed on at most this often.
const SIGNAL_PAUSE: Duration = Duration::from_millis(2);

/// A service's relay.
pub struct Relay {
    log: Arc<EventLog>,
    bus: Arc<dyn EventBus>,
    clock: Arc<dyn Clock>,
    settings: RelaySettings,
}

impl Relay {
    /// A relay from `log` to `bus`.
    pub fn new(log: Arc<EventLog>, bus: Arc<dyn EventBus>, clock: Arc<dyn Clock>, settings: RelaySettings) -> Self {
        let source = log.source();
        // Known from the beginning, so that the first of them shows as a change.
        metrics::counter!("taskmesh_relay_published_events_total", "source" => source).increment(0);
        metrics::counter!("taskmesh_relay_refused_events_total", "source" => source).increment(0);
        Self { log, bus, clock, settings }
    }

    /// Works, or waits for the lease, until `stop`.
    pub async fn run(&self, stop: CancellationToken) {
        let owner = new_id(self.clock.now());
        let mut first = true;
        while !stop.is_cancelled() {
            let database = self.log.database().background();
            let taken = Lease::take(&database, self.log.source(), owner, self.settings.lease, first).await;
            first &= taken.is_err();
            match taken {
                Ok(Some(lease)) => self.hold(lease, &stop).await,
                Ok(None) => self.stand_by(&stop).await,
                Err(error) => {
                    tracing::warn!(error = %error, "relay cannot ask for its lease");
                    self.stand_by(&stop).await;
                }
            }
        }
    }

    async fn hold(&self, lease: Lease, stop: &CancellationToken) {
        tracing::info!(relay.source = self.log.source(), lease.epoch = lease.epoch(), "relay took over");
        Holder::new(self, &lease).run(stop).await;
        if stop.is_cancelled() {
            lease.release().await;
        } else {
            tracing::warn!(relay.source = self.log.source(), lease.epoch = lease.epoch(), "relay lost its lease");
        }
    }

    /// Waits about a second, and tells the holder meanwhile that there is something to publish.
    async fn stand_by(&self, stop: &CancellationToken) {
        let topic = self.topic();
        let pass_on = async {
            loop {
                self.log.appended().await;
                self.bus.signal(&topic).await;
                tokio::time::sleep(SIGNAL_PAUSE).await;
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(jittered(self.settings.renew_every)) => {}
            () = pass_on => {}
        }
    }

    fn topic(&self) -> String {
        format!("relay.{}", self.log.source())
    }
}
