//! Calls to a service: over any of its addresses that serves, and again where that is safe.
//!
//! A call goes `mod` (attempts) → [`pool`] (which address) → [`address`] (one connection, kept alive) → the service; its
//! answer comes back as [`call`] counts it until its last byte. Beside the way: [`resolve`] finds the addresses,
//! [`standing`] remembers which of them fail, [`budget`] keeps repetitions from becoming a storm, and [`repeat`] has what
//! is needed to send a call again.

mod address;
mod budget;
mod call;
mod connect;
mod pool;
mod repeat;
mod resolve;
mod standing;

use std::{
    error::Error,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::future::BoxFuture;
use http::{Request, Response, uri::Authority};
use tokio::{task::JoinSet, time::Instant};
use tonic::{Code, Status, body::Body};
use tower::Service;

pub use repeat::{Repeat, Safety};

use crate::{MemoryConnector, UpstreamConfig, UpstreamError};
use address::Address;
use budget::Budget;
use call::{OpenCall, Outcome};
use connect::{Dial, Place};
use pool::Pool;
use repeat::Outgoing;
use resolve::{Lookup, Target};

/// How long to wait before a call is sent for the second time, at most; twice that before the third.
const PAUSE: Duration = Duration::from_millis(25);

/// Calls a service. Cheap to clone; clones share connections. It connects by itself, and again whenever it must.
///
/// As a tower service it is what tonic's generated clients want, and always ready: a call waits for a connection to be
/// made, and fails if none can be. A request may say by a [`Repeat`] among its extensions when it may be sent again.
#[derive(Clone, Debug)]
pub struct Channel {
    shared: Arc<Shared>,
    /// The only address it calls, if it is bound to one.
    only: Option<Arc<Address>>,
}

#[derive(Debug)]
struct Shared {
    pool: Arc<Pool>,
    budget: Budget,
    /// How often a call may be sent again.
    retries: usize,
    /// How long a call may take until its answer begins.
    timeout: Option<Duration>,
    /// Looks for addresses as long as there is a channel.
    _resolver: JoinSet<()>,
}

/// How one attempt ended.
enum Attempt {
    /// With an answer that stands, whatever it says.
    Answered(Response<Body>),
    /// The service says that it cannot be used now.
    Unavailable(Response<Body>),
    /// It certainly did not reach the service.
    Unsent(Status),
    /// It may have reached the service.
    Broken(Status),
}

impl Channel {
    /// A channel over the network.
    pub(crate) fn remote(name: &'static str, config: &UpstreamConfig) -> Result<Self, UpstreamError> {
        Ok(Self::looked_up(name, config, resolve::targets(&config.uri)?, resolve::system()))
    }

    fn looked_up(name: &'static str, config: &UpstreamConfig, targets: Vec<Target>, lookup: Lookup) -> Self {
        let keepalive = Duration::from_millis(config.keepalive_ms.max(1));
        let pool = Pool::new(name, Dial::new(config).with_keepalive(keepalive), config);
        let interval = Duration::from_millis(config.resolve_interval_ms.max(100));
        let resolver = resolve::follow(&pool, targets, lookup, interval);
        Self::new(pool, resolver, config.retries, config.timeout())
    }

    /// A channel in this process. Nothing can get lost on the way, and the server has a time limit of its own.
    pub(crate) fn memory(name: &'static str, connector: MemoryConnector) -> Self {
        let config = UpstreamConfig::default();
        let pool = Pool::new(name, Dial::new(&config), &config);
        pool.set(vec![(Place::Memory(connector), Authority::from_static("memory"))]);
        Self::new(pool, JoinSet::new(), 0, None)
    }

    fn new(pool: Arc<Pool>, resolver: JoinSet<()>, retries: usize, timeout: Option<Duration>) -> Self {
        let shared = Shared { pool, budget: Budget::default(), retries, timeout, _resolver: resolver };
        Self { shared: Arc::new(shared), only: None }
    }

    /// A channel for each address that is known at the moment. Its calls are sent once and say nothing of the address's
    /// standing: they are for asking each how it is.
    pub fn addresses(&self) -> Vec<Self> {
        let bound = |address| Self { shared: Arc::clone(&self.shared), only: Some(address) };
        self.shared.pool.addresses().into_iter().map(bound).collect()
    }

    async fn send(self, mut request: Request<Body>) -> Result<Response<Body>, Status> {
        let mut repeat: Repeat = request.extensions_mut().remove().unwrap_or_default();
        let Some(timeout) = self.shared.timeout else { return self.attempts(request, repeat).await };
        let end = Instant::now() + timeout;
        repeat.deadline = Some(repeat.deadline.map_or(end, |deadline| deadline.min(end)));
        let attempts = tokio::time::timeout_at(end, self.attempts(request, repeat)).await;
        attempts.unwrap_or_else(|_| Err(Status::deadline_exceeded("no answer in time")))
    }

    async fn attempts(&self, request: Request<Body>, repeat: Repeat) -> Result<Response<Body>, Status> {
        let Shared { pool, budget, .. } = &*self.shared;
        let retries = if self.only.is_some() { 0 } else { self.shared.retries };
        let mut outgoing = if retries == 0 { Outgoing::once(request) } else { Outgoing::read(request, repeat).await? };
        let mut tried = Vec::new();
        loop {
            let open = match &self.only {
                Some(address) => pool.open_at(address).await,
                None => pool.open(&tried, repeat.deadline).await?,
            };
            let address = Arc::clone(open.address());
            let attempt = match outgoing.next() {
                Some(request) => attempt(open, request, &mut outgoing).await,
                None => return Err(open.end_with(Outcome::Unknown, Status::unavailable("it cannot be sent again"))),
            };
            let (reached, done) = match attempt {
                Attempt::Answered(answer) => {
                    budget.earn();
                    return Ok(answer);
                }
                Attempt::Unavailable(answer) => (true, Ok(answer)),
                Attempt::Unsent(status) => (false, Err(status)),
                Attempt::Broken(status) if status.code() != Code::Unavailable => return Err(status),
                Attempt::Broken(status) => (true, Err(status)),
            };
            tried.push(address);
            // Whoever did not get a call can be passed over for free: there are only so many addresses.
            let is_free = !reached && pool.has_others(&tried);
            let is_afforded = is_free || budget.spend();
            if tried.len() > retries || !outgoing.may_repeat(reached) {
                return done;
            }
            let pause = if is_free { Duration::ZERO } else { pause(tried.len()) };
            if repeat.deadline.is_some_and(|deadline| Instant::now() + pause >= deadline) {
                return done;
            }
            if !is_afforded {
                pool.metrics().refused_retries.increment(1);
                return done;
            }
            pool.metrics().retries.increment(1);
            tokio::time::sleep(pause).await;
        }
    }
}

/// Sends `request` to the address that `open` is for.
async fn attempt(open: OpenCall, request: Request<Body>, outgoing: &mut Outgoing) -> Attempt {
    let Some(mut sender) = open.address().sender() else {
        outgoing.put_back(request);
        return Attempt::Unsent(open.end_with(Outcome::Unknown, Status::unavailable("the connection was lost")));
    };
    let request = connect::addressed(request, open.address().authority());
    let mut error = match sender.try_send_request(request).await {
        Ok(answer) => return open.answered(answer),
        Err(error) => error,
    };
    if let Some(request) = error.take_message() {
        outgoing.put_back(request);
        return Attempt::Unsent(open.end_with(Outcome::Unknown, broken(error.into_error())));
    }
    let error = error.into_error();
    let unsent = was_refused(&error);
    // Whoever goes away in good order has not failed.
    let outcome = if unsent { Outcome::Unknown } else { Outcome::Failed };
    let status = open.end_with(outcome, broken(error));
    if unsent { Attempt::Unsent(status) } else { Attempt::Broken(status) }
}

/// Whether the other side says that it did not look at the request (RFC 9113, section 8.7).
fn was_refused(error: &hyper::Error) -> bool {
    cause(error).is_some_and(|cause| {
        let refused = cause.is_reset() && cause.reason() == Some(h2::Reason::REFUSED_STREAM);
        cause.is_remote() && (cause.is_go_away() || refused)
    })
}

fn cause(error: &hyper::Error) -> Option<&h2::Error> {
    error.source()?.downcast_ref()
}

/// What a call came to whose connection or stream broke.
fn broken(error: hyper::Error) -> Status {
    // What we cannot bear, such as headers without an end, is not the caller's affair.
    let is_rubbish = cause(&error).is_some_and(|cause| cause.is_library() && !cause.is_io());
    let told = Status::from_error(Box::new(error));
    let mut status = match told.code() {
        _ if is_rubbish => Status::internal("the answer cannot be read"),
        Code::Internal | Code::PermissionDenied | Code::ResourceExhausted => return told,
        _ => Status::unavailable("the connection broke"),
    };
    status.set_source(Arc::new(told));
    status
}

/// How long to wait after so many attempts.
fn pause(attempts: usize) -> Duration {
    let longest = PAUSE * 2_u32.pow(u32::try_from(attempts).unwrap_or(8).min(8) - 1);
    longest.mul_f64(0.5 + fastrand::f64() / 2.0)
}

impl Service<Request<Body>> for Channel {
    type Response = Response<Body>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Response<Body>, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.clone().send(request))
    }
}

#[cfg(test)]
mod tests;
