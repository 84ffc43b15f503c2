//! The body of an answer: ends within its limits, with trailers, whatever happens.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;
use mesh_types::Fault;
use tonic::{Status, body::Body};

use super::{
    foreign::{self, Circumstances},
    limits::Limits,
    record::Call,
};
use crate::{accept::Reached, status};

/// The body of an answer under way. Dropping it before its trailers means that the caller went away.
pub(super) struct Guard {
    pub(super) inner: Body,
    pub(super) limits: Limits,
    pub(super) call: Call,
    pub(super) reached: Reached,
    pub(super) compressed: bool,
    pub(super) done: bool,
}

impl Guard {
    /// The last frame: trailers that say `fault`.
    fn end(&mut self, fault: Fault) -> Frame<Bytes> {
        let mut trailers = HeaderMap::new();
        let told = status(fault);
        foreign::write(&told, &mut trailers);
        self.finish(told.code());
        Frame::trailers(trailers)
    }

    fn finish(&mut self, code: tonic::Code) {
        self.done = true;
        self.inner = Body::empty();
        self.call.end(code);
    }

    /// Passes a frame on; trailers in our words.
    fn pass(&mut self, frame: Frame<Bytes>) -> Frame<Bytes> {
        let mut trailers = match frame.into_trailers() {
            Ok(trailers) => trailers,
            Err(frame) => return frame,
        };
        let circumstances = Circumstances { reached: self.reached.get(), compressed: self.compressed };
        match foreign::translate(&mut trailers, circumstances) {
            Some(code) => self.finish(code),
            None => return self.end(Fault::internal()),
        }
        Frame::trailers(trailers)
    }
}

impl http_body::Body for Guard {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = &mut *self;
        if this.done {
            return Poll::Ready(None);
        }
        let span = this.call.span.clone();
        let _entered = span.enter();
        if let Poll::Ready(fault) = Pin::new(&mut this.limits).poll(context) {
            return Poll::Ready(Some(Ok(this.end(fault))));
        }
        let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(&mut this.inner).poll_frame(context)));
        let frame = match polled {
            Ok(polled) => ready!(polled),
            Err(_) => None,
        };
        let frame = match frame {
            Some(Ok(frame)) => this.pass(frame),
            // A panic, a body that broke off, or one without trailers: our fault, whichever it is.
            Some(Err(_)) | None => this.end(Fault::internal()),
        };
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.done
    }
}
