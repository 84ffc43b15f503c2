//! How many watch, and why they stopped.

use metrics::{Counter, Gauge, counter, gauge};

use super::Ended;

/// The numbers of one stream of changes.
pub(super) struct Numbers {
    /// Watches that are open.
    pub(super) open: Gauge,
    too_slow: Counter,
    resync: Counter,
}

impl Numbers {
    pub(super) fn of(stream: &'static str) -> Self {
        let ended = |reason| {
            let ended = counter!("taskmesh_live_streams_ended_total", "stream" => stream, "reason" => reason);
            // Known from the beginning, so that the first of them shows as a change.
            ended.increment(0);
            ended
        };
        let open = gauge!("taskmesh_live_streams", "stream" => stream);
        open.increment(0.0);
        Self { open, too_slow: ended("too_slow"), resync: ended("resync") }
    }

    /// A watch was ended, or refused.
    pub(super) fn count(&self, ended: Ended) {
        match ended {
            Ended::TooSlow => self.too_slow.increment(1),
            Ended::Resync => self.resync.increment(1),
        }
    }
}
