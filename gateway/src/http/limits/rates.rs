//! Token buckets by key: one number each, in a table that is bounded and split so that calls do not wait for one another.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hash, RandomState},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use mesh_types::Timestamp;
use tokio::time::Instant;

use crate::domain::Limit;

/// Into how many parts the table is split.
const SHARDS: usize = 64;
/// How many keys a part holds: 128 × 1024 altogether, some 8 MiB when full.
const SHARD_CAPACITY: usize = 2_048;
/// How often a full part is searched for buckets that are empty again.
const SWEEP_PAUSE: Duration = Duration::from_secs(1);

/// The buckets of everybody who called lately.
pub(super) struct Rates<K> {
    limit: Limit,
    /// What instants are counted from: the machine's clock may be set, and must not lock anybody out.
    start: Instant,
    hasher: RandomState,
    shards: Box<[Mutex<Shard<K>>]>,
}

struct Shard<K> {
    levels: HashMap<K, Timestamp>,
    swept: Timestamp,
}

impl<K: Copy + Eq + Hash> Rates<K> {
    pub(super) fn new(limit: Limit) -> Self {
        let shard = |_| Mutex::new(Shard { levels: HashMap::new(), swept: Timestamp::default() });
        Self { limit, start: Instant::now(), hasher: RandomState::new(), shards: (0..SHARDS).map(shard).collect() }
    }

    /// Counts a call of `key` at `now`.
    ///
    /// # Errors
    /// How long to wait, when there were too many.
    pub(super) fn take(&self, key: K, now: Instant) -> Result<(), Duration> {
        self.change(key, now, |level, now| self.limit.try_at(now, level))
    }

    /// Counts so many calls of `key` at once, whether they fit or not.
    pub(super) fn charge(&self, key: K, now: Instant, calls: u32) {
        let _ = self.change(key, now, |level, now| Ok(self.limit.charge(now, level, calls)));
    }

    fn change(
        &self,
        key: K,
        now: Instant,
        change: impl FnOnce(Option<Timestamp>, Timestamp) -> Result<Timestamp, Duration>,
    ) -> Result<(), Duration> {
        let elapsed = now.saturating_duration_since(self.start);
        let now = Timestamp::from_micros(i64::try_from(elapsed.as_micros()).unwrap_or(i64::MAX));
        let shard = &self.shards[self.hasher.hash_one(key) as usize % SHARDS];
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(level) = shard.levels.get_mut(&key) {
            *level = change(Some(*level), now)?;
            return Ok(());
        }
        let level = change(None, now)?;
        shard.make_room(now);
        shard.levels.insert(key, level);
        Ok(())
    }
}

impl<K: Copy + Eq + Hash> Shard<K> {
    /// Forgets empty buckets when there are too many, or else any one: whoever it is may call a burst more.
    fn make_room(&mut self, now: Timestamp) {
        if self.levels.len() < SHARD_CAPACITY {
            return;
        }
        if now.since(self.swept) >= SWEEP_PAUSE {
            self.swept = now;
            self.levels.retain(|_, level| *level > now);
        }
        if self.levels.len() >= SHARD_CAPACITY
            && let Some(any) = self.levels.keys().next().copied()
        {
            self.levels.remove(&any);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates() -> Rates<u64> {
        Rates::new(Limit { burst: 2, interval: Duration::from_secs(1) })
    }

    #[tokio::test(start_paused = true)]
    async fn each_key_has_a_bucket_of_its_own_that_fills_again() {
        let rates = rates();
        let now = Instant::now();
        assert_eq!((rates.take(1, now), rates.take(1, now)), (Ok(()), Ok(())));
        assert_eq!(rates.take(1, now), Err(Duration::from_secs(1)));
        assert_eq!(rates.take(2, now), Ok(()));
        assert_eq!(rates.take(1, now + Duration::from_secs(1)), Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_keys_takes_no_more_room_and_pushes_out_no_one_for_long() {
        let rates = rates();
        let now = Instant::now();
        for key in 0..500_000 {
            assert_eq!(rates.take(key, now), Ok(()));
        }
        let held: usize = rates.shards.iter().map(|shard| shard.lock().expect("no panic").levels.len()).sum();
        assert!(held <= SHARDS * SHARD_CAPACITY, "{held}");
        let later = now + Duration::from_secs(10);
        assert_eq!((rates.take(1_000_000, later), rates.take(1_000_000, later)), (Ok(()), Ok(())));
        assert!(rates.take(1_000_000, later).is_err());
    }
}
