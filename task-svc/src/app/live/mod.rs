//! Live changes: what the one bus tail of this process tells, and everybody who watches.
//!
//! [`Ring`] keeps the newest changes so that a watcher who was away can go on where it was; each watcher has a bounded
//! queue ([`Subscription`]). One lock covers ring and watchers, held for a few map operations per change, so that what
//! a watcher is given begins exactly where its backlog ends.

mod ring;
mod subscription;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use mesh_types::WorkspaceId;
use tokio::sync::watch;

use crate::domain::Task;
use ring::Ring;
use subscription::Watcher;

pub use subscription::{Ended, Subscription};

/// A place in the stream of changes: which stream, and how far into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which stream. Another one was not there before, or has been lost since.
    pub stream: Arc<str>,
    /// The number of the change that was seen last; 0 is none yet.
    pub sequence: u64,
}

/// A task as it was after a change.
#[derive(Clone, Debug)]
pub struct Shown {
    /// The number of the change in the stream.
    pub sequence: u64,
    /// The epoch of the database that the version was counted in.
    pub epoch: i64,
    /// The task.
    pub task: Task,
}

/// Bounds of what is kept for watchers.
#[derive(Clone, Copy, Debug)]
pub struct LiveSettings {
    /// How many changes are kept for those who come back.
    pub ring: usize,
    /// How many tasks may wait for one watcher before it is taken for too slow.
    pub queue: usize,
    /// How long a watcher who comes back may be ahead of this process before it has to list again.
    pub patience: Duration,
}

/// Everybody who watches, and what there is to tell.
pub struct Live {
    settings: LiveSettings,
    state: Mutex<State>,
    /// The place of the newest change that came in; `None` until there is a stream.
    head: watch::Sender<Option<Place>>,
}

struct State {
    ring: Ring,
    watchers: HashMap<WorkspaceId, HashMap<u64, Arc<Watcher>>>,
    next_watcher: u64,
}

impl Live {
    /// Nobody watches and nothing has happened yet.
    pub fn new(settings: LiveSettings) -> Arc<Self> {
        let watchers = HashMap::new();
        let state = State { ring: Ring::new(settings.ring), watchers, next_watcher: 0 };
        Arc::new(Self { settings, state: Mutex::new(state), head: watch::Sender::new(None) })
    }

    /// The place after which to follow the stream; `None` to begin with what is kept of it.
    pub fn head(&self) -> Option<Place> {
        self.head.borrow().clone()
    }

    /// Waits until there is a stream, and, for a while, until it has come as far as `place`: whoever comes back may have
    /// been served by a process that was a little ahead of this one. `false` when there is no stream.
    pub async fn reaches(&self, place: Option<&Place>) -> bool {
        let mut head = self.head.subscribe();
        let reached = head.wait_for(|head| match (head, place) {
            (Some(head), Some(place)) => head.stream != place.stream || head.sequence >= place.sequence,
            (head, _) => head.is_some(),
        });
        // Not reached in time is for `subscribe` to judge.
        let _ = tokio::time::timeout(self.settings.patience, reached).await;
        self.head().is_some()
    }

    /// How many changes to begin with.
    pub fn backlog(&self) -> u64 {
        self.settings.ring as u64
    }

    /// Begins with another stream, or anew with one of which something was missed: what is kept is forgotten, and
    /// everybody who watches has to list again.
    pub fn begin(&self, stream: Arc<str>) {
        let mut state = self.state();
        state.ring.clear();
        state.end_all(Ended::Resync);
        self.head.send_replace(Some(Place { stream, sequence: 0 }));
    }

    /// Tells everybody whom it concerns. A version older than one that was told is not told any more.
    pub fn show(&self, shown: Shown) {
        let mut state = self.state();
        if !self.advance(shown.sequence) {
            return;
        }
        let shown = Arc::new(shown);
        if state.ring.push(Arc::clone(&shown)) {
            state.tell(&shown);
        }
    }

    /// Takes note of a change that cannot be told.
    pub fn skip(&self, sequence: u64) {
        let mut state = self.state();
        if self.advance(sequence) {
            state.ring.skip(sequence);
        }
    }

    /// Moves the head on; `false` when the change was there before. Called with the state locked.
    fn advance(&self, sequence: u64) -> bool {
        self.head.send_if_modified(|head| match head {
            Some(place) if place.sequence < sequence => {
                place.sequence = sequence;
                true
            }
            _ => false,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn tell(&self, shown: &Arc<Shown>) {
        for watcher in self.watchers.get(&shown.task.workspace_id).into_iter().flat_map(HashMap::values) {
            watcher.offer(Arc::clone(shown));
        }
    }

    fn end_all(&mut self, ended: Ended) {
        for watcher in self.watchers.values().flat_map(HashMap::values) {
            watcher.end(ended);
        }
        self.watchers.clear();
    }
}
