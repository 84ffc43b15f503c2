//! An answer of which whole messages are passed on only.
//!
//! gRPC-Web tells the status behind the messages, in the same body: after half a message nobody would find it.

use std::{
    collections::VecDeque,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame};
use tonic::{Status, body::Body};

use super::frames::Frames;

/// An answer's body.
pub(super) struct Whole {
    inner: Body,
    frames: Frames,
    /// Messages that may go.
    ready: VecDeque<Bytes>,
    /// The beginning of one that may not yet.
    held: Vec<Bytes>,
}

impl Whole {
    /// `inner`, whose messages hold at most `limit` bytes each: so much is held.
    pub(super) fn new(inner: Body, limit: usize) -> Self {
        Self { inner, frames: Frames::new(limit), ready: VecDeque::new(), held: Vec::new() }
    }

    fn take(&mut self, mut data: Bytes) -> Result<(), Status> {
        let whole = self.frames.check(&data).map_err(mesh_rpc::status)?;
        let rest = data.split_off(whole);
        if !data.is_empty() {
            self.ready.extend(self.held.drain(..));
            self.ready.push_back(data);
        }
        if !rest.is_empty() {
            self.held.push(rest);
        }
        Ok(())
    }
}

impl HttpBody for Whole {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        loop {
            if let Some(data) = this.ready.pop_front() {
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
            match ready!(Pin::new(&mut this.inner).poll_frame(context)).transpose()?.map(Frame::into_data) {
                Some(Ok(data)) => this.take(data)?,
                Some(Err(trailers)) => return Poll::Ready(Some(Ok(trailers))),
                None => return Poll::Ready(None),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ready.is_empty() && self.inner.is_end_stream()
    }
}
