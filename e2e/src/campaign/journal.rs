//! What happens in a campaign, told as it happens, with the time since its start.

use std::{
    fmt::Display,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crate::tell;

/// Tells what happens, and counts.
#[derive(Clone, Debug)]
pub struct Journal {
    started: Instant,
    counts: Arc<Counts>,
}

/// What is counted on the way.
#[derive(Debug, Default)]
pub struct Counts {
    /// Calls that were answered.
    pub answered: AtomicU64,
    /// Calls that got no answer and were made again.
    pub repeated: AtomicU64,
    /// Faults that were done.
    pub faults: AtomicU64,
}

impl Journal {
    /// A journal that begins now.
    pub fn begin() -> Self {
        Self { started: Instant::now(), counts: Arc::default() }
    }

    /// When it began.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// How long ago that was.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Tells what happens now.
    pub fn note(&self, what: impl Display) {
        tell(format_args!("[{:8.3}] {what}", self.elapsed().as_secs_f64()));
    }

    /// What was counted so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }
}

impl Counts {
    pub(super) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}
