//! Access tokens: who calls, for a few minutes, signed by the service that says so (EdDSA).
//!
//! The gateway signs those of people; a service that calls another for a person signs its own. Every service verifies
//! them itself. A key belongs to an issuer by its id (`<issuer>.<thumbprint>`), and a table says what each issuer's tokens
//! may be used for.

mod cache;
mod claims;
mod issuers;
mod keys;
mod service;
mod signer;
mod verifier;

pub use claims::{AUDIENCE, Claims, WorkspaceClaim};
pub use keys::{KeySet, PublicKey};
pub use service::ServiceTokens;
pub use signer::TokenSigner;
pub use verifier::{TokenVerifier, Verified};
pub(crate) use verifier::{expired, invalid};

/// A key or a token could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The private key is not an Ed25519 key in PKCS #8 PEM.
    #[error("the signing key is not an Ed25519 key in PKCS #8 PEM")]
    SigningKey,
    /// The key set is not a JWKS of Ed25519 keys with ids of the form `<issuer>.<name>`.
    #[error("the key set is not usable: {0}")]
    KeySet(String),
    /// The key set's file cannot be read.
    #[error("the key set cannot be read from {path}")]
    File {
        /// Where it should be.
        path: String,
        /// Why not.
        source: std::io::Error,
    },
    /// The machine gives no randomness.
    #[error("no randomness to be had")]
    Randomness,
    /// Signing failed.
    #[error("signing failed")]
    Signing(#[source] jsonwebtoken::errors::Error),
}
