//! What was exchanged before: bounded, and never longer believed than it may be.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use mesh_types::{ApiTokenId, Timestamp};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::exchange::Exchanged;
use crate::{
    domain::{ClientHint, Grant},
    store::TokenUse,
};

/// How many exchanges are kept, at about 2 KiB each.
const CAPACITY: usize = 20_000;

/// While one call looks at a credential again, the others go on with what is known for at most this long.
const RECHECK_TIME: Duration = Duration::from_secs(1);

/// A credential and the client that presents it; the credential itself is not kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key([u8; 32]);

impl Key {
    pub(super) fn of(credential: &str, client: &ClientHint) -> Self {
        let parts = [Some(credential), client.address.as_deref(), client.user_agent.as_deref()];
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update(part.map_or(u64::MAX, |text| text.len() as u64).to_be_bytes());
            hasher.update(part.unwrap_or_default());
        }
        Self(hasher.finalize().into())
    }
}

/// The outcome of an exchange.
#[derive(Clone)]
pub(super) struct Entry {
    /// What is forwarded, and for whom.
    pub(super) exchanged: Exchanged,
    /// Until when it is given out without a look.
    pub(super) fresh_until: Timestamp,
    /// From when on a new access token is to be made.
    pub(super) renew_time: Timestamp,
    /// What the access token says.
    pub(super) grant: Grant,
    /// For an API token, the minute in which its use was last noted.
    noted: Option<Arc<AtomicI64>>,
}

impl Entry {
    pub(super) fn new(
        exchanged: Exchanged,
        fresh_until: Timestamp,
        renew_time: Timestamp,
        grant: Grant,
        is_token: bool,
    ) -> Self {
        let noted = is_token.then(Arc::default);
        Self { exchanged, fresh_until: fresh_until.min(renew_time), renew_time, grant, noted }
    }
}

/// What the cache knows of a credential.
pub(super) enum Found {
    /// This is to be forwarded.
    Fresh(Exchanged),
    /// This was, and is to be looked at again, by the one who is told so.
    Stale(Entry),
    /// Nothing.
    Nothing,
}

#[derive(Default)]
pub(super) struct Cache {
    entries: RwLock<HashMap<Key, Entry>>,
    /// Grows with every revocation: what was read from the database before is not kept.
    epoch: AtomicU64,
    uses: Mutex<HashMap<ApiTokenId, Timestamp>>,
}

impl Cache {
    pub(super) fn find(&self, key: &Key, now: Timestamp) -> Found {
        if let Some(entry) = self.read().get(key) {
            if now < entry.fresh_until {
                self.note_use(entry, now);
                return Found::Fresh(entry.exchanged.clone());
            }
        } else {
            return Found::Nothing;
        }
        self.claim(key, now)
    }

    /// Takes it upon the caller to look at a stale entry again; others see it as fresh meanwhile.
    fn claim(&self, key: &Key, now: Timestamp) -> Found {
        let mut entries = self.write();
        let Some(entry) = entries.get_mut(key) else { return Found::Nothing };
        if now < entry.fresh_until {
            return Found::Fresh(entry.exchanged.clone());
        }
        let stale = entry.clone();
        entry.fresh_until = now.plus(RECHECK_TIME).min(entry.renew_time);
        Found::Stale(stale)
    }

    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// Keeps what was found out, unless a revocation came between.
    pub(super) fn keep(&self, key: Key, entry: Entry, epoch: u64, now: Timestamp) {
        self.note_use(&entry, now);
        let mut entries = self.write();
        if epoch != self.epoch() {
            entries.remove(&key);
            return;
        }
        if entries.len() >= CAPACITY && !entries.contains_key(&key) {
            make_room(&mut entries, now);
        }
        entries.insert(key, entry);
    }

    pub(super) fn remove(&self, key: &Key) {
        // Garbage that was never kept is the usual case and takes no exclusive lock.
        if self.read().contains_key(key) {
            self.write().remove(key);
        }
    }

    pub(super) fn forget(&self, credential: Uuid) {
        let mut entries = self.write();
        self.epoch.fetch_add(1, Ordering::SeqCst);
        entries.retain(|_, entry| entry.grant.token_id != credential);
    }

    pub(super) fn recheck(&self, which: impl Fn(&Entry) -> bool) {
        let mut entries = self.write();
        self.epoch.fetch_add(1, Ordering::SeqCst);
        for entry in entries.values_mut().filter(|entry| which(entry)) {
            entry.fresh_until = Timestamp::from_micros(0);
        }
    }

    pub(super) fn take_uses(&self) -> Vec<TokenUse> {
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        uses.drain().map(|(id, minute)| TokenUse { id, minute }).collect()
    }

    /// Notes the use of an API token, once a minute.
    fn note_use(&self, entry: &Entry, now: Timestamp) {
        let Some(noted) = &entry.noted else { return };
        let minute = now.as_micros().div_euclid(60_000_000) * 60_000_000;
        if noted.swap(minute, Ordering::Relaxed) != minute {
            let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
            uses.insert(ApiTokenId(entry.grant.token_id), Timestamp::from_micros(minute));
        }
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<Key, Entry>> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<Key, Entry>> {
        self.entries.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Drops what has ended, or, when nothing has, half of all: rare, and what is dropped costs one exchange.
fn make_room(entries: &mut HashMap<Key, Entry>, now: Timestamp) {
    entries.retain(|_, entry| now < entry.renew_time);
    if entries.len() >= CAPACITY {
        let mut keep = false;
        entries.retain(|_, _| {
            keep = !keep;
            keep
        });
    }
}
