//! A client that does not give up: a call that got no answer is made again by the same request id, through the next
//! gateway, until it is known what became of it.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use mesh_types::{Clock, SystemClock, Timestamp, new_id};
use prost::Message;
use tokio::time::{Instant, timeout};
use tonic::Code;

use crate::{
    Client, Failure,
    campaign::{
        journal::{Counts, Journal},
        pause,
    },
};

/// How long one attempt may take: less than a process stays frozen.
const ATTEMPT: Duration = Duration::from_secs(5);
/// How long a call may go unanswered, with all its repetitions: longer than anything is broken.
const PATIENCE: Duration = Duration::from_secs(90);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(800);

/// Calls any of several gateways.
#[derive(Debug)]
pub(in crate::campaign) struct Caller {
    clients: Vec<Client>,
    turn: AtomicUsize,
    journal: Journal,
}

/// An answer, and when.
#[derive(Clone, Debug)]
pub(in crate::campaign) struct Acked<A> {
    pub(in crate::campaign) began: Timestamp,
    pub(in crate::campaign) acked: Timestamp,
    pub(in crate::campaign) answer: A,
    /// Answers on the way that blame the service, not the outage.
    pub(in crate::campaign) oddities: Vec<String>,
}

/// A call that was refused, or never answered.
#[derive(Debug)]
pub(in crate::campaign) struct Refusal {
    pub(in crate::campaign) failure: Failure,
    pub(in crate::campaign) oddities: Vec<String>,
}

impl Caller {
    pub(in crate::campaign) fn new(clients: Vec<Client>, journal: Journal) -> Self {
        Self { clients, turn: AtomicUsize::new(0), journal }
    }

    /// Another one, of the same gateways.
    pub(in crate::campaign) fn another(&self) -> Self {
        Self::new(self.clients.clone(), self.journal.clone())
    }

    /// The next gateway: every call goes by another one than the call before.
    pub(in crate::campaign) fn next_client(&self) -> &Client {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        &self.clients[turn % self.clients.len()]
    }

    /// Calls until it is answered.
    pub(in crate::campaign) async fn call<Q, A>(&self, method: &str, request: &Q) -> Result<Acked<A>, Refusal>
    where
        Q: Message,
        A: Message + Default,
    {
        let (began, deadline) = (SystemClock.now(), Instant::now() + PATIENCE);
        let (mut wait, mut oddities) = (FIRST_PAUSE, Vec::new());
        loop {
            let attempt = timeout(ATTEMPT, self.next_client().call(method, request)).await;
            let failure = match attempt.unwrap_or_else(|_| Err(Failure::broken("no answer in time"))) {
                Ok(answer) => {
                    Counts::add(&self.journal.counts().answered);
                    return Ok(Acked { began, acked: SystemClock.now(), answer, oddities });
                }
                Err(failure) => failure,
            };
            Counts::add(&self.journal.counts().repeated);
            if is_odd(&failure) {
                let at = self.journal.elapsed().as_secs_f64();
                oddities.push(format!("{method} was answered at {at:.3} s with {failure:?}"));
            }
            if !may_pass(&failure) || Instant::now() > deadline {
                return Err(Refusal { failure, oddities });
            }
            pause(wait).await;
            wait = (wait * 2).min(LONGEST_PAUSE);
        }
    }
}

/// A new request id.
pub(in crate::campaign) fn request_id() -> String {
    new_id(SystemClock.now()).to_string()
}

/// Whether the same call may be answered otherwise later.
fn may_pass(failure: &Failure) -> bool {
    let limited = failure.code == Code::ResourceExhausted && failure.reason == "RATE_LIMITED";
    (failure.is_passing() && failure.reason != "ETAG_MISMATCH") || limited || is_odd(failure)
}

/// Whether it says that the service is at fault, where it should say that something it needs is out of reach.
fn is_odd(failure: &Failure) -> bool {
    !failure.broken && matches!(failure.code, Code::Internal | Code::Unknown | Code::DataLoss)
}
