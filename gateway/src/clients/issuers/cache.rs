//! An issuer's keys, kept as long as it says, and fetched anew when a token names one that is not known: by one call at a
//! time and not too often, since anybody can make up a key's name.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use mesh_types::{Fault, Timestamp};
use tokio::sync::{Mutex, MutexGuard};

use super::{
    ExternalAlgorithm,
    fetch::Fetcher,
    jwks::{self, Key},
};

/// How long to wait after a fetch before the next.
const FLOOR: Duration = Duration::from_secs(30);

/// For how long keys are good if the issuer does not say, and within which bounds if it does.
const USUAL_LIFE: Duration = Duration::from_secs(3600);
const SHORTEST_LIFE: Duration = Duration::from_secs(60);
const LONGEST_LIFE: Duration = Duration::from_secs(86_400);

/// The keys of one issuer.
pub(super) struct Cache {
    fetcher: Fetcher,
    algorithms: Vec<ExternalAlgorithm>,
    known: RwLock<Arc<Known>>,
    /// Held by whoever fetches: when that was last tried.
    tried: Mutex<Option<Timestamp>>,
}

#[derive(Default)]
struct Known {
    keys: HashMap<String, Key>,
    fresh_until: Option<Timestamp>,
}

impl Known {
    fn is_fresh(&self, now: Timestamp) -> bool {
        self.fresh_until.is_some_and(|until| now < until)
    }
}

impl Cache {
    pub(super) fn new(fetcher: Fetcher, algorithms: &[ExternalAlgorithm]) -> Self {
        Self { fetcher, algorithms: algorithms.to_vec(), known: RwLock::default(), tried: Mutex::default() }
    }

    /// The key of this id, if the issuer has it. Old keys are used on while newer ones cannot be had.
    ///
    /// # Errors
    /// UNAVAILABLE when no keys could be had so far.
    pub(super) async fn find(&self, id: &str, now: Timestamp) -> Result<Option<Key>, Fault> {
        let known = self.known();
        if let Some(key) = known.keys.get(id) {
            if !known.is_fresh(now)
                && let Ok(tried) = self.tried.try_lock()
            {
                self.fetch(tried, now).await;
                return Ok(self.known().keys.get(id).cloned());
            }
            return Ok(Some(key.clone()));
        }
        // Whoever waited here for another's fetch finds what that brought.
        let tried = self.tried.lock().await;
        if !self.known().keys.contains_key(id) {
            self.fetch(tried, now).await;
        }
        let known = self.known();
        if known.fresh_until.is_none() {
            return Err(Fault::unavailable());
        }
        Ok(known.keys.get(id).cloned())
    }

    async fn fetch(&self, mut tried: MutexGuard<'_, Option<Timestamp>>, now: Timestamp) {
        if tried.is_some_and(|last| now < last.plus(FLOOR)) {
            return;
        }
        *tried = Some(now);
        let fetched = self.fetcher.fetch().await.and_then(|document| {
            let keys = jwks::parse(&document.body, &self.algorithms)?;
            Ok((keys, document.max_age.unwrap_or(USUAL_LIFE).clamp(SHORTEST_LIFE, LONGEST_LIFE)))
        });
        match fetched {
            Ok((keys, life)) => {
                tracing::info!(
                    issuer.keys = keys.len(),
                    jwks.url = self.fetcher.url(),
                    "an issuer's keys were fetched"
                );
                let known = Known { keys, fresh_until: Some(now.plus(life)) };
                *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(known);
            }
            Err(problem) => {
                tracing::warn!(problem, jwks.url = self.fetcher.url(), "an issuer's keys were not fetched");
            }
        }
    }

    fn known(&self) -> Arc<Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
