//! Tokens that were verified before: verifying a signature costs more than most calls.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use mesh_types::Timestamp;
use sha2::{Digest, Sha256};

use super::Verified;

/// How many tokens each of the two halves remembers.
const HALF: usize = 4_096;

/// Remembers verified tokens by their hash, so that no token lies about in memory. Bounded: when the young half is
/// full it becomes the old one, and what was not used since is forgotten.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<Halves>);

#[derive(Debug, Default)]
struct Halves {
    generation: u64,
    young: HashMap<Key, Arc<Verified>>,
    old: HashMap<Key, Arc<Verified>>,
}

type Key = [u8; 32];

impl Cache {
    pub(super) fn key(token: &str) -> Key {
        Sha256::digest(token).into()
    }

    /// What the token said, if it was verified by the same keys and has not expired.
    pub(super) fn find(&self, key: &Key, generation: u64, now: Timestamp) -> Option<Arc<Verified>> {
        let mut halves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        halves.forget_other_keys(generation);
        if let Some(verified) = halves.young.get(key) {
            return Some(Arc::clone(verified)).filter(|verified| verified.expires > now);
        }
        let verified = halves.old.remove(key).filter(|verified| verified.expires > now)?;
        halves.insert(*key, Arc::clone(&verified));
        Some(verified)
    }

    pub(super) fn insert(&self, key: Key, generation: u64, verified: Arc<Verified>) {
        let mut halves = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        halves.forget_other_keys(generation);
        halves.insert(key, verified);
    }
}

impl Halves {
    fn forget_other_keys(&mut self, generation: u64) {
        if self.generation != generation {
            *self = Self { generation, ..Self::default() };
        }
    }

    fn insert(&mut self, key: Key, verified: Arc<Verified>) {
        if self.young.len() >= HALF {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, verified);
    }
}
