//! Tokens of every kind that must not be believed.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use e2e::{Person, Target};
use mesh_rpc::{Claims, TokenSigner};
use mesh_types::{Clock, SystemClock};

/// A token and the reason for which it is refused.
#[derive(Debug)]
pub(super) struct BadToken {
    pub(super) what: &'static str,
    pub(super) token: Option<String>,
    pub(super) reason: &'static str,
}

impl BadToken {
    fn new(what: &'static str, token: impl Into<String>, reason: &'static str) -> Self {
        Self { what, token: Some(token.into()), reason }
    }
}

/// What `person` must not get in with. The mesh's own key is at hand, so that each is wrong in one way only.
pub(super) fn bad_tokens(target: &Target, person: &Person) -> Result<Vec<BadToken>> {
    let own = TokenSigner::from_pem("gateway", &target.signing_key()?)?;
    let stranger = TokenSigner::generate("gateway")?;
    let claims = claims_of(&person.access_token)?;
    let now = SystemClock.now().to_parts().0;
    let with = |change: fn(&mut Claims, i64)| {
        let mut changed = claims.clone();
        change(&mut changed, now);
        changed
    };
    let invalid = "TOKEN_INVALID";
    Ok(vec![
        BadToken { what: "none", token: None, reason: "TOKEN_MISSING" },
        BadToken::new("nonsense", "nonsense", invalid),
        BadToken::new("expired", own.sign(&with(|claims, now| claims.exp = now - 3600))?, "TOKEN_EXPIRED"),
        BadToken::new("another audience", own.sign(&with(|claims, _| claims.aud = "elsewhere".to_owned()))?, invalid),
        BadToken::new("another issuer", own.sign(&with(|claims, _| claims.iss = "stranger".to_owned()))?, invalid),
        BadToken::new("another key", stranger.sign(&claims)?, invalid),
        BadToken::new(
            "another key by the same id",
            under_the_id_of(&person.access_token, &stranger, &claims)?,
            invalid,
        ),
        BadToken::new("tampered with", tampered(&person.access_token)?, invalid),
        BadToken::new("unsigned", unsigned(&person.access_token)?, invalid),
        BadToken::new("an API token cut short", &person.api_token[..person.api_token.len() - 1], invalid),
        BadToken::new("a refresh token", &person.refresh_token, invalid),
    ])
}

/// That the same claims, signed by the same key, are believed: what is wrong with the others is what was changed.
pub(super) fn good_token(target: &Target, person: &Person) -> Result<String> {
    Ok(TokenSigner::from_pem("gateway", &target.signing_key()?)?.sign(&claims_of(&person.access_token)?)?)
}

pub(crate) fn claims_of(token: &str) -> Result<Claims> {
    let part = token.split('.').nth(1).context("a token has three parts")?;
    Ok(serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part)?)?)
}

/// The stranger's signature beneath the right key's id.
fn under_the_id_of(token: &str, stranger: &TokenSigner, claims: &Claims) -> Result<String> {
    let header = token.split('.').next().context("a token has three parts")?;
    let signed = stranger.sign(claims)?;
    let (_, rest) = signed.split_once('.').context("a token has three parts")?;
    Ok(format!("{header}.{rest}"))
}

/// The same signature beneath other claims.
fn tampered(token: &str) -> Result<String> {
    let parts: Vec<_> = token.split('.').collect();
    let mut claims = claims_of(token)?;
    claims.exp += 3600;
    let payload = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&claims)?);
    Ok(format!("{}.{payload}.{}", parts[0], parts[2]))
}

/// `alg: none`.
fn unsigned(token: &str) -> Result<String> {
    let payload = token.split('.').nth(1).context("a token has three parts")?;
    let header = BTreeMap::from([("alg", "none"), ("typ", "JWT")]);
    Ok(format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header)?)))
}
