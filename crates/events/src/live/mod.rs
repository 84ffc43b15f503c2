//! Live changes: what the one bus tail of this process tells, and everybody who watches.
//!
//! [`follow`] reads the bus into [`Live`]. A ring there keeps the newest changes so that a watcher who was away can go on
//! where it was ([`Place`]); each watcher has a bounded queue ([`Subscription`]). One lock covers ring and watchers, held
//! for a few map operations per change, so that what a watcher is given begins exactly where its backlog ends.

mod ended;
mod follow;
mod messages;
mod numbers;
mod place;
mod ring;
mod subscription;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use mesh_types::Fault;
use tokio::sync::watch;
use uuid::Uuid;

use numbers::Numbers;
use ring::Ring;
use subscription::Watcher;

pub use ended::Ended;
pub use follow::follow;
pub use messages::{LiveEvent, LiveMessage};
pub use place::Place;
pub use subscription::Subscription;

/// Something whose changes are watched.
pub trait Watched: Clone + Send + Sync + 'static {
    /// Its id.
    fn id(&self) -> Uuid;
    /// Its version; a higher one is newer.
    fn version(&self) -> i64;
    /// Who is told: a workspace, or a person.
    fn audience(&self) -> Uuid;
}

/// Something as it was after a change.
#[derive(Clone, Debug)]
pub struct Shown<T> {
    /// The number of the change in the stream.
    pub sequence: u64,
    /// The epoch of the database that the version was counted in.
    pub epoch: i64,
    /// What has changed.
    pub item: T,
}

impl<T: Watched> Shown<T> {
    /// Which version of it this is; the greater one is newer.
    fn revision(&self) -> (i64, i64) {
        (self.epoch, self.item.version())
    }
}

/// Bounds of what is kept for watchers.
#[derive(Clone, Copy, Debug)]
pub struct LiveSettings {
    /// What is watched, as metrics call it, such as `tasks`.
    pub stream: &'static str,
    /// How many changes are kept for those who come back.
    pub ring: usize,
    /// How many things may wait for one watcher before it is taken for too slow.
    pub queue: usize,
    /// How long a watcher who comes back may be ahead of this process before it has to list again.
    pub patience: Duration,
}

/// Everybody who watches, and what there is to tell.
pub struct Live<T> {
    settings: LiveSettings,
    numbers: Numbers,
    state: Mutex<State<T>>,
    /// `None` until there is a stream.
    front: watch::Sender<Option<Front>>,
}

/// How far the stream is known here.
#[derive(Clone, Debug)]
struct Front {
    /// The place of the newest change that there was when the stream began here, or that came in since.
    place: Place,
    /// Whether the ring knows how far back it reaches: some change came in, or there was none to come.
    settled: bool,
}

struct State<T> {
    ring: Ring<T>,
    /// The number of the last change that came in; 0 is none yet. At first that lags behind the front, while what is kept
    /// of the stream comes in.
    reached: u64,
    watchers: HashMap<Uuid, HashMap<u64, Arc<Watcher<T>>>>,
    next_watcher: u64,
}

impl<T> Live<T> {
    /// The newest place that is known of the stream; `None` while there is none.
    pub fn head(&self) -> Option<Place> {
        self.front.borrow().as_ref().map(|front| front.place.clone())
    }

    /// The place after which to follow the stream; `None` to begin with what is kept of it.
    fn followed(&self) -> Option<Place> {
        let state = self.state();
        let place = self.head()?;
        // As long as nothing came in, nobody is owed what came before the place where the stream began.
        let sequence = if state.reached == 0 { place.sequence } else { state.reached };
        Some(Place { sequence, ..place })
    }

    /// How many changes to begin with.
    fn backlog(&self) -> u64 {
        self.settings.ring as u64
    }

    /// Takes note of a change; `false` when it was there before.
    fn advance(&self, state: &mut State<T>, sequence: u64) -> bool {
        if sequence <= state.reached {
            return false;
        }
        state.reached = sequence;
        self.front.send_modify(|front| {
            if let Some(front) = front {
                front.place.sequence = front.place.sequence.max(sequence);
                front.settled = true;
            }
        });
        true
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Watched> Live<T> {
    /// Nobody watches and nothing has happened yet.
    pub fn new(settings: LiveSettings) -> Arc<Self> {
        let ring = Ring::new(settings.ring);
        let state = State { ring, reached: 0, watchers: HashMap::new(), next_watcher: 0 };
        let numbers = Numbers::of(settings.stream);
        Arc::new(Self { settings, numbers, state: Mutex::new(state), front: watch::Sender::new(None) })
    }

    /// Watches what is told to these audiences, from now on or from right after a place that was seen before.
    ///
    /// # Errors
    /// OUT_OF_RANGE (`RESYNC_REQUIRED`) when something between the place and now is not known here any more;
    /// UNAVAILABLE while there is no stream to watch.
    pub async fn watch(
        self: &Arc<Self>,
        audiences: Vec<Uuid>,
        resume: Option<Place>,
    ) -> Result<Subscription<T>, Fault> {
        if !self.reaches(resume.as_ref()).await {
            return Err(Fault::unavailable());
        }
        Ok(self.subscribe(audiences, resume).inspect_err(|ended| self.numbers.count(*ended))?)
    }

    /// Waits until there is a stream, and, for a while, until it has come as far as `place`: whoever comes back may have
    /// been served by a process that was a little ahead of this one. `false` when there is no stream.
    async fn reaches(&self, place: Option<&Place>) -> bool {
        let mut front = self.front.subscribe();
        let reached = front.wait_for(|front| match (front, place) {
            (Some(front), Some(place)) => front.can_judge(place),
            (front, _) => front.is_some(),
        });
        // Not reached in time is for `subscribe` to judge.
        let _ = tokio::time::timeout(self.settings.patience, reached).await;
        self.head().is_some()
    }

    /// Begins with another stream, or anew with one of which something was missed, whose newest place is this: what is
    /// kept is forgotten, and everybody who watches has to list again. Every change after that place will come in, and
    /// perhaps some before it.
    pub fn begin(&self, newest: Place) {
        let mut state = self.state();
        state.forget(newest.sequence);
        let settled = newest.sequence == 0;
        self.front.send_replace(Some(Front { place: newest, settled }));
    }

    /// Something of the stream was missed: everybody who watches has to list again, and the stream to begin anew.
    fn lose(&self) {
        let mut state = self.state();
        state.forget(0);
        self.front.send_replace(None);
    }

    /// Tells everybody whom it concerns. A version older than one that was told is not told any more.
    pub fn show(&self, shown: Shown<T>) {
        let mut state = self.state();
        if !self.advance(&mut state, shown.sequence) {
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
        if self.advance(&mut state, sequence) {
            state.ring.skip(sequence);
        }
    }
}

impl Front {
    /// Whether it is known what came after `place`, or that it cannot be known.
    fn can_judge(&self, place: &Place) -> bool {
        let Place { stream, sequence } = &self.place;
        *stream != place.stream || *sequence == place.sequence || (*sequence > place.sequence && self.settled)
    }
}

impl<T: Watched> State<T> {
    fn tell(&self, shown: &Arc<Shown<T>>) {
        for watcher in self.watchers.get(&shown.item.audience()).into_iter().flat_map(HashMap::values) {
            watcher.offer(Arc::clone(shown));
        }
    }

    /// Forgets all changes; of those up to `newest` nothing is known from now on.
    fn forget(&mut self, newest: u64) {
        self.ring.clear(newest);
        self.reached = 0;
        for watcher in self.watchers.values().flat_map(HashMap::values) {
            watcher.end(Ended::Resync);
        }
        self.watchers.clear();
    }
}
