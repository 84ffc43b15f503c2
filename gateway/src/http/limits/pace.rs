//! Ends HTTP/2 streams whose client takes nothing.
//!
//! hyper waits without end for a client to open its flow-control window, and asks the answer's body nothing meanwhile, so
//! the body cannot end itself. But every stream is a task that we spawn: it is dropped, and the stream reset, when what
//! its body handed over was not taken in time.

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::Poll,
    time::Duration,
};

use hyper::rt::Executor;
use hyper_util::rt::TokioExecutor;
use tokio::time::{Instant, Sleep};

tokio::task_local! {
    static PACE: Arc<Pace>;
}

/// Whether the client of one stream takes what it is given.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// How often the body was asked; odd while what it gave is on its way out.
    steps: AtomicU64,
}

impl Pace {
    /// That of the stream whose task asks; none over HTTP/1, where the connection is the stream.
    pub(super) fn current() -> Option<Arc<Self>> {
        PACE.try_with(Arc::clone).ok()
    }

    /// Notes that the body was asked, and whether it gave something.
    pub(super) fn note(&self, gave: bool) {
        let steps = self.steps.load(Ordering::Relaxed);
        self.steps.store((steps | 1) + 1 + u64::from(gave), Ordering::Relaxed);
    }

    /// The step at which something is on its way out.
    fn waiting(&self) -> Option<u64> {
        Some(self.steps.load(Ordering::Relaxed)).filter(|steps| steps % 2 == 1)
    }
}

/// Spawns the streams of HTTP/2 connections.
#[derive(Clone, Debug)]
pub(crate) struct Streams {
    patience: Duration,
}

impl Streams {
    /// Streams that are reset when their client takes nothing for so long.
    pub(crate) fn new(patience: Duration) -> Self {
        Self { patience }
    }
}

impl<F> Executor<F> for Streams
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, future: F) {
        let pace = Arc::<Pace>::default();
        let stream = PACE.scope(pace.clone(), future);
        TokioExecutor::new().execute(impatient(stream, pace, self.patience));
    }
}

/// Does what `stream` does, until it ends or stalls.
async fn impatient(stream: impl Future, pace: Arc<Pace>, patience: Duration) {
    let mut stream = pin!(stream);
    // The step that waits for the client, and until when.
    let mut stalled: Option<(u64, Pin<Box<Sleep>>)> = None;
    poll_fn(|context| {
        if stream.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        let Some(step) = pace.waiting() else {
            stalled = None;
            return Poll::Pending;
        };
        let (since, sleep) = stalled.get_or_insert_with(|| (step, Box::pin(tokio::time::sleep(patience))));
        if *since != step {
            *since = step;
            sleep.as_mut().reset(Instant::now() + patience);
        }
        if sleep.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        metrics::counter!("gateway_cut_off_total", "what" => "stream").increment(1);
        Poll::Ready(())
    })
    .await;
}
