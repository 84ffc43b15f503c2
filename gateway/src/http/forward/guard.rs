//! The body of an answer under guard: it always ends with a gRPC status, and never later than it may.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, header};
use http_body::{Body as HttpBody, Frame};
use mesh_types::{ErrorKind, Fault, Reason};
use tokio::time::{Instant, Sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::{Code, Status, body::Body};

use super::{
    BodyFault,
    frames::Frames,
    headers::clean_status,
    send::{broken, expired},
};
use crate::{app::OpenStream, http::record::CallRecord};

/// What binds a call while it is under way.
pub(crate) struct Leash {
    /// When it must be over.
    pub(crate) deadline: Option<Instant>,
    /// Ends it when the gateway stops (streams only).
    pub(crate) stopping: Option<CancellationToken>,
    /// How large a message of its answer may be.
    pub(crate) limit: usize,
    /// Ends it with the session or API token it was opened with (streams only).
    pub(crate) opened: Option<OpenStream>,
    /// What was wrong with the request's body.
    pub(crate) fault: BodyFault,
    /// Where its end is written down; a call of our own has none.
    pub(crate) record: Option<CallRecord>,
}

/// An answer's body.
pub(crate) struct Guard {
    /// `None` when the status has been told.
    inner: Option<Body>,
    deadline: Option<Pin<Box<Sleep>>>,
    stopping: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    frames: Frames,
    opened: Option<(OpenStream, Pin<Box<WaitForCancellationFutureOwned>>)>,
    fault: BodyFault,
    record: Option<CallRecord>,
}

impl Leash {
    /// Writes down how the call ended.
    pub(super) fn finish(&mut self, code: Code) {
        if let Some(record) = &mut self.record {
            record.finish(code);
        }
    }
}

impl Guard {
    pub(super) fn new(body: Body, leash: Leash) -> Self {
        Self {
            inner: Some(body),
            deadline: leash.deadline.map(|deadline| Box::pin(tokio::time::sleep_until(deadline))),
            stopping: leash.stopping.map(|token| Box::pin(token.cancelled_owned())),
            frames: Frames::new(leash.limit),
            opened: leash.opened.map(|stream| {
                let ended = Box::pin(stream.ended().cancelled_owned());
                (stream, ended)
            }),
            fault: leash.fault,
            record: leash.record,
        }
    }

    /// The body of an answer that told its status in its headers.
    pub(super) fn finished(leash: Leash) -> Self {
        let (frames, fault, record) = (Frames::new(leash.limit), leash.fault, leash.record);
        Self { inner: None, deadline: None, stopping: None, frames, opened: None, fault, record }
    }

    /// A whole answer that is nothing but `fault`.
    pub(super) fn ended(fault: Fault, mut leash: Leash) -> Response<Self> {
        let status = mesh_rpc::status(fault);
        leash.finish(status.code());
        let mut answer = Response::new(Self::finished(leash));
        *answer.headers_mut() = trailers(&status);
        answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
        answer
    }

    fn finish(&mut self, code: Code) {
        if let Some(record) = &mut self.record {
            record.finish(code);
        }
    }

    /// Passes on what the service sent, if it is what gRPC sends.
    fn pass(&mut self, mut frame: Frame<Bytes>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if let Some(data) = frame.data_ref()
            && self.frames.check(data).is_err()
        {
            return self.end(garbled());
        }
        if let Some(trailers) = frame.trailers_mut() {
            match clean_status(trailers) {
                None => return self.end(Fault::unavailable()),
                Some(Code::Ok) if !self.frames.is_whole() => return self.end(garbled()),
                Some(code) => self.finish(code),
            }
            self.inner = None;
        }
        Poll::Ready(Some(Ok(frame)))
    }

    /// Lets go of the service's stream and tells `fault` in its place.
    fn end(&mut self, fault: Fault) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let status = mesh_rpc::status(fault);
        self.inner = None;
        self.finish(status.code());
        Poll::Ready(Some(Ok(Frame::trailers(trailers(&status)))))
    }
}

impl HttpBody for Guard {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        let Some(inner) = &mut this.inner else { return Poll::Ready(None) };
        if this.deadline.as_mut().is_some_and(|deadline| deadline.as_mut().poll(context).is_ready()) {
            return this.end(expired());
        }
        match Pin::new(inner).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => this.pass(frame),
            Poll::Ready(Some(Err(error))) => {
                let fault = broken(error, &this.fault, this.record.is_some());
                this.end(fault)
            }
            Poll::Ready(None) => this.end(Fault::unavailable()),
            Poll::Pending => {
                if this.opened.as_mut().is_some_and(|(_, ended)| ended.as_mut().poll(context).is_ready()) {
                    return this.end(ended());
                }
                if this.stopping.as_mut().is_some_and(|stopping| stopping.as_mut().poll(context).is_ready()) {
                    return this.end(Fault::unavailable());
                }
                Poll::Pending
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_none()
    }
}

/// What a stream was opened with is no longer good.
fn ended() -> Fault {
    let message = "the session or API token with which this stream was opened has ended";
    Fault::new(ErrorKind::Unauthenticated, Reason::TokenInvalid, message)
}

/// A status as trailers.
pub(super) fn trailers(status: &Status) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if status.add_header(&mut headers).is_err() {
        headers.insert(Status::GRPC_STATUS, HeaderValue::from_static("13"));
    }
    headers
}

/// What an answer comes to whose messages cannot be read.
fn garbled() -> Fault {
    tracing::error!("an upstream sent a message that cannot be read");
    Fault::internal()
}
