//! One watcher: its queue, and its end.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Notify;
use uuid::Uuid;

use super::{Ended, Live, Place, Shown, Watched};

/// What waits for a watcher. The stream's side offers, the watcher's side takes.
pub(super) struct Watcher<T> {
    /// Changes up to this one are not for it: it has seen them, or did not ask for them.
    after: u64,
    queue: Mutex<Queue<T>>,
    ready: Notify,
}

/// The newest change of each thing, in the order of their numbers: one that changes again moves to the end. So
/// whoever has seen a change has seen, or will be told better of, everything before it.
struct Queue<T> {
    by_sequence: BTreeMap<u64, Arc<Shown<T>>>,
    by_id: HashMap<Uuid, u64>,
    capacity: usize,
    ended: Option<Ended>,
}

impl<T: Watched> Watcher<T> {
    fn new(after: u64, backlog: Vec<Arc<Shown<T>>>, capacity: usize) -> Self {
        let (by_sequence, by_id) = (BTreeMap::new(), HashMap::new());
        let mut queue = Queue { by_sequence, by_id, capacity: usize::MAX, ended: None };
        for shown in backlog {
            queue.offer(shown);
        }
        queue.capacity = capacity + queue.by_id.len();
        Self { after, queue: Mutex::new(queue), ready: Notify::new() }
    }

    pub(super) fn offer(&self, shown: Arc<Shown<T>>) {
        if shown.sequence > self.after {
            self.queue().offer(shown);
            self.ready.notify_one();
        }
    }

    pub(super) fn end(&self, ended: Ended) {
        self.queue().end(ended);
        self.ready.notify_one();
    }

    fn take(&self) -> Result<Option<Arc<Shown<T>>>, Ended> {
        self.queue().take()
    }

    /// Whether nothing waits, not even its end.
    fn is_idle(&self) -> bool {
        let queue = self.queue();
        queue.ended.is_none() && queue.by_sequence.is_empty()
    }

    fn queue(&self) -> MutexGuard<'_, Queue<T>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Watched> Queue<T> {
    fn offer(&mut self, shown: Arc<Shown<T>>) {
        if self.ended.is_some() {
            return;
        }
        let id = shown.item.id();
        if let Some(waiting) = self.by_id.get(&id) {
            // The ring knows the versions of what it holds only; what waits here may be older than that.
            if self.by_sequence.get(waiting).is_some_and(|waiting| waiting.revision() >= shown.revision()) {
                return;
            }
            self.by_sequence.remove(waiting);
        }
        self.by_id.insert(id, shown.sequence);
        self.by_sequence.insert(shown.sequence, shown);
        if self.by_id.len() > self.capacity {
            self.end(Ended::TooSlow);
        }
    }

    fn take(&mut self) -> Result<Option<Arc<Shown<T>>>, Ended> {
        let Some((_, shown)) = self.by_sequence.pop_first() else {
            return self.ended.map_or(Ok(None), Err);
        };
        self.by_id.remove(&shown.item.id());
        Ok(Some(shown))
    }

    fn end(&mut self, ended: Ended) {
        self.ended.get_or_insert(ended);
        self.by_sequence = BTreeMap::new();
        self.by_id = HashMap::new();
    }
}

/// One watcher's view of the stream. Dropping it ends it.
pub struct Subscription<T> {
    live: Arc<Live<T>>,
    watcher: Arc<Watcher<T>>,
    number: u64,
    audiences: Vec<Uuid>,
    /// Where it stands.
    place: Place,
}

impl<T: Watched> Live<T> {
    /// Watches what is told to these audiences from now on, or from right after a place that was seen before.
    ///
    /// # Errors
    /// [`Ended::Resync`] when what came after that place is not known here.
    pub(super) fn subscribe(
        self: &Arc<Self>,
        audiences: Vec<Uuid>,
        resume: Option<Place>,
    ) -> Result<Subscription<T>, Ended> {
        let mut state = self.state();
        let head = self.head().ok_or(Ended::Resync)?;
        let place = resume.unwrap_or_else(|| head.clone());
        if place.stream != head.stream || place.sequence > head.sequence {
            return Err(Ended::Resync);
        }
        let missed = state.ring.after(place.sequence).ok_or(Ended::Resync)?;
        let missed = missed.filter(|shown| audiences.contains(&shown.item.audience())).cloned().collect();
        let watcher = Arc::new(Watcher::new(place.sequence, missed, self.settings.queue));
        let number = state.next_watcher;
        state.next_watcher += 1;
        for audience in &audiences {
            state.watchers.entry(*audience).or_default().insert(number, Arc::clone(&watcher));
        }
        self.numbers.open.increment(1);
        Ok(Subscription { live: Arc::clone(self), watcher, number, audiences, place })
    }
}

impl<T: Watched> Subscription<T> {
    /// The next change.
    ///
    /// # Errors
    /// Why there is none any more.
    pub async fn next(&mut self) -> Result<Arc<Shown<T>>, Ended> {
        loop {
            if let Some(shown) = self.watcher.take().inspect_err(|ended| self.live.numbers.count(*ended))? {
                self.place.sequence = shown.sequence;
                return Ok(shown);
            }
            self.watcher.ready.notified().await;
        }
    }

    /// Where it stands: everything of interest up to here was taken.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Moves on past changes that are of no interest, if nothing else waits.
    pub fn catch_up(&mut self) {
        // With the lock held nothing is offered between the two looks.
        let state = self.live.state();
        let same = self.live.head().is_some_and(|head| head.stream == self.place.stream);
        if same && self.watcher.is_idle() {
            self.place.sequence = self.place.sequence.max(state.reached);
        }
    }
}

impl<T> Drop for Subscription<T> {
    fn drop(&mut self) {
        self.live.numbers.open.decrement(1);
        let mut state = self.live.state();
        for audience in &self.audiences {
            if let Some(watchers) = state.watchers.get_mut(audience) {
                watchers.remove(&self.number);
                if watchers.is_empty() {
                    state.watchers.remove(audience);
                }
            }
        }
    }
}
