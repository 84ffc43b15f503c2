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
use crate::{Envelope, bus::BusError, wire};

/// Events under way at once in one publication: a part of what the connection allows.
const WINDOW: usize = super::connection::MAX_ACK_INFLIGHT / 2;

/// Why publishing stopped.
enum Stopped {
    Refused(BusError),
    StreamMissing,
    Full(String),
    Failed(String),
}

/// Publishes in order; returns how many, from the first, are durable.
pub(super) async fn publish(stream: &EventStream, events: &[Envelope]) -> Result<usize, BusError> {
    stream.connection.ready().await?;
    stream.look_for_room().await?;
    let (mut published, mut helped) = (0, false);
    while published < events.len() {
        let window = &events[published..events.len().min(published + WINDOW)];
        let (acknowledged, stopped) = publish_window(stream, window).await;
        published += acknowledged;
        let Some(stopped) = stopped else { continue };
        if !helped && help(stream, &stopped).await {
            helped = true;
        } else if published > 0 {
            return Ok(published);
        } else {
            return Err(error(stopped));
        }
    }
    Ok(published)
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

async fn publish_window(stream: &EventStream, events: &[Envelope]) -> (usize, Option<Stopped>) {
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
    let mut acknowledged = 0;
    for ack in acks {
        match ack {
            Ok(ack) if ack.stream == stream.config.stream => acknowledged += 1,
            Ok(ack) => return (acknowledged, Some(Stopped::Failed(format!("stored by stream {}", ack.stream)))),
            Err(error) => return (acknowledged, Some(reason(&error))),
        }
    }
    (acknowledged, stopped)
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
