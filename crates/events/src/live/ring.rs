//! The newest changes, and which version of each thing was told last.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use uuid::Uuid;

use super::{Shown, Watched};

/// The newest changes, oldest first; never more than its capacity.
pub(super) struct Ring<T> {
    capacity: usize,
    changes: VecDeque<Arc<Shown<T>>>,
    /// All changes after this one are in the ring, or will come in, but for those that were superseded.
    floor: u64,
    /// Whether no change came in yet.
    untouched: bool,
    /// The newest version of each thing in the ring.
    newest: HashMap<Uuid, (i64, i64)>,
}

impl<T: Watched> Ring<T> {
    pub(super) fn new(capacity: usize) -> Self {
        let (changes, newest) = (VecDeque::new(), HashMap::new());
        Self { capacity: capacity.max(1), changes, floor: 0, untouched: true, newest }
    }

    /// Forgets everything; every change after `floor` will come in.
    pub(super) fn clear(&mut self, floor: u64) {
        self.changes.clear();
        self.newest.clear();
        self.floor = floor;
        self.untouched = true;
    }

    /// Keeps a change; `false` when a newer version of the thing was told already.
    pub(super) fn push(&mut self, shown: Arc<Shown<T>>) -> bool {
        self.skip(shown.sequence);
        let (id, revision) = (shown.item.id(), shown.revision());
        if self.newest.get(&id).is_some_and(|newest| *newest >= revision) {
            return false;
        }
        self.newest.insert(id, revision);
        self.changes.push_back(shown);
        if self.changes.len() > self.capacity {
            self.forget_oldest();
        }
        true
    }

    /// Takes note of a change that is not kept.
    pub(super) fn skip(&mut self, sequence: u64) {
        // What came before the first change that came in is not known.
        if std::mem::take(&mut self.untouched) {
            self.floor = self.floor.min(sequence.saturating_sub(1));
        }
    }

    /// The changes after `sequence`; `None` when some of them are kept no longer.
    pub(super) fn after(&self, sequence: u64) -> Option<impl Iterator<Item = &Arc<Shown<T>>>> {
        if sequence < self.floor {
            return None;
        }
        let begin = self.changes.partition_point(|shown| shown.sequence <= sequence);
        Some(self.changes.range(begin..))
    }

    fn forget_oldest(&mut self) {
        let Some(oldest) = self.changes.pop_front() else { return };
        self.floor = oldest.sequence;
        let id = oldest.item.id();
        if self.newest.get(&id) == Some(&oldest.revision()) {
            self.newest.remove(&id);
        }
    }
}
