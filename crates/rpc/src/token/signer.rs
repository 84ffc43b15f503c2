//! Signing access tokens.

use ed25519_dalek::{
    SigningKey,
    pkcs8::{DecodePrivateKey, EncodePrivateKey, spki::der::pem::LineEnding},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header};

use super::{Claims, KeySet, PublicKey, TokenError};

/// Signs the access tokens of one issuer.
#[derive(Clone, Debug)]
pub struct TokenSigner {
    header: Header,
    key: EncodingKey,
    public: PublicKey,
}

impl TokenSigner {
    /// A new private key, as PKCS #8 PEM. To be kept, readable by its owner only.
    ///
    /// # Errors
    /// When the machine gives no randomness.
    pub fn generate_pem() -> Result<String, TokenError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|_| TokenError::Randomness)?;
        let pem = SigningKey::from_bytes(&seed).to_pkcs8_pem(LineEnding::LF);
        pem.map(|pem| pem.to_string()).map_err(|_| TokenError::SigningKey)
    }

    /// The signer of `issuer` with the private key in `pem`.
    ///
    /// # Errors
    /// When it is not an Ed25519 key in PKCS #8 PEM.
    pub fn from_pem(issuer: &str, pem: &str) -> Result<Self, TokenError> {
        let signing_key = SigningKey::from_pkcs8_pem(pem).map_err(|_| TokenError::SigningKey)?;
        let der = signing_key.to_pkcs8_der().map_err(|_| TokenError::SigningKey)?;
        let public = PublicKey::of_issuer(issuer, signing_key.verifying_key().to_bytes());
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(public.id().to_owned());
        Ok(Self { header, key: EncodingKey::from_ed_der(der.as_bytes()), public })
    }

    /// A signer of `issuer` with a key of its own that nobody keeps.
    ///
    /// # Errors
    /// When the machine gives no randomness.
    pub fn generate(issuer: &str) -> Result<Self, TokenError> {
        Self::from_pem(issuer, &Self::generate_pem()?)
    }

    /// The token that says `claims`. Their issuer should be this signer's, or nobody will believe it.
    ///
    /// # Errors
    /// When the claims cannot be written.
    pub fn sign(&self, claims: &Claims) -> Result<String, TokenError> {
        jsonwebtoken::encode(&self.header, claims, &self.key).map_err(TokenError::Signing)
    }

    /// The key by which its tokens are verified.
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// A key set of that one key.
    pub fn key_set(&self) -> KeySet {
        KeySet::from(vec![self.public.clone()])
    }
}
