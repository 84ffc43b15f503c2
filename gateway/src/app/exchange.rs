//! Exchange: what a caller presents for the short-lived access token that is forwarded. On every call's way, so an answer
//! is kept: the second call with the same credential costs one SHA-256 and one look-up.

use std::{sync::Arc, time::Duration};

use http::HeaderValue;
use mesh_types::{ApiTokenId, Clock, Fault, Timestamp, UserId};

use crate::{
    domain::{API_TOKEN_PREFIX, ClientHint, Digest, Error, Grant},
    keys::Keys,
    store::{Store, TokenUse},
};

use super::exchange_cache::{Cache, Entry, Found, Key};

/// Longer than any credential of ours; nothing beyond is looked at.
const LONGEST_CREDENTIAL: usize = 8 * 1024;

/// What is left of an access token's life when a new one is made, so that it does not end on its way.
const MARGIN: Duration = Duration::from_secs(30);

/// How API tokens are treated.
#[derive(Clone, Copy, Debug)]
pub struct ExchangeSettings {
    /// For how long an access token lives that stands for an API token.
    pub access_lifetime: Duration,
    /// How old what is known of an API token may be: revoked elsewhere, it works here for that long.
    pub recheck: Duration,
}

/// What a credential was exchanged for.
#[derive(Clone, Debug)]
pub struct Exchanged {
    /// The `authorization` header to forward.
    pub authorization: HeaderValue,
    /// Who calls.
    pub user: UserId,
}

/// Exchanges credentials for access tokens. Cheap to clone.
#[derive(Clone)]
pub struct Exchange(Arc<Parts>);

struct Parts {
    store: Store,
    keys: Keys,
    clock: Arc<dyn Clock>,
    settings: ExchangeSettings,
    cache: Cache,
}

impl Exchange {
    /// Exchanges for accounts in `store`.
    pub fn new(store: Store, keys: Keys, clock: Arc<dyn Clock>, settings: ExchangeSettings) -> Self {
        Self(Arc::new(Parts { store, keys, clock, settings, cache: Cache::default() }))
    }

    /// The `authorization` header to forward for a caller who presents `credential` (what follows `Bearer `), and who that
    /// is.
    ///
    /// # Errors
    /// UNAUTHENTICATED (`TOKEN_INVALID`, `TOKEN_EXPIRED`); UNAVAILABLE when it cannot be found out.
    pub async fn exchange(&self, credential: &str, client: &ClientHint) -> Result<Exchanged, Fault> {
        if credential.len() > LONGEST_CREDENTIAL {
            return Err(Error::CredentialUnknown.into());
        }
        let now = self.0.clock.now();
        let key = Key::of(credential, client);
        let known = match self.0.cache.find(&key, now) {
            Found::Fresh(exchanged) => return Ok(exchanged),
            Found::Stale(entry) => Some(entry),
            Found::Nothing => None,
        };
        let epoch = self.0.cache.epoch();
        let entry = if credential.starts_with(API_TOKEN_PREFIX) {
            self.for_api_token(credential, client, known, now).await
        } else {
            self.for_access_token(credential, client)
        };
        match entry {
            Ok(entry) => {
                let exchanged = entry.exchanged.clone();
                self.0.cache.keep(key, entry, epoch, now);
                Ok(exchanged)
            }
            Err(fault) => {
                self.0.cache.remove(&key);
                Err(fault)
            }
        }
    }

    /// Forgets an API token that was revoked in this process.
    pub fn forget(&self, id: ApiTokenId) {
        self.0.cache.forget(id);
    }

    /// Looks at every API token again before it is accepted: one was revoked somewhere.
    pub fn recheck_all(&self) {
        self.0.cache.recheck_all();
    }

    /// The uses of API tokens since this was last asked.
    pub fn take_uses(&self) -> Vec<TokenUse> {
        self.0.cache.take_uses()
    }

    /// An access token of ours is signed again with the client that uses it now, and ends when it would have ended.
    fn for_access_token(&self, credential: &str, client: &ClientHint) -> Result<Entry, Fault> {
        let access = self.0.keys.renew(credential, client)?;
        let exchanged = Exchanged { authorization: bearer(&access.text)?, user: access.user };
        Ok(Entry::of_session(exchanged, access.expire_time))
    }

    async fn for_api_token(
        &self,
        credential: &str,
        client: &ClientHint,
        known: Option<Entry>,
        now: Timestamp,
    ) -> Result<Entry, Fault> {
        let Parts { store, keys, settings, .. } = &*self.0;
        let found = store.find_api_token(Digest::of(credential)).await?;
        let (token, account) = found.ok_or(Error::CredentialUnknown)?;
        token.check_usable(now)?;

        let grant = account.grant(token.id.0, &token.scopes);
        let fresh_until = now.plus(settings.recheck);
        if let Some(known) = known.and_then(|known| known.prolonged(&grant, fresh_until, now)) {
            return Ok(known);
        }
        let end = now.plus(settings.access_lifetime);
        let end = token.expire_time.map_or(end, |expire_time| expire_time.min(end));
        let access = keys.mint(&grant, client, end)?;
        let exchanged = Exchanged { authorization: bearer(&access.text)?, user: access.user };
        Ok(Entry::of_api_token(exchanged, access.expire_time.minus(MARGIN), fresh_until, grant))
    }
}

impl Entry {
    /// The same entry, known to hold until `fresh_until`: if nothing about the token changed and enough of it is left.
    fn prolonged(mut self, grant: &Grant, fresh_until: Timestamp, now: Timestamp) -> Option<Self> {
        let unchanged = self.grant.as_ref() == Some(grant) && now < self.renew_time;
        self.fresh_until = fresh_until.min(self.renew_time);
        unchanged.then_some(self)
    }
}

fn bearer(token: &str) -> Result<HeaderValue, Fault> {
    let mut value = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| Fault::internal())?;
    value.set_sensitive(true);
    Ok(value)
}
