//! The gateway's keys: it signs access tokens, and believes none but its own.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use hmac::{Hmac, Mac, digest::KeyInit};
use mesh_rpc::{AUDIENCE, Claims, KeySet, PublicKey, TokenError, TokenSigner, TokenVerifier, WorkspaceClaim};
use mesh_types::{Actor, Caller, Clock, Fault, Timestamp, new_id};
use sha2::{Digest as _, Sha256, Sha512};
use uuid::Uuid;

use crate::{
    config::TokensConfig,
    domain::{ClientHint, Error, Grant},
};

/// The name under which the gateway signs.
pub const ISSUER: &str = "gateway";

/// Signs and verifies access tokens. Cheap to clone.
#[derive(Clone)]
pub struct Keys(Arc<Parts>);

struct Parts {
    signer: TokenSigner,
    public: Vec<PublicKey>,
    key_set: KeySet,
    csrf: CsrfKey,
    verifier: Arc<TokenVerifier>,
    clock: Arc<dyn Clock>,
}

/// Makes the CSRF token of a session: an HMAC of its id, so that it needs no storage, is the same at every replica, and
/// can be made by nobody else. (OWASP's CSRF cheat sheet: HMAC-based tokens, bound to the session.)
#[derive(Clone)]
pub struct CsrfKey(Hmac<Sha256>);

impl CsrfKey {
    /// The key that belongs to this signing key.
    pub fn of(signing_key: &str) -> Self {
        let seed = Sha512::new().chain_update("taskmesh csrf key:").chain_update(signing_key.trim()).finalize();
        Self(<Hmac<Sha256> as KeyInit>::new(&seed))
    }

    /// The session's token.
    pub fn token(&self, session: Uuid) -> String {
        URL_SAFE_NO_PAD.encode(self.0.clone().chain_update(session.as_bytes()).finalize().into_bytes())
    }

    /// Whether `token` is the session's; takes the same time whatever it is.
    pub fn is_of(&self, session: Uuid, token: &str) -> bool {
        let Ok(token) = URL_SAFE_NO_PAD.decode(token) else { return false };
        self.0.clone().chain_update(session.as_bytes()).verify_slice(&token).is_ok()
    }
}

/// A signed access token.
pub struct AccessToken {
    /// The token.
    pub text: String,
    /// When it ends.
    pub expire_time: Timestamp,
}

impl Keys {
    /// The keys that the settings name.
    ///
    /// # Errors
    /// When there is no signing key, or a file cannot be read.
    pub fn load(config: &TokensConfig, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let signing_key = config.signing_key()?;
        Ok(Self::new(signing_key.reveal(), config.further_keys()?, clock)?)
    }

    /// Signs with `signing_key` (an Ed25519 key as PKCS #8 PEM) and also believes `others`: the key before it, or the
    /// one that comes after it, while keys are being changed.
    ///
    /// # Errors
    /// When that is no such key.
    pub fn new(signing_key: &str, others: Vec<PublicKey>, clock: Arc<dyn Clock>) -> Result<Self, TokenError> {
        let signer = TokenSigner::from_pem(ISSUER, signing_key)?;
        let mut public = vec![signer.public_key().clone()];
        public.extend(others.into_iter().filter(|key| key.id() != signer.public_key().id()));
        let key_set = KeySet::from(public.clone());
        let verifier = Arc::new(TokenVerifier::new(key_set.clone(), clock.clone()));
        Ok(Self(Arc::new(Parts { signer, public, key_set, csrf: CsrfKey::of(signing_key), verifier, clock })))
    }

    /// The public keys, to be put beside those of others who sign.
    pub fn public_keys(&self) -> &[PublicKey] {
        &self.0.public
    }

    /// The public keys as a JWKS document.
    pub fn jwks(&self) -> Bytes {
        self.0.key_set.to_jwks().into()
    }

    /// Makes and checks the tokens that pages send beside their cookies.
    pub fn csrf(&self) -> &CsrfKey {
        &self.0.csrf
    }

    /// Verifies the gateway's own tokens.
    pub fn verifier(&self) -> Arc<TokenVerifier> {
        self.0.verifier.clone()
    }

    /// An access token for `grant`, used by `client`, that ends at `end` (cut to the second).
    ///
    /// # Errors
    /// INTERNAL.
    pub fn mint(&self, grant: &Grant, client: &ClientHint, end: Timestamp) -> Result<AccessToken, Fault> {
        let actor = Actor {
            user_id: grant.user_id,
            service: None,
            token_id: Some(grant.token_id.to_string()),
            client_address: None,
            user_agent: None,
        };
        let caller = Caller {
            actor,
            memberships: grant.memberships.clone(),
            personal_workspace: grant.personal_workspace,
            scopes: grant.scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
            time_zone: grant.time_zone.clone(),
            day_start: grant.day_start.clone(),
            trace_parent: None,
        };
        self.sign(caller, client, end)
    }

    /// The session that an access token stands for, and when the token ends.
    ///
    /// # Errors
    /// UNAUTHENTICATED when it is not one of ours, or has ended.
    pub fn session_of(&self, token: &str) -> Result<(Uuid, Timestamp), Fault> {
        let verified = self.0.verifier.verify(token)?;
        let actor = &verified.caller.actor;
        // A service calls others directly; what it signed says nothing at the edge.
        let own = actor.token_id.as_ref().filter(|_| actor.service.is_none());
        let session = own.and_then(|id| Uuid::parse_str(id).ok()).ok_or(Error::CredentialUnknown)?;
        Ok((session, verified.expires))
    }

    fn sign(&self, caller: Caller, client: &ClientHint, end: Timestamp) -> Result<AccessToken, Fault> {
        let now = self.0.clock.now();
        let ClientHint { address, user_agent } = client.cut();
        let workspaces = caller.memberships.iter();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: caller.actor.user_id,
            exp: end.to_parts().0,
            iat: now.to_parts().0,
            jti: new_id(now).to_string(),
            ws: workspaces.map(|member| WorkspaceClaim { id: member.id, role: member.role }).collect(),
            pws: caller.personal_workspace,
            scp: caller.scopes,
            tz: caller.time_zone,
            ds: caller.day_start,
            act: caller.actor.service,
            tid: caller.actor.token_id,
            ca: address,
            ua: user_agent,
        };
        let text = self.0.signer.sign(&claims).map_err(|error| {
            tracing::error!(error = %error, "an access token could not be signed");
            Fault::internal()
        })?;
        let expire_time = Timestamp::from_parts(claims.exp, 0).ok_or_else(Fault::internal)?;
        Ok(AccessToken { text, expire_time })
    }
}
