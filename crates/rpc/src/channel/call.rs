//! One call to one address: counted until the last byte of its answer, and its end written down.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Instant;
use tonic::{Code, Status, body::Body};

use super::{Attempt, address::Address, broken, pool::Pool};

/// A call whose answer does not begin before its deadline speaks against the address only if it had this long: a caller
/// may be in more of a hurry than anybody could be.
const FAIR: Duration = Duration::from_secs(1);

/// What the end of a call says of the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It answers, whatever it answers.
    Served,
    /// It cannot be used.
    Failed,
    /// Nothing.
    Unknown,
}

/// A call under way. Dropped without an outcome, the caller went away, or waited in vain.
#[derive(Debug)]
pub(super) struct OpenCall {
    pool: Arc<Pool>,
    address: Arc<Address>,
    /// Whether its end says something of the address; not any more once that is written down.
    recorded: bool,
    /// Whether the call finds out if the address is back.
    on_trial: bool,
    begun: Instant,
    /// By when the answer should have begun; `None` once it has.
    deadline: Option<Instant>,
}

impl OpenCall {
    pub(super) fn new(pool: &Arc<Pool>, address: Arc<Address>, on_trial: bool, deadline: Option<Instant>) -> Self {
        address.begin();
        pool.metrics().in_flight.increment(1);
        Self { pool: Arc::clone(pool), address, recorded: true, on_trial, begun: Instant::now(), deadline }
    }

    /// A call whose end says nothing.
    pub(super) fn unrecorded(pool: &Arc<Pool>, address: &Arc<Address>) -> Self {
        let mut open = Self::new(pool, Arc::clone(address), false, None);
        open.recorded = false;
        open
    }

    pub(super) fn address(&self) -> &Arc<Address> {
        &self.address
    }

    /// Writes down how it ended; only the first time counts.
    fn settle(&mut self, outcome: Outcome) {
        if std::mem::take(&mut self.recorded) {
            self.pool.record(&self.address, outcome, self.on_trial);
        }
    }

    /// The same for a call without an answer; `status` is passed through.
    pub(super) fn end_with(mut self, outcome: Outcome, status: Status) -> Status {
        self.settle(outcome);
        status
    }

    /// The answer has begun. Its body goes on counting the call.
    pub(super) fn answered(mut self, answer: Response<Incoming>) -> Attempt {
        self.deadline = None;
        let told = outcome_of(answer.status(), answer.headers());
        if let Some(outcome) = told {
            self.settle(outcome);
        }
        let answer = answer.map(|inner| Body::new(AnswerBody { inner, open: self }));
        let passing = is_passing(answer.status()) || code(answer.headers()) == Some(Code::Unavailable);
        if passing { Attempt::Unavailable(answer) } else { Attempt::Answered(answer) }
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        let in_vain = self.deadline.is_some_and(|deadline| Instant::now() >= deadline) && self.begun.elapsed() >= FAIR;
        self.settle(if in_vain { Outcome::Failed } else { Outcome::Unknown });
        self.address.end();
        self.pool.metrics().in_flight.decrement(1);
    }
}

/// What the headers of an answer say already.
fn outcome_of(status: StatusCode, headers: &HeaderMap) -> Option<Outcome> {
    if let Some(code) = code(headers) {
        return Some(outcome(code));
    }
    let is_grpc =
        headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
    (status != StatusCode::OK || !is_grpc).then_some(Outcome::Failed)
}

/// The status that headers or trailers tell.
fn code(headers: &HeaderMap) -> Option<Code> {
    headers.get(Status::GRPC_STATUS).map(|value| Code::from_bytes(value.as_bytes()))
}

fn outcome(code: Code) -> Outcome {
    if code == Code::Unavailable { Outcome::Failed } else { Outcome::Served }
}

/// What a proxy in between says of a service that cannot be reached now.
fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 502..=504)
}

/// An answer's body.
struct AnswerBody {
    inner: Incoming,
    open: OpenCall,
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        let frame = ready!(Pin::new(&mut this.inner).poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_ref() {
                    this.open.settle(code(trailers).map_or(Outcome::Failed, outcome));
                }
            }
            // Without trailers it is no whole answer.
            Some(Err(_)) | None => this.open.settle(Outcome::Failed),
        }
        Poll::Ready(frame.map(|frame| frame.map_err(broken)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
