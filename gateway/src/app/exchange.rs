//! Exchange: what a caller presents for the short-lived access token that is forwarded. On every call's way, so an answer
//! is kept: the second call with the same credential costs one SHA-256 and one look-up.

use std::{sync::Arc, time::Duration};

use http::HeaderValue;
use mesh_store::StoreError;
use mesh_types::{Clock, Fault, Timestamp, UserId};
use uuid::Uuid;

use crate::{
    domain::{API_TOKEN_PREFIX, Account, ClientHint, Digest, Error, Grant, Scope},
    keys::Keys,
    store::{Store, TokenUse},
};

use super::{
    exchange_cache::{Cache, Entry, Found, Key},
    external_sign_in::ExternalSignIn,
    open_streams::OpenStreams,
};

/// Longer than any credential of ours; nothing beyond is looked at.
const LONGEST_CREDENTIAL: usize = 8 * 1024;

/// What is left of an access token's life when a new one is made, so that it does not end on its way.
const MARGIN: Duration = Duration::from_secs(30);

/// How many credentials of open streams are looked at in one go.
const BATCH: usize = 500;

/// How credentials are treated.
#[derive(Clone, Copy, Debug)]
pub struct ExchangeSettings {
    /// For how long an access token lives that stands for an API token.
    pub access_lifetime: Duration,
    /// How old what is known of a session or an API token may be: ended elsewhere, it works here for that long.
    pub recheck: Duration,
}

/// Who presented a credential.
#[derive(Clone, Debug)]
pub struct Exchanged {
    /// The `authorization` header to forward.
    pub authorization: HeaderValue,
    /// The person.
    pub user: UserId,
    /// The session or API token.
    pub credential: Uuid,
}

/// What a credential is good for, as the database knows it now.
struct Standing {
    account: Account,
    credential: Uuid,
    scopes: Vec<Scope>,
    /// Whether it is an API token: its uses are noted.
    is_token: bool,
    /// When an access token that is made now ends.
    end: Timestamp,
    /// From when on another is to be made.
    renew_time: Timestamp,
}

/// Exchanges credentials for access tokens. Cheap to clone.
#[derive(Clone)]
pub struct Exchange(Arc<Parts>);

struct Parts {
    store: Store,
    keys: Keys,
    clock: Arc<dyn Clock>,
    settings: ExchangeSettings,
    external: ExternalSignIn,
    cache: Cache,
    streams: OpenStreams,
}

impl Exchange {
    /// Exchanges for accounts in `store`.
    pub fn new(
        store: Store,
        keys: Keys,
        external: ExternalSignIn,
        clock: Arc<dyn Clock>,
        settings: ExchangeSettings,
    ) -> Self {
        let (cache, streams) = (Cache::default(), OpenStreams::default());
        Self(Arc::new(Parts { store, keys, clock, settings, external, cache, streams }))
    }

    /// Who presents `credential` (what follows `Bearer `), and what is to be forwarded for them.
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
        match self.look_up(credential, client, known, now).await {
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

    /// Forgets a session or an API token that was ended in this process, and ends its streams.
    pub fn forget(&self, credential: Uuid) {
        self.0.cache.forget(credential);
        self.0.streams.end(credential);
    }

    /// Looks at everything of this person again before it is accepted.
    pub fn recheck(&self, user: UserId) {
        self.0.cache.recheck(|entry| entry.grant.user_id == user);
    }

    /// Looks at every session and API token again before it is accepted: one was ended somewhere.
    pub fn recheck_all(&self) {
        self.0.cache.recheck(|_| true);
    }

    /// The open streams, which end with what they were opened with.
    pub fn streams(&self) -> OpenStreams {
        self.0.streams.clone()
    }

    /// Ends the streams whose session or API token was ended, here or elsewhere.
    ///
    /// # Errors
    /// What the database says.
    pub async fn recheck_streams(&self) -> Result<(), StoreError> {
        for credentials in self.0.streams.credentials().chunks(BATCH) {
            let good = self.0.store.still_good(credentials, self.0.clock.now()).await?;
            for ended in credentials.iter().filter(|credential| !good.contains(credential)) {
                self.0.streams.end(*ended);
            }
        }
        Ok(())
    }

    /// The uses of API tokens since this was last asked.
    pub fn take_uses(&self) -> Vec<TokenUse> {
        self.0.cache.take_uses()
    }

    async fn look_up(
        &self,
        credential: &str,
        client: &ClientHint,
        known: Option<Entry>,
        now: Timestamp,
    ) -> Result<Entry, Fault> {
        let standing = if credential.starts_with(API_TOKEN_PREFIX) {
            self.of_api_token(credential, now).await?
        } else if self.0.external.issued(credential) {
            self.of_external_token(credential, now).await?
        } else {
            self.of_access_token(credential, now).await?
        };
        let grant = standing.account.grant(standing.credential, &standing.scopes);
        let fresh_until = now.plus(self.0.settings.recheck);
        if let Some(known) = known.and_then(|known| known.prolonged(&grant, fresh_until, now)) {
            return Ok(known);
        }
        let access = self.0.keys.mint(&grant, client, standing.end)?;
        let exchanged =
            Exchanged { authorization: bearer(&access.text)?, user: grant.user_id, credential: standing.credential };
        Ok(Entry::new(exchanged, fresh_until, standing.renew_time, grant, standing.is_token))
    }

    /// An access token of ours stands for its session, and ends when it says.
    async fn of_access_token(&self, credential: &str, now: Timestamp) -> Result<Standing, Fault> {
        let (id, end) = self.0.keys.session_of(credential)?;
        let (session, account) = self.0.store.find_session(id).await?.ok_or(Error::CredentialUnknown)?;
        session.check_usable(now)?;
        Ok(Standing { account, credential: id, scopes: Scope::ALL.to_vec(), is_token: false, end, renew_time: end })
    }

    /// Another issuer's token stands for whoever it names, who may do what they may when they sign in here.
    async fn of_external_token(&self, credential: &str, now: Timestamp) -> Result<Standing, Fault> {
        let (id, account, end) = self.0.external.find(&self.0.store, credential, now).await?;
        let end = end.min(now.plus(self.0.settings.access_lifetime));
        let renew_time = end.minus(MARGIN);
        Ok(Standing { account, credential: id, scopes: Scope::ALL.to_vec(), is_token: false, end, renew_time })
    }

    async fn of_api_token(&self, credential: &str, now: Timestamp) -> Result<Standing, Fault> {
        let found = self.0.store.find_api_token(Digest::of(credential)).await?;
        let (token, account) = found.ok_or(Error::CredentialUnknown)?;
        token.check_usable(now)?;
        let end = now.plus(self.0.settings.access_lifetime);
        let end = token.expire_time.map_or(end, |expire_time| expire_time.min(end));
        let renew_time = end.minus(MARGIN);
        Ok(Standing { account, credential: token.id.0, scopes: token.scopes, is_token: true, end, renew_time })
    }
}

impl Entry {
    /// The same entry, known to hold until `fresh_until`: if nothing about the caller changed and enough of it is left.
    fn prolonged(mut self, grant: &Grant, fresh_until: Timestamp, now: Timestamp) -> Option<Self> {
        let unchanged = self.grant == *grant && now < self.renew_time;
        self.fresh_until = fresh_until.min(self.renew_time);
        unchanged.then_some(self)
    }
}

fn bearer(token: &str) -> Result<HeaderValue, Fault> {
    let mut value = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| Fault::internal())?;
    value.set_sensitive(true);
    Ok(value)
}
