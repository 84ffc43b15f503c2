//! The body of an answer on its way out: in pieces that a slow client cannot pile up, with what its call holds.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tonic::{Status, body::Body};

use super::{Held, pace::Pace};

/// How much is handed over at once. hyper takes whatever it is given, however large, once there is room for one byte; cut
/// up, what a client does not read stays here, where its call still counts.
const PIECE_BYTES: usize = 32 * 1024;

/// An answer's body.
pub(crate) struct Answer {
    inner: Body,
    /// The rest of a frame that was too large for one piece.
    rest: Bytes,
    pace: Option<Arc<Pace>>,
    _held: Arc<Held>,
}

impl Answer {
    /// `inner`, for which `held` is held.
    pub(crate) fn new(inner: Body, held: Arc<Held>) -> Self {
        Self { inner, rest: Bytes::new(), pace: Pace::current(), _held: held }
    }

    /// The first piece of `data`; the rest is kept.
    fn piece(&mut self, mut data: Bytes) -> Bytes {
        if data.len() > PIECE_BYTES {
            self.rest = data.split_off(PIECE_BYTES);
        }
        data
    }

    fn next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if !self.rest.is_empty() {
            let rest = std::mem::take(&mut self.rest);
            return Poll::Ready(Some(Ok(Frame::data(self.piece(rest)))));
        }
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        Poll::Ready(frame.map(|frame| Ok(frame?.map_data(|data| self.piece(data)))))
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        let next = this.next(context);
        if let Some(pace) = &this.pace {
            pace.note(matches!(&next, Poll::Ready(Some(Ok(frame))) if frame.is_data()));
        }
        next
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (hint, rest) = (self.inner.size_hint(), self.rest.len() as u64);
        let mut all = SizeHint::new();
        all.set_lower(hint.lower() + rest);
        if let Some(upper) = hint.upper() {
            all.set_upper(upper + rest);
        }
        all
    }
}
