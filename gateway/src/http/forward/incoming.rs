//! The body of a gRPC request on its way to the service: decoded from text, with its frames checked.
//!
//! A body that is wrong must not look like a broken service: its fault is kept, and told when the call fails.

use std::{
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use mesh_types::{ErrorKind, Fault, Reason};
use tokio::time::Sleep;
use tonic::Status;

use super::{frames::Frames, text::TextDecoder};
use crate::http::sending::Sending;

/// How much of a body that is refused is read on, and thrown away: a client that is still sending when its connection
/// closes (HTTP/1) would not see why.
pub(crate) const LINGERING_BYTES: usize = 16 * 1024 * 1024;

/// What was wrong with a request's body, if anything was.
#[derive(Clone, Debug, Default)]
pub(crate) struct BodyFault(Arc<OnceLock<Fault>>);

impl BodyFault {
    pub(crate) fn get(&self) -> Option<Fault> {
        self.0.get().cloned()
    }

    /// Keeps `fault`, unless there is one; the error with which the body ends.
    pub(crate) fn set(&self, fault: Fault) -> Status {
        let _ = self.0.set(fault);
        Status::cancelled("the request body is malformed")
    }
}

/// A request's body. It tells no size: that of text is not that of what it decodes to.
pub(crate) struct RequestBody {
    inner: Sending,
    text: Option<TextDecoder>,
    frames: Frames,
    /// Whether it must hold a message.
    one: bool,
    fault: BodyFault,
    /// How much of it is read on once it is refused.
    lingering: usize,
    /// How long one message may take to arrive, if that is limited, and the time that is left.
    patience: Option<(Duration, Option<Pin<Box<Sleep>>>)>,
    /// Once it is refused: why, and how much of it may still come before that is said.
    refused: Option<(Fault, usize)>,
}

impl RequestBody {
    /// A body of frames of at most `limit` bytes, each; in base64 if `text`; with a single message if `one`.
    pub(crate) fn new(inner: Sending, text: bool, one: bool, limit: usize, fault: BodyFault) -> Self {
        let text = text.then(TextDecoder::default);
        Self { inner, text, frames: Frames::new(limit), one, fault, lingering: 0, patience: None, refused: None }
    }

    /// The same, of a connection that can do nothing else meanwhile.
    pub(crate) fn lingering(self) -> Self {
        Self { lingering: LINGERING_BYTES, ..self }
    }

    /// The same, each of whose messages has to arrive in this time.
    pub(crate) fn timed(self, patience: Option<Duration>) -> Self {
        Self { patience: patience.map(|patience| (patience, None)), ..self }
    }

    /// Whether a message takes too long. The time begins anew with each.
    fn is_late(&mut self, context: &mut Context<'_>) -> bool {
        let Some((patience, left)) = &mut self.patience else { return false };
        let sleep = left.get_or_insert_with(|| Box::pin(tokio::time::sleep(*patience)));
        sleep.as_mut().poll(context).is_ready()
    }

    fn take(&mut self, data: Bytes) -> Result<Bytes, Fault> {
        let data = match &mut self.text {
            Some(text) => text.decode(&data).map_err(|_| malformed("the body is not base64"))?,
            None => data,
        };
        let begun = self.frames.begun();
        self.frames.check(&data)?;
        if let Some((_, left)) = &mut self.patience
            && (self.frames.begun() > begun || self.frames.is_whole())
        {
            *left = None;
        }
        Ok(data)
    }

    fn end(&self) -> Result<(), Fault> {
        let whole = self.frames.is_whole() && self.text.as_ref().is_none_or(TextDecoder::is_complete);
        match whole && (self.frames.begun() > 0 || !self.one) {
            true => Ok(()),
            false => Err(malformed("the body ends before its message does")),
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        loop {
            let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(context) else {
                if this.is_late(context) {
                    let message = "a message of the request did not arrive in time";
                    let late = Fault::new(ErrorKind::DeadlineExceeded, Reason::DeadlineExceeded, message);
                    return Poll::Ready(Some(Err(this.fault.set(late))));
                }
                return Poll::Pending;
            };
            if let Some((fault, left)) = &mut this.refused {
                match frame.and_then(Result::ok).map(|frame| frame.data_ref().map_or(0, Bytes::len)) {
                    Some(length) if length <= *left => *left -= length,
                    _ => return Poll::Ready(Some(Err(this.fault.set(fault.clone())))),
                }
                continue;
            }
            let checked = match frame {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => this.take(data),
                    Err(_) => continue,
                },
                Some(Err(_)) => return Poll::Ready(Some(Err(Status::cancelled("the caller went away")))),
                None => match this.end() {
                    Ok(()) => return Poll::Ready(None),
                    Err(fault) => Err(fault),
                },
            };
            match checked {
                Ok(data) if data.is_empty() => {}
                Ok(data) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                Err(fault) => this.refused = Some((fault, this.lingering)),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream() && self.end().is_ok()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

fn malformed(message: &str) -> Fault {
    Fault::new(ErrorKind::InvalidArgument, Reason::Malformed, message)
}
