//! How often something may fail, counted in this process by whatever it is counted for.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hash, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use mesh_types::Timestamp;

use crate::domain::{Error, Limit};

/// How many things are counted at once. Beyond it the oldest counts would have to go, so new things wait: at some 30 ms of
/// work per attempt nobody gets here without a botnet.
const CAPACITY: usize = 100_000;

/// Counts attempts.
pub(super) struct Throttle {
    limit: Limit,
    hasher: RandomState,
    levels: Mutex<HashMap<Attempt, Timestamp>>,
}

/// An attempt that was let through: what it counts for, as a keyed hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Attempt(u64);

impl Throttle {
    /// Lets attempts through up to `limit`.
    pub(super) fn new(limit: Limit) -> Self {
        Self { limit, hasher: RandomState::new(), levels: Mutex::default() }
    }

    /// Counts an attempt for `what`. It counts until it is forgiven or given back, so that one whose caller goes away counts.
    ///
    /// # Errors
    /// [`Error::TooManyAttempts`] with how long to wait.
    pub(super) fn enter(&self, what: impl Hash, now: Timestamp) -> Result<Attempt, Error> {
        let attempt = Attempt(self.hasher.hash_one(what));
        let mut levels = self.levels();
        if levels.len() >= CAPACITY && !levels.contains_key(&attempt) {
            levels.retain(|_, level| *level > now);
            if levels.len() >= CAPACITY {
                return Err(Error::TooManyAttempts { retry_after: self.limit.interval });
            }
        }
        let level = self.limit.try_at(now, levels.get(&attempt).copied());
        let level = level.map_err(|wait| Error::TooManyAttempts { retry_after: whole_seconds(wait) })?;
        levels.insert(attempt, level);
        Ok(attempt)
    }

    /// Forgets everything that was counted for the same thing.
    pub(super) fn forgive(&self, attempt: Attempt) {
        self.levels().remove(&attempt);
    }

    /// Forgets this one attempt.
    pub(super) fn give_back(&self, attempt: Attempt) {
        if let Some(level) = self.levels().get_mut(&attempt) {
            *level = level.minus(self.limit.interval);
        }
    }

    fn levels(&self) -> MutexGuard<'_, HashMap<Attempt, Timestamp>> {
        self.levels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Rounded up, so that whoever waits as told is let through.
fn whole_seconds(wait: Duration) -> Duration {
    Duration::from_secs(wait.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX))
}
