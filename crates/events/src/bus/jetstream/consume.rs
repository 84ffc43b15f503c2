//! Delivering to durables: a batch is pulled, handled, acknowledged; on any trouble all is set up anew.

use std::time::Duration;

use async_nats::{
    HeaderMap, HeaderValue,
    jetstream::{
        AckKind, Message,
        consumer::{AckPolicy, DeliverPolicy, pull},
        context::ConsumerInfoErrorKind,
    },
};
use tokio_util::sync::CancellationToken;

use super::{
    pull::{BATCH, Puller},
    stream::{EventStream, unavailable},
};
use crate::{
    bus::{BatchHandler, BusError, Delivery, Durable, Pause, Position, backoff::Backoff},
    wire,
};

/// Deliveries of one durable that may be out at once, over all processes that share it.
const MAX_ACK_PENDING: i64 = 4096;

/// One run of one durable.
struct Run<'a> {
    stream: &'a EventStream,
    durable: &'a Durable,
    handler: &'a dyn BatchHandler,
    stop: &'a CancellationToken,
    backoff: Backoff,
}

pub(super) async fn run(stream: &EventStream, durable: &Durable, handler: &dyn BatchHandler, stop: &CancellationToken) {
    let mut run = Run { stream, durable, handler, stop, backoff: Backoff::default() };
    while !stop.is_cancelled() {
        if let Err(error) = run.session().await {
            tracing::warn!(consumer.durable = durable.name, error = %error, "consumer starts anew");
            run.backoff.wait(stop).await;
        }
    }
    // Acknowledgements are on their way; the process may end right after this.
    let _ = tokio::time::timeout(Duration::from_secs(1), stream.connection.client.flush()).await;
}

/// How many events the server holds for `durable`, or waits for an acknowledgement of.
pub(super) async fn backlog(stream: &EventStream, durable: &Durable) -> Result<u64, BusError> {
    match stream.ensure().await?.consumer_info(&durable.name).await {
        Ok(info) => Ok(info.num_pending + info.num_ack_pending as u64),
        Err(error) if error.kind() == ConsumerInfoErrorKind::NotFound => Ok(0),
        Err(error) => Err(unavailable("consumer cannot be asked for", &error)),
    }
}

impl Run<'_> {
    /// Makes sure that stream and consumer are there, and delivers until stopped or something goes wrong.
    async fn session(&mut self) -> Result<(), BusError> {
        let generation = self.stream.connection.ready().await?.generation;
        let stream = self.stream.ensure().await?;
        let config = consumer_config(self.stream, self.durable);
        let created = stream.create_consumer(config).await;
        created.map_err(|error| unavailable("consumer cannot be made", &error))?;
        let identity = super::stream::identity(stream.cached_info());
        let mut puller = Puller::open(&self.stream.connection, &self.stream.config.stream, &self.durable.name).await?;
        let outcome = self.deliver_all(&mut puller, generation, &identity).await;
        answer(&puller.close().await, AckKind::Nak(None)).await;
        outcome
    }

    async fn deliver_all(&mut self, puller: &mut Puller, generation: u64, identity: &str) -> Result<(), BusError> {
        while !self.stop.is_cancelled() {
            let mut batch = Vec::new();
            let gathered = tokio::select! {
                biased;
                () = self.stop.cancelled() => Ok(()),
                () = self.stream.connection.renewed(generation) => {
                    Err(BusError::Unavailable("the connection was lost".to_owned()))
                }
                gathered = gather(puller, &mut batch) => gathered,
            };
            if self.stop.is_cancelled() || gathered.is_err() {
                answer(&batch, AckKind::Nak(None)).await;
                return gathered;
            }
            if batch.is_empty() {
                self.backoff.reset();
                continue;
            }
            match self.handle(&batch, identity).await {
                Ok(()) => {
                    self.backoff.reset();
                    if batch.len() < BATCH {
                        let _ = tokio::time::timeout(self.durable.gather, self.stop.cancelled()).await;
                    }
                }
                Err(pause) => {
                    tracing::warn!(consumer.durable = self.durable.name, error = pause.0, "consumer pauses");
                    answer(&batch, AckKind::Nak(None)).await;
                    self.backoff.wait(self.stop).await;
                }
            }
        }
        Ok(())
    }

    /// Hands over a batch and acknowledges it; while that takes long the server is asked to be patient.
    async fn handle(&self, batch: &[Message], identity: &str) -> Result<(), Pause> {
        let deliveries = batch.iter().map(|message| delivery(message, identity)).collect();
        let mut handling = self.handler.handle(deliveries);
        let patience = self.stream.config.ack_wait() / 3;
        let outcome = loop {
            tokio::select! {
                outcome = &mut handling => break outcome,
                () = tokio::time::sleep(patience) => answer(batch, AckKind::Progress).await,
            }
        };
        if outcome.is_ok() {
            answer(batch, AckKind::Ack).await;
        }
        outcome
    }
}

/// Fills `batch` with what is there; when nothing is, waits for a while.
async fn gather(puller: &mut Puller, batch: &mut Vec<Message>) -> Result<(), BusError> {
    puller.take(BATCH).await?;
    fill(puller, batch, BATCH).await?;
    if batch.is_empty() {
        puller.wait_for(1).await?;
        fill(puller, batch, 1).await?;
        if !batch.is_empty() {
            puller.take(BATCH - 1).await?;
            fill(puller, batch, BATCH).await?;
        }
    }
    Ok(())
}

async fn fill(puller: &mut Puller, batch: &mut Vec<Message>, until: usize) -> Result<(), BusError> {
    while batch.len() < until {
        match puller.next().await? {
            Some(message) => batch.push(message),
            None => break,
        }
    }
    Ok(())
}

/// A lost answer only means that the event comes again.
async fn answer(batch: &[Message], kind: AckKind) {
    for message in batch {
        if let Err(error) = message.ack_with(kind).await {
            tracing::debug!(error = %error, "delivery was not answered");
            return;
        }
    }
}

fn consumer_config(stream: &EventStream, durable: &Durable) -> pull::Config {
    let prefix = &stream.config.subject_prefix;
    let mut subjects: Vec<_> =
        durable.filter.entities.iter().map(|entity| wire::entity_subject(prefix, entity)).collect();
    let filter_subject = if subjects.len() == 1 { subjects.remove(0) } else { String::new() };
    pull::Config {
        durable_name: Some(durable.name.clone()),
        deliver_policy: DeliverPolicy::All,
        ack_policy: AckPolicy::Explicit,
        ack_wait: stream.config.ack_wait(),
        max_deliver: -1,
        max_ack_pending: MAX_ACK_PENDING,
        filter_subject,
        filter_subjects: subjects,
        ..pull::Config::default()
    }
}

/// What a message says, and its number in the stream.
pub(super) fn delivery(message: &Message, identity: &str) -> Delivery {
    let none = HeaderMap::new();
    let headers = message.headers.as_ref().unwrap_or(&none);
    let header = |name: &str| headers.get(name).map(HeaderValue::as_str);
    match wire::decode(&message.subject, header, message.payload.clone()) {
        Ok(event) => Delivery::Event(event),
        Err(reason) => {
            let sequence = message.info().map_or(0, |info| info.stream_sequence);
            let all = headers.iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
            let mut headers: Vec<_> = all.map(|(name, value)| (name.to_string(), value.to_string())).collect();
            headers.sort();
            Delivery::Foreign {
                position: Position { identity: identity.to_owned(), sequence },
                subject: message.subject.to_string(),
                headers,
                reason,
                payload: message.payload.clone(),
            }
        }
    }
}
