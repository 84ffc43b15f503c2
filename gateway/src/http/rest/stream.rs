//! Server streams over HTTP: as server-sent events, or a line of JSON for each message.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use futures::stream::unfold;
use http::{HeaderMap, HeaderValue, Response, header};
use http_body::Frame;
use http_body_util::StreamBody;
use mesh_proto::StreamForm;
use tonic::body::Body;

use super::{
    answer::{self, Piece},
    error,
    messages::{Failure, Messages},
    route::Route,
};

/// What keeps a quiet SSE stream alive: a comment, which clients skip.
const HEARTBEAT: &[u8] = b": keep-alive\n\n";

/// The form the caller wants most, else the one the RPC names.
pub(super) fn form(route: &Route, headers: &HeaderMap) -> Option<StreamForm> {
    let named = route.stream?;
    let wanted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).and_then(wanted);
    Some(wanted.unwrap_or(if named == StreamForm::Sse { StreamForm::Sse } else { StreamForm::Ndjson }))
}

/// The form that an `Accept` prefers; of equals, the first.
fn wanted(accept: &str) -> Option<StreamForm> {
    let ranges = accept.split(',').filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let form = match parts.next()?.to_ascii_lowercase().as_str() {
            "text/event-stream" => StreamForm::Sse,
            "application/x-ndjson" | "application/ndjson" | "application/jsonl" => StreamForm::Ndjson,
            _ => return None,
        };
        let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |quality| quality.parse().ok());
        quality.filter(|quality: &f32| *quality > 0.0).map(|quality| (form, quality))
    });
    let best = ranges.reduce(|best, next| if next.1 > best.1 { next } else { best });
    best.map(|(form, _)| form)
}

/// Answers with a stream. The status line waits for the first message, so that an early failure is a real one; but not
/// for longer than a heartbeat.
///
/// # Errors
/// The failure that came in place of the first message.
pub(super) async fn respond(
    route: Arc<Route>,
    mut messages: Messages,
    form: StreamForm,
    heartbeat: Duration,
) -> Result<Response<Body>, Failure> {
    let first = match tokio::time::timeout(heartbeat, messages.next()).await {
        Ok(first) => Some(first?),
        Err(_) => None,
    };
    let stream = Stream { route, messages, first, sse: form == StreamForm::Sse, heartbeat, ended: false };
    let body = StreamBody::new(unfold(stream, Stream::next));
    let mut response = Response::new(Body::new(body));
    let content_type = if form == StreamForm::Sse { "text/event-stream" } else { "application/x-ndjson" };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

struct Stream {
    route: Arc<Route>,
    messages: Messages,
    /// The first message (or end), if it was waited for.
    first: Option<Option<Bytes>>,
    sse: bool,
    heartbeat: Duration,
    ended: bool,
}

impl Stream {
    async fn next(mut self) -> Option<(Piece, Self)> {
        if self.ended {
            return None;
        }
        let written = match self.take().await {
            Ok(Taken::Message(message)) => self.write(message),
            Ok(Taken::Silence) => Ok(HEARTBEAT.to_vec()),
            Ok(Taken::End) => return None,
            Err(failure) => Err(failure),
        };
        let piece = written.unwrap_or_else(|failure| {
            self.ended = true;
            self.write_failure(&failure)
        });
        Some((Ok(Frame::data(Bytes::from(piece))), self))
    }

    async fn take(&mut self) -> Result<Taken, Failure> {
        let next = match self.first.take() {
            Some(first) => first,
            None if self.sse => match tokio::time::timeout(self.heartbeat, self.messages.next()).await {
                Ok(next) => next?,
                Err(_) => return Ok(Taken::Silence),
            },
            None => self.messages.next().await?,
        };
        Ok(next.map_or(Taken::End, Taken::Message))
    }

    fn write(&self, message: Bytes) -> Result<Vec<u8>, Failure> {
        let message = answer::decoded(&self.route.output, message)?;
        let json = answer::told(&self.route, &message)?;
        if !self.sse {
            return Ok([json.as_slice(), b"\n"].concat());
        }
        let id = self.route.event_id.as_ref().map(|field| message.get_field(field));
        let id = id.as_ref().and_then(|id| id.as_str()).filter(|id| !id.is_empty() && !id.contains(['\n', '\r', '\0']));
        let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
        Ok([id.as_bytes(), b"data: ", json.as_slice(), b"\n\n"].concat())
    }

    fn write_failure(&self, failure: &Failure) -> Vec<u8> {
        let json = error::event(failure);
        if self.sse { format!("event: error\ndata: {json}\n\n") } else { format!("{json}\n") }.into_bytes()
    }
}

/// What came next.
enum Taken {
    Message(Bytes),
    Silence,
    End,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_the_one_that_is_wanted_most() {
        for (accept, expected) in [
            ("*/*", None),
            ("text/html, Text/Event-Stream", Some(StreamForm::Sse)),
            ("application/x-ndjson;q=0.5, text/event-stream;q=0.9", Some(StreamForm::Sse)),
            ("application/ndjson, text/event-stream", Some(StreamForm::Ndjson)),
            ("text/event-stream;q=0, application/jsonl", Some(StreamForm::Ndjson)),
            ("text/event-stream;q=0", None),
        ] {
            assert_eq!(wanted(accept), expected, "{accept}");
        }
    }
}
