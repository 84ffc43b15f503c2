//! Verifying access tokens.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, Validation, errors::ErrorKind as JwtError};
use mesh_types::{Caller, Clock, ErrorKind, Fault, Reason, Timestamp};

use super::{AUDIENCE, Claims, KeySet, cache::Cache, issuers::Issuer};

/// Longer than any token of ours; what is longer is not looked at.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// What a verified token says.
#[derive(Clone, Debug)]
pub struct Verified {
    /// Who calls.
    pub caller: Caller,
    /// When the token ends.
    pub expires: Timestamp,
    issuer: Issuer,
}

/// Verifies access tokens: signature, expiry, audience, issuer. Remembers those it has seen.
pub struct TokenVerifier {
    keys: KeySet,
    clock: Arc<dyn Clock>,
    validation: Validation,
    cache: Cache,
}

impl TokenVerifier {
    /// A verifier that believes these keys.
    pub fn new(keys: KeySet, clock: Arc<dyn Clock>) -> Self {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Expiry is checked here, by the clock that was given.
        validation.validate_exp = false;
        Self { keys, clock, validation, cache: Cache::default() }
    }

    /// The keys it believes.
    pub fn keys(&self) -> &KeySet {
        &self.keys
    }

    /// What `token` says.
    ///
    /// # Errors
    /// UNAUTHENTICATED: `TOKEN_EXPIRED`, else `TOKEN_INVALID` without a word on what is wrong with it.
    pub fn verify(&self, token: &str) -> Result<Arc<Verified>, Fault> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(invalid());
        }
        let key = Cache::key(token);
        let now = self.clock.now();
        let generation = self.keys.current().generation;
        if let Some(verified) = self.cache.find(&key, generation, now) {
            return Ok(verified);
        }
        let (verified, generation) = self.check(token)?;
        if verified.expires <= now {
            return Err(expired());
        }
        let verified = Arc::new(verified);
        self.cache.insert(key, generation, Arc::clone(&verified));
        Ok(verified)
    }

    /// Everything but expiry, and by which state of the key set.
    fn check(&self, token: &str) -> Result<(Verified, u64), Fault> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| invalid())?;
        let key_id = header.kid.ok_or_else(invalid)?;
        let mut keys = self.keys.current();
        if keys.find(&key_id).is_none() {
            keys = self.keys.current_or_newer();
        }
        let key = keys.find(&key_id).ok_or_else(invalid)?;
        let decoded = jsonwebtoken::decode::<Claims>(token, key, &self.validation);
        let claims = decoded.map_err(|error| refused(error.kind()))?.claims;
        let issuer = Issuer::named(&claims.iss).filter(|issuer| issuer.owns_key(&key_id)).ok_or_else(invalid)?;
        if !issuer.may_name(claims.act.as_deref()) {
            return Err(invalid());
        }
        let expires = Timestamp::from_parts(claims.exp, 0).ok_or_else(invalid)?;
        let caller = claims.into_caller(issuer.is_gateway());
        Ok((Verified { caller, expires, issuer }, keys.generation))
    }
}

impl Verified {
    /// Whether the token may be used for this RPC by whoever signed it.
    pub(crate) fn issuer_may_call(&self, path: &str) -> bool {
        self.issuer.may_call(path)
    }
}

/// UNAUTHENTICATED: a token came that nobody should believe.
pub(crate) fn invalid() -> Fault {
    Fault::new(ErrorKind::Unauthenticated, Reason::TokenInvalid, "the token is not valid here")
}

/// UNAUTHENTICATED: the token was good until a while ago.
pub(crate) fn expired() -> Fault {
    Fault::new(ErrorKind::Unauthenticated, Reason::TokenExpired, "the token has expired; get a new one")
}

fn refused(kind: &JwtError) -> Fault {
    match kind {
        JwtError::ExpiredSignature => expired(),
        _ => invalid(),
    }
}

impl std::fmt::Debug for TokenVerifier {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("TokenVerifier").field("keys", &self.keys).finish_non_exhaustive()
    }
}
