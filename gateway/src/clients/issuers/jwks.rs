//! A document of keys (RFC 7517), of which those are kept that can be used here.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse},
};
use serde::Deserialize;
use serde_json::Value;

use super::ExternalAlgorithm;

/// More than any issuer has at a time.
const MOST_KEYS: usize = 100;

/// Shorter RSA keys are broken, or nearly (NIST SP 800-131A): 2048 bits.
const SHORTEST_MODULUS: usize = 256;

/// A key, and the one algorithm it is for.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

/// The usable keys of a document, by their ids. What is of no use here (keys to encrypt, other algorithms) is passed over.
///
/// # Errors
/// When it is no such document, or has no usable key.
pub(super) fn parse(json: &[u8], algorithms: &[ExternalAlgorithm]) -> Result<HashMap<String, Key>, &'static str> {
    let document: Document = serde_json::from_slice(json).map_err(|_| "it is no JSON Web Key Set")?;
    let jwks = document.keys.into_iter().take(MOST_KEYS).filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
    let keys: HashMap<_, _> = jwks.filter_map(|jwk| usable(&jwk, algorithms)).collect();
    if keys.is_empty() { Err("it has no key that could be used") } else { Ok(keys) }
}

fn usable(jwk: &Jwk, algorithms: &[ExternalAlgorithm]) -> Option<(String, Key)> {
    let id = jwk.common.key_id.clone()?;
    let (algorithm, named) = match &jwk.algorithm {
        AlgorithmParameters::RSA(key) if is_long(&key.n) => (ExternalAlgorithm::Rs256, KeyAlgorithm::RS256),
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            (ExternalAlgorithm::Es256, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            (ExternalAlgorithm::EdDsa, KeyAlgorithm::EdDSA)
        }
        _ => return None,
    };
    let to_sign = jwk.common.public_key_use.as_ref().is_none_or(|usage| *usage == PublicKeyUse::Signature);
    let as_named = jwk.common.key_algorithm.is_none_or(|alg| alg == named);
    if !algorithms.contains(&algorithm) || !to_sign || !as_named {
        return None;
    }
    Some((id, Key { algorithm: algorithm.of_jwt(), key: DecodingKey::from_jwk(jwk).ok()? }))
}

fn is_long(modulus: &str) -> bool {
    URL_SAFE_NO_PAD.decode(modulus).is_ok_and(|modulus| modulus.len() >= SHORTEST_MODULUS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_of_the_issuers_algorithms_that_sign_are_kept() {
        let ed = |id: &str, more: &str| {
            let x = URL_SAFE_NO_PAD.encode([7; 32]);
            format!(r#"{{"kty": "OKP", "crv": "Ed25519", "x": "{x}", "kid": "{id}"{more}}}"#)
        };
        let short =
            format!(r#"{{"kty": "RSA", "n": "{}", "e": "AQAB", "kid": "short"}}"#, URL_SAFE_NO_PAD.encode([7; 128]));
        let keys = [
            ed("good", ""),
            ed("named", r#", "alg": "EdDSA", "use": "sig""#),
            ed("other use", r#", "use": "enc""#),
            ed("other algorithm", r#", "alg": "ES256""#),
            short,
            r#"{"kty": "oct", "k": "AAAA", "kid": "shared"}"#.to_owned(),
            r#"{"kty": "odd"}"#.to_owned(),
        ];
        let json = format!(r#"{{"keys": [{}]}}"#, keys.join(", "));
        let all = [ExternalAlgorithm::Rs256, ExternalAlgorithm::Es256, ExternalAlgorithm::EdDsa];
        let kept = parse(json.as_bytes(), &all).expect("some are good");
        let mut ids: Vec<_> = kept.keys().map(String::as_str).collect();
        ids.sort_unstable();
        assert_eq!(ids, ["good", "named"]);
        assert!(parse(json.as_bytes(), &all[..2]).is_err(), "another algorithm than the issuer's");
        for broken in ["", "{}", r#"{"keys": []}"#, "[]"] {
            assert!(parse(broken.as_bytes(), &all).is_err(), "{broken}");
        }
    }
}
