//! Tokens of other issuers (an OpenID provider, say): verified by the keys that each publishes, and believed for what they say
//! about who somebody is, nothing else.

mod cache;
mod config;
mod fetch;
mod jwks;

use std::{sync::Arc, time::Duration};

use jsonwebtoken::Validation;
use mesh_types::{ErrorKind, Fault, Reason, Timestamp};
use serde_json::{Map, Value};

use crate::domain::{Error, ExternalIdentity};
use cache::Cache;
pub use config::{ExternalAlgorithm, ExternalIssuerConfig};
use fetch::Fetcher;

/// How far an issuer's clock may be from ours.
const LEEWAY: Duration = Duration::from_secs(60);

/// The longest subject that is kept (OpenID Connect Core, section 2, has at most 255).
const LONGEST_SUBJECT: usize = 255;

/// The issuers that are trusted. Cheap to clone.
#[derive(Clone)]
pub struct Issuers(Arc<Vec<Issuer>>);

struct Issuer {
    config: ExternalIssuerConfig,
    validation: Validation,
    keys: Cache,
}

/// What a verified token says.
#[derive(Clone, Debug)]
pub struct ExternalToken {
    /// Of whom.
    pub identity: ExternalIdentity,
    /// When it ends.
    pub expire_time: Timestamp,
}

impl Issuers {
    /// The issuers that the settings name.
    ///
    /// # Errors
    /// When a file of authorities cannot be read, or TLS cannot be set up.
    pub fn new(configs: &[ExternalIssuerConfig]) -> anyhow::Result<Self> {
        let issuers = configs.iter().map(|config| {
            let mut validation = Validation::default();
            validation.set_issuer(&[&config.issuer]);
            validation.set_audience(&[&config.audience]);
            validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
            // Times are checked here, by the clock that was given.
            validation.validate_exp = false;
            let fetcher = Fetcher::new(&config.jwks_url, &config.authorities_file)?;
            Ok(Issuer { keys: Cache::new(fetcher, &config.algorithms), validation, config: config.clone() })
        });
        Ok(Self(Arc::new(issuers.collect::<anyhow::Result<_>>()?)))
    }

    /// Whether a token says that it is of one of them.
    pub fn issued(&self, token: &str) -> bool {
        self.issuer_of(token).is_some()
    }

    /// What `token` says.
    ///
    /// # Errors
    /// UNAUTHENTICATED when it is not to be believed; UNAVAILABLE when the issuer's keys cannot be had.
    pub async fn verify(&self, token: &str, now: Timestamp) -> Result<ExternalToken, Fault> {
        let issuer = self.issuer_of(token).ok_or(Error::CredentialUnknown)?;
        let header = jsonwebtoken::decode_header(token).map_err(|_| Error::CredentialUnknown)?;
        // What must be understood is not understood here (RFC 7515, section 4.1.11).
        let key_id = header.kid.filter(|_| header.crit.is_none()).ok_or(Error::CredentialUnknown)?;
        let key = issuer.keys.find(&key_id, now).await?.ok_or(Error::CredentialUnknown)?;
        // A key is for one algorithm, whatever the token says.
        let mut validation = issuer.validation.clone();
        validation.algorithms = vec![key.algorithm];
        let decoded = jsonwebtoken::decode::<Map<String, Value>>(token, &key.key, &validation);
        let claims = decoded.map_err(|_| Error::CredentialUnknown)?.claims;
        issuer.read(&claims, now)
    }

    /// The issuer that the token names. (Most tokens are ours, and most servers trust no others.)
    fn issuer_of(&self, token: &str) -> Option<&Issuer> {
        if self.0.is_empty() {
            return None;
        }
        let claims: Map<String, Value> = jsonwebtoken::dangerous::insecure_decode_claims(token).ok()?;
        let issuer = claims.get("iss")?.as_str()?;
        self.0.iter().find(|known| known.config.issuer == issuer)
    }
}

impl Issuer {
    fn read(&self, claims: &Map<String, Value>, now: Timestamp) -> Result<ExternalToken, Fault> {
        let seconds = |name: &str| claims.get(name).and_then(Value::as_f64).map(|seconds| seconds as i64);
        let end = seconds("exp").and_then(|exp| Timestamp::from_parts(exp, 0)).ok_or(Error::CredentialUnknown)?;
        let begin =
            seconds("nbf").map(|nbf| Timestamp::from_parts(nbf, 0).ok_or(Error::CredentialUnknown)).transpose()?;
        if end.plus(LEEWAY) <= now {
            return Err(expired());
        }
        if begin.is_some_and(|begin| now.plus(LEEWAY) < begin) {
            return Err(Error::CredentialUnknown.into());
        }
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        let subject = text("sub").filter(|subject| {
            !subject.is_empty() && subject.len() <= LONGEST_SUBJECT && !subject.chars().any(char::is_control)
        });
        let verified = claims.get(&self.config.email_verified_claim);
        // Some issuers write truth as text.
        let verified = verified.is_some_and(|value| value == &Value::Bool(true) || value == "true");
        let identity = ExternalIdentity {
            issuer: self.config.issuer.clone(),
            subject: subject.ok_or(Error::CredentialUnknown)?,
            verified_email: text(&self.config.email_claim).filter(|_| verified),
            name: text(&self.config.name_claim),
        };
        Ok(ExternalToken { identity, expire_time: end.plus(LEEWAY) })
    }
}

fn expired() -> Fault {
    Fault::new(ErrorKind::Unauthenticated, Reason::TokenExpired, "the token has expired")
}
