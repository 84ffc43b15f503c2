//! A batch from the bus: in one transaction if that works, else one by one.

use mesh_store::{StoreError, Transaction};
use mesh_trace::{Kind, Span};
use mesh_types::crash_point;
use uuid::Uuid;

use super::Consumer;
use crate::{
    Delivery, EffectError, Envelope, Foreign, Pause,
    dead_letters::{self, Letter},
    envelope::describe,
    inbox,
};

impl Consumer {
    /// Applies what is new in a batch. When this is `Ok`, all of it is either applied or a dead letter.
    pub(super) async fn take_over(&self, batch: Vec<Delivery>) -> Result<(), Pause> {
        let letters: Vec<Letter> = batch.into_iter().map(Letter::from).collect();
        match self.apply_all(&letters).await {
            Ok(()) => Ok(()),
            // What is down is down for the first of them, too; but a batch may also be too heavy as a whole.
            Err(_) => self.apply_one_by_one(&letters).await,
        }
    }

    async fn apply_one_by_one(&self, letters: &[Letter]) -> Result<(), Pause> {
        for letter in letters {
            match self.apply_all(std::slice::from_ref(letter)).await {
                Ok(()) => {}
                Err(EffectError::Dependency(reason)) => return Err(Pause(reason)),
                Err(EffectError::Event(reason)) => {
                    self.set_aside(letter, &reason).await.map_err(|error| Pause(error.to_string()))?;
                }
            }
        }
        Ok(())
    }

    /// All or nothing, in one transaction.
    async fn apply_all(&self, letters: &[Letter]) -> Result<(), EffectError> {
        let transaction = self.database.begin().await?;
        let now = self.clock.now();
        let mut new = inbox::take(&transaction, self.name(), letters.iter().map(Letter::id), now).await?;
        let fresh: Vec<&Letter> = letters.iter().filter(|letter| new.remove(&letter.id())).collect();
        let mut traced = Vec::new();
        self.apply(&transaction, &fresh, &mut traced).await?;
        crash_point("consumer.before_commit");
        transaction.commit().await?;
        crash_point("consumer.after_commit");
        drop(traced);
        if !fresh.is_empty() {
            self.effect.after_commit();
        }
        let (name, skipped) = (self.name().to_owned(), letters.len() - fresh.len());
        metrics::counter!("taskmesh_consumer_applied_events_total", "consumer" => name.clone())
            .increment(fresh.len() as u64);
        metrics::counter!("taskmesh_consumer_duplicate_events_total", "consumer" => name.clone())
            .increment(skipped as u64);
        let (lag, now) = (metrics::histogram!("taskmesh_consumer_lag_seconds", "consumer" => name), self.clock.now());
        let times = fresh.iter().filter_map(|letter| letter.time());
        times.for_each(|time| lag.record(now.since(time).as_secs_f64()));
        Ok(())
    }

    /// Hands events to the effect in the order of their arrival; what lies between is no event and is handed over alone.
    /// `traced` takes what this is in the events' traces; it is over when that is dropped.
    pub(super) async fn apply(
        &self,
        transaction: &Transaction,
        letters: &[&Letter],
        traced: &mut Vec<Span>,
    ) -> Result<(), EffectError> {
        let (mut events, begun) = (Vec::with_capacity(letters.len()), traced.len());
        let applying = async {
            for letter in letters {
                match letter {
                    Letter::Event(event) => events.push(self.traced(event.as_ref().clone(), traced)),
                    Letter::Foreign(foreign) => {
                        self.apply_events(transaction, &mut events).await?;
                        self.effect.foreign(transaction, foreign).await?;
                    }
                }
            }
            self.apply_events(transaction, &mut events).await
        };
        let applied: Result<(), EffectError> = applying.await;
        if let Err(error) = &applied {
            traced.iter_mut().skip(begun).for_each(|span| span.fail(error.to_string()));
        }
        applied
    }

    /// The event as the effect sees it: what comes of it goes under this consumer's part in the event's trace, if that is
    /// sampled.
    fn traced(&self, event: Envelope, traced: &mut Vec<Span>) -> Envelope {
        let name = || format!("process {}.{}", event.entity, event.verb);
        let Some(mut span) = Span::under(event.trace_parent.as_deref(), Kind::Consumer, name) else { return event };
        describe(&mut span, &event);
        span.set("messaging.consumer.group.name", self.name().to_owned());
        let trace_parent = Some(span.place().to_string());
        traced.push(span);
        Envelope { trace_parent, ..event }
    }

    async fn apply_events(&self, transaction: &Transaction, events: &mut Vec<Envelope>) -> Result<(), EffectError> {
        if !events.is_empty() {
            self.effect.apply(transaction, events).await?;
            events.clear();
        }
        Ok(())
    }

    /// Makes a dead letter of it. From here on it is the letter that is retried, and the bus may forget it.
    async fn set_aside(&self, letter: &Letter, reason: &str) -> Result<(), StoreError> {
        let transaction = self.database.begin().await?;
        let now = self.clock.now();
        let new = inbox::take(&transaction, self.name(), std::iter::once(letter.id()), now).await?;
        if new.is_empty() {
            return Ok(());
        }
        dead_letters::keep(&transaction, self.name(), letter, reason, now).await?;
        transaction.commit().await?;
        tracing::warn!(
            consumer.name = self.name(),
            event.id = %letter.id(),
            trace.id = letter.trace_id(),
            failure.reason = %reason,
            "an event cannot be applied and is set aside"
        );
        Ok(())
    }
}

impl From<Delivery> for Letter {
    fn from(delivery: Delivery) -> Self {
        match delivery {
            Delivery::Event(event) => Self::Event(Box::new(event)),
            Delivery::Foreign { position, subject, headers, reason, payload } => {
                let place = format!("{}/{}", position.identity, position.sequence);
                let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, place.as_bytes());
                Self::Foreign(Foreign { id, position, subject, headers, reason, payload })
            }
        }
    }
}
