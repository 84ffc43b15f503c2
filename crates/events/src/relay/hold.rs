//! What the relay does while it holds the lease.

use std::time::{Duration, Instant};

use futures::StreamExt;
use mesh_store::{Database, StoreError};
use mesh_trace::{Kind, Span};
use mesh_types::{Timestamp, crash_point};
use tokio_util::sync::CancellationToken;

use super::{
    Relay,
    lease::Lease,
    pending::{Batch, Pending},
    stream::{KnownStream, Look},
};
use crate::{BusError, Envelope, Published, bus::backoff::Backoff, envelope::describe};

/// For this long after an event the relay polls more often.
const RECENT: Duration = Duration::from_secs(10);

pub(super) struct Holder<'a> {
    relay: &'a Relay,
    lease: &'a Lease,
    database: Database,
}

/// What the publishing loop remembers from turn to turn.
struct Progress<'a> {
    pending: Pending<'a>,
    backoff: Backoff,
    stream: KnownStream,
    published: Option<Instant>,
}

/// How a turn of the loop went.
enum Turn {
    /// The bus took a batch, and that was all there was.
    Published,
    /// The bus took a batch, and there is more.
    PublishedFull,
    /// There was nothing to publish.
    Idle,
    /// The bus took less than it was given.
    Partly,
    /// Somebody else has the lease.
    Lost,
}

#[derive(Debug, thiserror::Error)]
pub(super) enum TurnError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Bus(#[from] BusError),
}

impl<'a> Holder<'a> {
    pub(super) fn new(relay: &'a Relay, lease: &'a Lease) -> Self {
        Self { relay, lease, database: relay.log.database().background() }
    }

    /// Publishes until the lease is lost, or until `stop` and then what is pending, for a while.
    pub(super) async fn run(&self, stop: &CancellationToken) {
        let drained = async {
            stop.cancelled().await;
            tokio::time::sleep(self.relay.settings.drain).await;
        };
        tokio::select! {
            () = self.lease.keep(self.relay.settings.renew_every) => {}
            () = drained => {}
            () = self.listen() => {}
            () = self.measure() => {}
            () = self.publish(stop) => {}
        }
        self.show(0, Duration::ZERO);
    }

    /// What other replicas append wakes this one.
    async fn listen(&self) {
        let topic = self.relay.topic();
        loop {
            match self.relay.bus.signals(&topic).await {
                Ok(mut signals) => {
                    while signals.next().await.is_some() {
                        self.relay.log.committed();
                    }
                }
                Err(error) => tracing::debug!(error = %error, "relay cannot listen for signals"),
            }
            tokio::time::sleep(self.relay.settings.check_every).await;
        }
    }

    async fn measure(&self) {
        loop {
            match Pending::backlog(&self.database).await {
                Ok(backlog) => {
                    let age = backlog.oldest.map(|oldest| self.relay.clock.now().since(oldest));
                    self.show(backlog.events, age.unwrap_or_default());
                }
                Err(error) => tracing::debug!(error = %error, "relay cannot measure its backlog"),
            }
            tokio::time::sleep(self.relay.settings.check_every).await;
        }
    }

    fn show(&self, pending: i64, age: Duration) {
        let source = self.relay.log.source();
        metrics::gauge!("taskmesh_relay_pending_events", "source" => source).set(pending as f64);
        metrics::gauge!("taskmesh_relay_pending_age_seconds", "source" => source).set(age.as_secs_f64());
    }

    async fn publish(&self, stop: &CancellationToken) {
        let mut progress = Progress {
            pending: Pending::new(&self.database, self.relay.log.source(), self.lease),
            backoff: Backoff::default(),
            stream: KnownStream::default(),
            published: None,
        };
        loop {
            match self.turn(&mut progress, stop).await {
                Ok(turn @ (Turn::Published | Turn::PublishedFull)) => {
                    progress.backoff.reset();
                    progress.published = Some(Instant::now());
                    if matches!(turn, Turn::Published) {
                        let _ = tokio::time::timeout(self.relay.settings.gather, stop.cancelled()).await;
                    }
                }
                Ok(Turn::Lost) => return,
                Ok(Turn::Idle) if stop.is_cancelled() => return,
                Ok(Turn::Idle) => self.wait_for_news(progress.published, stop).await,
                Ok(Turn::Partly) => {
                    progress.stream.doubt();
                    progress.backoff.wait(stop).await;
                }
                Err(error) => {
                    tracing::warn!(error = %error, relay.source = self.relay.log.source(), "relay cannot publish");
                    if stop.is_cancelled() {
                        return;
                    }
                    progress.stream.doubt();
                    progress.backoff.wait(stop).await;
                }
            }
        }
    }

    async fn turn(&self, progress: &mut Progress<'_>, stop: &CancellationToken) -> Result<Turn, TurnError> {
        let settings = &self.relay.settings;
        let bus = &*self.relay.bus;
        if !progress.stream.is_fresh(bus, settings.check_every) {
            match progress.stream.look(bus, &self.database, self.lease).await? {
                Look::LeaseLost => return Ok(Turn::Lost),
                Look::Requeued => progress.pending.begin_again(),
                Look::Same => {}
            }
        }
        let mut batch = progress.pending.next(settings.batch).await?;
        if batch.events.is_empty() {
            let after = if stop.is_cancelled() { Duration::ZERO } else { settings.poll_every };
            let held = progress.pending.write_down(after).await?;
            return Ok(if held { Turn::Idle } else { Turn::Lost });
        }
        if !self.lease.is_certain() {
            return Ok(Turn::Lost);
        }
        let traced = traced(&mut batch.events);
        crash_point("relay.before_publish");
        let Published { events: taken, last } = self.hand_over(&batch).await?;
        crash_point("relay.after_publish");
        drop(traced);
        if let (Some(place), Some(event)) = (last, batch.events[..taken].last()) {
            progress.stream.note(bus, place, event.id);
        }
        if !progress.pending.published(&batch.numbers[..taken], progress.stream.last()).await? {
            return Ok(Turn::Lost);
        }
        Ok(match taken {
            taken if taken < batch.events.len() => Turn::Partly,
            taken if taken < settings.batch as usize => Turn::Published,
            _ => Turn::PublishedFull,
        })
    }

    /// Returns how many of the batch's events are done with, and where the last is.
    async fn hand_over(&self, batch: &Batch) -> Result<Published, BusError> {
        let source = self.relay.log.source();
        match self.relay.bus.publish_placed(&batch.events).await {
            Ok(published) => {
                let taken = published.events;
                metrics::counter!("taskmesh_relay_published_events_total", "source" => source).increment(taken as u64);
                let (lag, now) = (metrics::histogram!("taskmesh_relay_lag_seconds", "source" => source), self.now());
                batch.events[..taken].iter().for_each(|event| lag.record(now.since(event.time).as_secs_f64()));
                Ok(published)
            }
            // No bus will ever carry it, and it must not hold up the rest. The log still has it.
            Err(BusError::Refused(reason)) => {
                let event = batch.events.first().map(|event| event.id).unwrap_or_default();
                tracing::error!(event.id = %event, refused.reason = %reason, "an event cannot be published");
                metrics::counter!("taskmesh_relay_refused_events_total", "source" => source).increment(1);
                Ok(Published { events: 1, last: None })
            }
            Err(error) => Err(error),
        }
    }

    fn now(&self) -> Timestamp {
        self.relay.clock.now()
    }

    /// Until something was appended, or for as long as it is safe not to look.
    async fn wait_for_news(&self, published: Option<Instant>, stop: &CancellationToken) {
        let recently = published.is_some_and(|published| published.elapsed() < RECENT);
        let poll_every = self.relay.settings.poll_every;
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.relay.log.appended() => {}
            () = tokio::time::sleep(if recently { poll_every } else { poll_every * 4 }) => {}
        }
    }
}

/// Puts the publication of each event into the event's trace, if that is sampled: from now until the span is dropped.
/// Whoever takes the event goes on under it.
fn traced(events: &mut [Envelope]) -> Vec<Span> {
    let publication = |event: &mut Envelope| {
        let name = || format!("publish {}.{}", event.entity, event.verb);
        let mut span = Span::under(event.trace_parent.as_deref(), Kind::Producer, name)?;
        describe(&mut span, event);
        event.trace_parent = Some(span.place().to_string());
        Some(span)
    };
    events.iter_mut().filter_map(publication).collect()
}
