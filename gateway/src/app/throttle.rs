//! Attempts to sign in, counted per account and network in this process. Only a success is forgiven.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use mesh_types::Timestamp;

use crate::domain::{Error, Limit};

/// How many pairs of account and network are counted at once. Beyond it the oldest counts would have to go, so new
/// pairs wait: at some 30 ms of work per attempt nobody gets here without a botnet.
const CAPACITY: usize = 100_000;

/// Counts attempts to sign in.
pub struct Throttle {
    limit: Limit,
    hasher: RandomState,
    levels: Mutex<HashMap<Attempt, Timestamp>>,
}

/// An attempt that was let through: the account and network it counts for, as a keyed hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Attempt(u64);

impl Throttle {
    /// Lets attempts through up to `limit`.
    pub fn new(limit: Limit) -> Self {
        Self { limit, hasher: RandomState::new(), levels: Mutex::default() }
    }

    /// Counts an attempt.
    ///
    /// # Errors
    /// [`Error::TooManyAttempts`] with how long to wait.
    pub fn enter(&self, email: &str, network: Option<IpAddr>, now: Timestamp) -> Result<Attempt, Error> {
        let attempt = Attempt(self.hasher.hash_one((email, network)));
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

    /// Forgets what was counted: the password was right.
    pub fn forgive(&self, attempt: Attempt) {
        self.levels().remove(&attempt);
    }

    fn levels(&self) -> MutexGuard<'_, HashMap<Attempt, Timestamp>> {
        self.levels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Rounded up, so that whoever waits as told is let through.
fn whole_seconds(wait: Duration) -> Duration {
    Duration::from_secs(wait.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX))
}
