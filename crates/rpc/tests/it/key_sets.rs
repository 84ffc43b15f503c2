//! Key sets, given and from files.

use std::{fs, sync::Arc};

use mesh_rpc::{KeySet, PublicKey, TokenSigner, TokenVerifier};
use mesh_testkit::{TestUser, eventually};
use mesh_types::{Reason, SystemClock};

fn signer() -> TokenSigner {
    TokenSigner::generate("gateway").expect("randomness")
}

fn jwks(keys: &[&PublicKey]) -> String {
    KeySet::from(keys.iter().map(|key| (*key).clone()).collect::<Vec<_>>()).to_jwks()
}

fn verifier(keys: KeySet) -> TokenVerifier {
    TokenVerifier::new(keys, Arc::new(SystemClock))
}

#[test]
fn a_key_set_survives_being_written_and_read() {
    let (signer, user) = (signer(), TestUser::new());
    let token = signer.sign(&user.claims).expect("a token");
    let read = KeySet::from_jwks(&signer.key_set().to_jwks()).expect("a key set");
    assert_eq!(verifier(read).verify(&token).expect("valid").caller.actor.user_id, user.id());
}

#[test]
fn a_private_key_survives_being_kept() {
    let pem = TokenSigner::generate_pem().expect("randomness");
    let (before, after) = (TokenSigner::from_pem("gateway", &pem), TokenSigner::from_pem("gateway", &pem));
    assert_eq!(before.expect("a key").public_key(), after.expect("a key").public_key());
    assert!(TokenSigner::from_pem("gateway", "no key").is_err());
}

#[test]
fn key_sets_that_are_none_are_refused() {
    let rsa = r#"{"keys":[{"kty":"RSA","crv":"","kid":"gateway.1","x":"AA"}]}"#;
    let short = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"gateway.1","x":"AAAA"}]}"#;
    for text in ["", "[]", r#"{"keys":[]}"#, rsa, short] {
        assert!(KeySet::from_jwks(text).is_err(), "{text}");
    }
}

#[test]
fn a_key_of_one_issuer_signs_for_no_other() {
    let other = TokenSigner::generate("task-svc").expect("randomness");
    let token = other.sign(&TestUser::new().claims).expect("a token that says it is the gateway's");
    let refused = verifier(other.key_set()).verify(&token).expect_err("a refusal");
    assert_eq!(refused.reason, Reason::TokenInvalid);
}

#[tokio::test]
async fn a_changed_file_brings_new_keys_and_ends_old_ones() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("keys.json");
    let (old, new, user) = (signer(), signer(), TestUser::new());
    fs::write(&path, jwks(&[old.public_key()])).expect("written");
    let verifier = verifier(KeySet::from_file(&path).expect("a key set"));
    let old_token = old.sign(&user.claims).expect("a token");
    let new_token = new.sign(&user.claims).expect("a token");
    verifier.verify(&old_token).expect("the key of then");
    assert!(verifier.verify(&new_token).is_err());

    fs::write(&path, jwks(&[new.public_key(), signer().public_key()])).expect("written");
    eventually(async || verifier.verify(&new_token)).await;
    assert!(verifier.verify(&old_token).is_err(), "what was remembered is forgotten with its key");

    fs::write(&path, "broken").expect("written");
    let third_token = signer().sign(&user.claims).expect("a token");
    eventually(async || verifier.verify(&third_token).is_err()).await;
    verifier.verify(&new_token).expect("the keys of before stay");
}
