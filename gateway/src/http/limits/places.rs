//! Places: how many calls, streams or connections there are at once, altogether or by key. A place is given back when it
//! is dropped.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::{BuildHasher, Hash, RandomState},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Into how many parts a table is split, so that calls do not wait for one another.
const SHARDS: usize = 32;

/// So many places for all.
#[derive(Debug)]
pub(crate) struct Places {
    most: usize,
    taken: AtomicUsize,
}

/// One of [`Places`].
#[derive(Debug)]
pub(crate) struct Place(Arc<Places>);

impl Places {
    /// `most` places; 0 is without end.
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, taken: AtomicUsize::new(0) })
    }

    /// A place, if one is free.
    pub(crate) fn take(self: &Arc<Self>) -> Option<Place> {
        let place = Place(self.clone());
        let taken = self.taken.fetch_add(1, Ordering::Relaxed);
        (self.most == 0 || taken < self.most).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::Relaxed);
    }
}

/// So many places for each key. Only keys that have some taken are kept.
#[derive(Debug)]
pub(crate) struct PlacesBy<K> {
    most: usize,
    hasher: RandomState,
    shards: Box<[Mutex<HashMap<K, usize>>]>,
}

/// One of [`PlacesBy`].
#[derive(Debug)]
pub(crate) struct PlaceOf<K: Copy + Eq + Hash>(Arc<PlacesBy<K>>, K);

impl<K: Copy + Eq + Hash> PlacesBy<K> {
    /// `most` places for each; 0 is without end.
    pub(crate) fn new(most: usize) -> Arc<Self> {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Arc::new(Self { most, hasher: RandomState::new(), shards })
    }

    /// A place for `key`, if it has one left.
    pub(crate) fn take(self: &Arc<Self>, key: K) -> Option<PlaceOf<K>> {
        let mut shard = self.shard(key);
        let taken = shard.entry(key).or_default();
        if self.most > 0 && *taken >= self.most {
            return None;
        }
        *taken += 1;
        drop(shard);
        Some(PlaceOf(self.clone(), key))
    }

    fn give_back(&self, key: K) {
        if let Entry::Occupied(mut taken) = self.shard(key).entry(key) {
            *taken.get_mut() -= 1;
            if *taken.get() == 0 {
                taken.remove();
            }
        }
    }

    fn shard(&self, key: K) -> MutexGuard<'_, HashMap<K, usize>> {
        let shard = &self.shards[self.hasher.hash_one(key) as usize % SHARDS];
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Copy + Eq + Hash> Drop for PlaceOf<K> {
    fn drop(&mut self) {
        self.0.give_back(self.1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_it_is_dropped() {
        let places = Places::new(1);
        let first = places.take();
        assert!(first.is_some() && places.take().is_none());
        drop(first);
        assert!(places.take().is_some());
        assert!(Places::new(0).take().is_some());
    }

    #[test]
    fn each_key_has_its_own_places_and_leaves_nothing_behind() {
        let places = PlacesBy::new(2);
        let held = [places.take(1), places.take(1), places.take(2)];
        assert!(held.iter().all(Option::is_some) && places.take(1).is_none());
        drop(held);
        assert!(places.take(1).is_some());
        assert!(places.shards.iter().all(|shard| shard.lock().expect("no panic").is_empty()));
    }
}
