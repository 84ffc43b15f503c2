//! The body of a request, which its client may still be sending when the answer is known.
//!
//! Over HTTP/1 a client whose connection closes while it sends does not see the answer. So what nobody has read by then is
//! read here, and thrown away, before the answer is given.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio_util::sync::CancellationToken;

use super::forward::LINGERING_BYTES;

/// How long a client may take to send what nobody wants.
const LINGERING: Duration = Duration::from_secs(2);

/// A request's body. Whoever drops it hands back what has not been read.
pub(crate) struct Sending {
    /// `None` only while it is dropped.
    body: Option<Incoming>,
    ended: bool,
    remains: Remains,
}

/// What remains of a body.
#[derive(Clone, Default)]
pub(crate) struct Remains {
    unread: Arc<Mutex<Option<Incoming>>>,
    let_go: CancellationToken,
}

impl Sending {
    pub(super) fn new(body: Incoming) -> Self {
        Self { body: Some(body), ended: false, remains: Remains::default() }
    }

    /// What will remain of it.
    pub(crate) fn remains(&self) -> Remains {
        self.remains.clone()
    }
}

impl Remains {
    /// Waits until nobody reads the body any more, but not for long.
    pub(crate) async fn let_go(&self) {
        let _ = tokio::time::timeout(LINGERING, self.let_go.cancelled()).await;
    }

    /// Reads on for a while, if somebody let go of it before its end.
    pub(super) async fn drain(self) {
        let unread = self.unread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut body) = unread else { return };
        let drained = async {
            let mut left = LINGERING_BYTES;
            while let Some(Ok(frame)) = body.frame().await {
                match left.checked_sub(frame.data_ref().map_or(0, Bytes::len)) {
                    Some(fewer) => left = fewer,
                    None => return,
                }
            }
        };
        let _ = tokio::time::timeout(LINGERING, drained).await;
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        if !self.ended {
            *self.remains.unread.lock().unwrap_or_else(PoisonError::into_inner) = self.body.take();
        }
        self.remains.let_go.cancel();
    }
}

impl Body for Sending {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(body) = &mut self.body else { return Poll::Ready(None) };
        let frame = Pin::new(body).poll_frame(context);
        if matches!(frame, Poll::Ready(None | Some(Err(_)))) {
            self.ended = true;
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or(SizeHint::default(), Incoming::size_hint)
    }
}
