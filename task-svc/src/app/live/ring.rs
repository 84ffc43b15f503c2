//! The newest changes, and which version of each task was told last.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use mesh_types::TaskId;

use super::Shown;

/// The newest changes, oldest first; never more than its capacity.
pub(super) struct Ring {
    capacity: usize,
    changes: VecDeque<Arc<Shown>>,
    /// All changes after this one are in the ring, but for those that were superseded.
    floor: Option<u64>,
    /// The newest version of each task in the ring.
    newest: HashMap<TaskId, (i64, i64)>,
}

impl Ring {
    pub(super) fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), changes: VecDeque::new(), floor: None, newest: HashMap::new() }
    }

    pub(super) fn clear(&mut self) {
        self.changes.clear();
        self.newest.clear();
        self.floor = None;
    }

    /// Keeps a change; `false` when a newer version of the task was told already.
    pub(super) fn push(&mut self, shown: Arc<Shown>) -> bool {
        self.skip(shown.sequence);
        let version = (shown.epoch, shown.task.version);
        if self.newest.get(&shown.task.id).is_some_and(|newest| *newest >= version) {
            return false;
        }
        self.newest.insert(shown.task.id, version);
        self.changes.push_back(shown);
        if self.changes.len() > self.capacity {
            self.forget_oldest();
        }
        true
    }

    /// Takes note of a change that is not kept.
    pub(super) fn skip(&mut self, sequence: u64) {
        // What came before the first change that was seen is not known.
        self.floor.get_or_insert(sequence.saturating_sub(1));
    }

    /// The changes after `sequence`; `None` when some of them are kept no longer.
    pub(super) fn after(&self, sequence: u64) -> Option<impl Iterator<Item = &Arc<Shown>>> {
        if self.floor.is_some_and(|floor| sequence < floor) {
            return None;
        }
        let begin = self.changes.partition_point(|shown| shown.sequence <= sequence);
        Some(self.changes.range(begin..))
    }

    fn forget_oldest(&mut self) {
        let Some(oldest) = self.changes.pop_front() else { return };
        self.floor = Some(oldest.sequence);
        if self.newest.get(&oldest.task.id) == Some(&(oldest.epoch, oldest.task.version)) {
            self.newest.remove(&oldest.task.id);
        }
    }
}
