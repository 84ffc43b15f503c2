//! Publishing: pipelined, each acknowledgement awaited, the id as `Nats-Msg-Id` so that a repetition is stored once.

use std::future::IntoFuture;

use async_nats::{
    HeaderMap,
    jetstream::{
        self,
        context::{PublishAckFuture, PublishError, PublishErrorKind},
        message::PublishMessage,
    },
};
use futures::future::join_all;

use super::stream::{EventStream, is_full, unavailable};
use crate::{
    Envelope,
    bus::{BusError, Position, Published},
    wire,
};

/// Events under way at once in one publication: a part of what the connection allows.
const WINDOW: usize = super::connection::MAX_ACK_INFLIGHT / 2;

/// Why publishing stopped.
enum Stopped {
    Refused(BusError),
    StreamMissing,
    Full(String),
    Failed(String),
}

/// Publishes in order; returns how many, from the first, are durable, and where the last of them is.
pub(super) async fn publish(stream: &EventStream, events: &[Envelope]) -> Result<Published, BusError> {
    stream.connection.ready().await?;
    stream.look_for_room().await?;
    let (mut published, mut last, mut helped) = (0, None, false);
    while published < events.len() {
        let window = &events[published..events.len().min(published + WINDOW)];
        let (sequences, stopped) = publish_window(stream, window).await;
        published += sequences.len();
        last = sequences.last().copied().or(last);
        let Some(stopped) = stopped else { continue };
        if !helped && help(stream, &stopped).await {
            helped = true;
        } else if published > 0 {
            break;
        } else {
            return Err(error(stopped));
        }
    }
    // Known from before, as a rule; what is published need not fail for it.
    let identity = stream.identity().await.ok();
    let last = identity.zip(last).map(|(identity, sequence)| Position { identity, sequence });
    Ok(Published { events: published, last })
}

/// Removes the reason for stopping, if that is in our power.
async fn help(stream: &EventStream, stopped: &Stopped) -> bool {
    match stopped {
        Stopped::StreamMissing => stream.ensure().await.is_ok(),
        Stopped::Full(_) => stream.make_room().await.unwrap_or(false),
        Stopped::Refused(_) | Stopped::Failed(_) => false,
    }
}

fn error(stopped: Stopped) -> BusError {
    match stopped {
        Stopped::Refused(error) => error,
        Stopped::Full(reason) => BusError::Full(reason),
        Stopped::Failed(reason) => BusError::Unavailable(reason),
        Stopped::StreamMissing => BusError::Unavailable("the event stream is missing".to_owned()),
    }
}

/// Where each event, from the first, was stored, and why not all of them were.
async fn publish_window(stream: &EventStream, events: &[Envelope]) -> (Vec<u64>, Option<Stopped>) {
    let (mut acks, mut stopped) = (Vec::with_capacity(events.len()), None);
    for event in events {
        match send(stream, event).await {
            Ok(ack) => acks.push(ack.into_future()),
            Err(reason) => {
                stopped = Some(reason);
                break;
            }
        }
    }
    // All are awaited, also those after a failure: a dropped one would be lost, and their timeouts run together.
    let acks = join_all(acks).await;
    let mut sequences = Vec::with_capacity(acks.len());
    for ack in acks {
        match ack {
            Ok(ack) if ack.stream == stream.config.stream => sequences.push(ack.sequence),
            Ok(ack) => return (sequences, Some(Stopped::Failed(format!("stored by stream {}", ack.stream)))),
            Err(error) => return (sequences, Some(reason(&error))),
        }
    }
    (sequences, stopped)
}

async fn send(stream: &EventStream, event: &Envelope) -> Result<PublishAckFuture, Stopped> {
    let wire = wire::encode(&stream.config.subject_prefix, event).map_err(Stopped::Refused)?;
    let mut headers = HeaderMap::new();
    for (name, value) in &wire.headers {
        headers.insert(*name, value.as_str());
    }
    let message = PublishMessage::build().headers(headers).message_id(event.id.to_string()).payload(wire.payload);
    stream.connection.jetstream.send_publish(wire.subject, message).await.map_err(|error| reason(&error))
}

fn reason(error: &PublishError) -> Stopped {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<jetstream::Error>());
    match (error.kind(), source) {
        (PublishErrorKind::StreamNotFound, _) => Stopped::StreamMissing,
        (PublishErrorKind::MaxPayloadExceeded, _) => Stopped::Refused(BusError::Refused(error.to_string())),
        (_, Some(source)) if is_full(source) => Stopped::Full(source.to_string()),
        _ => match unavailable("event cannot be published", error) {
            BusError::Unavailable(text) => Stopped::Failed(text),
            other => Stopped::Refused(other),
        },
    }
}
