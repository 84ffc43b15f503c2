//! Ends of sessions and API tokens, told among the gateway's replicas. A signal may be lost: then a credential still ends
//! when what is known of it is too old, seconds later, and the streams that were opened with it a few seconds after that.

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use mesh_events::{EventBus, SignalStream};
use tokio::{sync::watch, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::app::Exchange;

/// The topic on which replicas tell of revocations.
const TOPIC: &str = "gateway.api-token-revoked";

/// How long to wait before listening again when the bus cannot be reached.
const PAUSE: Duration = Duration::from_secs(2);

/// How often open streams are looked at when nothing is told.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Tells other replicas of revocations here, and hears of theirs.
pub struct Revocations {
    bus: Arc<dyn EventBus>,
    exchange: Exchange,
    here: watch::Receiver<u64>,
}

impl Revocations {
    /// Tells of what `here` counts; what is heard makes `exchange` look at its credentials again.
    pub fn new(bus: Arc<dyn EventBus>, exchange: Exchange, here: watch::Receiver<u64>) -> Self {
        Self { bus, exchange, here }
    }

    /// Works until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let signals = match self.bus.signals(TOPIC).await {
                Ok(signals) => signals,
                Err(error) => {
                    tracing::debug!(error = %error, "revocations cannot be heard for now");
                    futures::stream::empty().boxed()
                }
            };
            self.listen(signals, &stop).await;
            let _ = tokio::time::timeout(PAUSE, stop.cancelled()).await;
        }
    }

    /// Tells and listens until the bus ends the signals, or `stop`.
    async fn listen(&mut self, mut signals: SignalStream, stop: &CancellationToken) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                heard = signals.next() => match heard {
                    Some(()) => self.exchange.recheck_all(),
                    None => return,
                },
                told = self.here.changed() => match told {
                    Ok(()) => self.bus.signal(TOPIC).await,
                    Err(_) => return stop.cancelled().await,
                },
                _ = look.tick() => {}
            }
            if let Err(error) = self.exchange.recheck_streams().await {
                tracing::warn!(error = %error, "open streams were not looked at");
            }
        }
    }
}
