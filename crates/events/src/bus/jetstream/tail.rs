//! Following the stream without acknowledgements: an ephemeral consumer, made anew after any trouble right after the last
//! event seen. It takes every subject and filters here, so that a gap in the numbers is a gap in what was kept.

use std::{sync::Arc, time::Duration};

use async_nats::jetstream::{
    Message,
    consumer::{AckPolicy, DeliverPolicy, pull},
    stream::Info,
};
use futures::{StreamExt, TryStreamExt, stream};
use tokio_util::sync::CancellationToken;

use super::{
    consume::delivery,
    pull::{BATCH, Puller},
    stream::{EventStream, head, identity, unavailable},
};
use crate::bus::{BusError, Delivery, Filter, Placed, Position, TailFrom, TailStream, backoff::Backoff};

/// The server forgets the consumer of a tail that has not pulled for this long.
const INACTIVE: Duration = Duration::from_secs(60);

struct Tail {
    stream: EventStream,
    filter: Filter,
    /// The last event seen, or skipped.
    after: Position,
    source: Option<Source>,
    backoff: Backoff,
}

/// What a tail reads from as long as nothing goes wrong.
struct Source {
    puller: Puller,
    generation: u64,
    /// Messages of the last request that have not come yet.
    due: usize,
    /// How many the consumer has delivered.
    delivered: u64,
}

pub(super) async fn open(stream: EventStream, filter: Filter, from: TailFrom) -> Result<TailStream, BusError> {
    let found = stream.ensure().await?;
    let info = found.cached_info();
    let newest = head(info);
    let first = info.state.first_sequence.max(1);
    let after = match from {
        TailFrom::Now => newest,
        TailFrom::Last(count) => {
            Position { sequence: newest.sequence.saturating_sub(count).max(first - 1), identity: newest.identity }
        }
        TailFrom::After(place) => place,
    };
    check(info, &after)?;
    let tail = Tail { stream, filter, after, source: None, backoff: Backoff::default() };
    let batches = stream::try_unfold(tail, next_batch);
    Ok(batches.map_ok(|batch| stream::iter(batch).map(Ok)).try_flatten().boxed())
}

/// Whether a tail can go on right after `place`.
fn check(info: &Info, place: &Position) -> Result<(), BusError> {
    let (first, last) = (info.state.first_sequence, info.state.last_sequence);
    if place.identity == identity(info) && place.sequence + 1 >= first && place.sequence <= last {
        Ok(())
    } else {
        Err(BusError::PositionGone)
    }
}

/// The next events; waits out every trouble but a gap.
async fn next_batch(mut tail: Tail) -> Result<Option<(Vec<Placed>, Tail)>, BusError> {
    loop {
        match tail.advance().await {
            Ok(batch) if batch.is_empty() => tail.backoff.reset(),
            Ok(batch) => {
                tail.backoff.reset();
                return Ok(Some((batch, tail)));
            }
            Err(BusError::PositionGone) => return Err(BusError::PositionGone),
            Err(error) => {
                tracing::debug!(error = %error, "tail starts anew");
                tail.source = None;
                tail.backoff.wait(&CancellationToken::new()).await;
            }
        }
    }
}

impl Tail {
    /// Waits for messages and returns the events among those that are here.
    async fn advance(&mut self) -> Result<Vec<Placed>, BusError> {
        let mut source = match self.source.take() {
            Some(source) => source,
            None => self.connect().await?,
        };
        let mut batch = Vec::new();
        match self.read(&mut source, &mut batch).await {
            Ok(()) => self.source = Some(source),
            Err(error) if batch.is_empty() => return Err(error),
            // What came before the trouble is good; connecting again finds out whether there is a gap.
            Err(_) => {}
        }
        Ok(batch)
    }

    /// Waits for a message, and puts the events among those that are here into `batch`.
    async fn read(&mut self, source: &mut Source, batch: &mut Vec<Placed>) -> Result<(), BusError> {
        if source.due == 0 {
            source.puller.wait_for(BATCH).await?;
            source.due = BATCH;
        }
        let mut pulled = tokio::select! {
            () = self.stream.connection.renewed(source.generation) => {
                return Err(BusError::Unavailable("the connection was lost".to_owned()));
            }
            pulled = source.puller.next() => pulled?,
        };
        loop {
            match pulled {
                None => source.due = 0,
                Some(message) => {
                    source.due = source.due.saturating_sub(1);
                    batch.extend(self.accept(source, &message).await?);
                }
            }
            match source.puller.ready() {
                Some(next) if batch.len() < BATCH => pulled = next?,
                _ => return Ok(()),
            }
        }
    }

    /// Makes a consumer that begins right after the last event seen.
    async fn connect(&self) -> Result<Source, BusError> {
        let generation = self.stream.connection.ready().await?.generation;
        let stream = self.stream.ensure().await?;
        check(stream.cached_info(), &self.after)?;
        let config = pull::Config {
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: self.after.sequence + 1 },
            ack_policy: AckPolicy::None,
            memory_storage: true,
            num_replicas: 1,
            inactive_threshold: INACTIVE,
            ..pull::Config::default()
        };
        let unavailable = |error: &dyn std::fmt::Display| unavailable("tail cannot be made", error);
        let consumer = stream.create_consumer(config).await.map_err(|error| unavailable(&error))?;
        let name = &consumer.cached_info().name;
        let puller = Puller::open(&self.stream.connection, &self.stream.config.stream, name).await?;
        Ok(Source { puller, generation, due: 0, delivered: 0 })
    }

    /// Moves on to `message` and returns it if it is an event that the filter lets through.
    async fn accept(&mut self, source: &mut Source, message: &Message) -> Result<Option<Placed>, BusError> {
        let info = message.info().map_err(|error| unavailable("message has no place", &error))?;
        source.delivered += 1;
        if info.consumer_sequence != source.delivered {
            return Err(BusError::Unavailable("a message was lost on the way".to_owned()));
        }
        if info.stream_sequence != self.after.sequence + 1 {
            // Numbers are left out only where something was removed: from the beginning, or by hand.
            check(self.stream.ensure().await?.cached_info(), &self.after)?;
        }
        self.after.sequence = info.stream_sequence;
        let placed = |event| Placed { position: self.after.clone(), event: Arc::new(event) };
        let wanted = |entity: &String| self.filter.entities.is_empty() || self.filter.entities.contains(entity);
        match delivery(message, &self.after.identity) {
            Delivery::Event(event) if wanted(&event.entity) => Ok(Some(placed(event))),
            Delivery::Event(_) | Delivery::Foreign { .. } => Ok(None),
        }
    }
}
