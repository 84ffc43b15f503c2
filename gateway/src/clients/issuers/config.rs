//! Settings of one other issuer.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use jsonwebtoken::Algorithm;
use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// An issuer whose tokens are trusted beside our own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExternalIssuerConfig {
    /// What its tokens say in `iss`, to the letter.
    pub issuer: String,
    /// What they must say in `aud`: that they are meant for this server.
    pub audience: String,
    /// Where it publishes its keys: `https`, or `http` on this machine.
    pub jwks_url: String,
    /// How it signs.
    #[serde(default = "usual_algorithms")]
    pub algorithms: Vec<ExternalAlgorithm>,
    /// The claim that holds the person's e-mail address.
    #[serde(default = "usual_email")]
    pub email_claim: String,
    /// The claim that says whether the issuer has verified it.
    #[serde(default = "usual_email_verified")]
    pub email_verified_claim: String,
    /// The claim that holds the person's name.
    #[serde(default = "usual_name")]
    pub name_claim: String,
    /// Authorities it may have its certificate from, besides the public ones and those that this machine trusts: a PEM
    /// file; empty is none.
    #[serde(default)]
    pub authorities_file: PathBuf,
}

/// A way to sign that an issuer may use: with a public key, so that who verifies cannot sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExternalAlgorithm {
    /// RSA (PKCS #1 1.5) with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl ExternalAlgorithm {
    pub(super) fn of_jwt(self) -> Algorithm {
        match self {
            Self::Rs256 => Algorithm::RS256,
            Self::Es256 => Algorithm::ES256,
            Self::EdDsa => Algorithm::EdDSA,
        }
    }
}

impl ExternalIssuerConfig {
    /// # Errors
    /// When its tokens could not be verified, or anybody's would be.
    pub(crate) fn validate(&self) -> anyhow::Result<()> {
        ensure!(!self.issuer.is_empty(), "issuer is empty");
        ensure!(self.issuer != crate::keys::ISSUER, "issuer is our own");
        ensure!(!self.audience.is_empty(), "audience is empty: tokens for anybody else would be believed");
        ensure!(!self.algorithms.is_empty(), "algorithms is empty");
        let url = Url::parse(&self.jwks_url).context("jwks_url")?;
        let secure = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
        ensure!(secure, "jwks_url is neither https nor on this machine: whoever is between could sign");
        Ok(())
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn usual_algorithms() -> Vec<ExternalAlgorithm> {
    vec![ExternalAlgorithm::Rs256]
}

fn usual_email() -> String {
    "email".to_owned()
}

fn usual_email_verified() -> String {
    "email_verified".to_owned()
}

fn usual_name() -> String {
    "name".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_had_over_tls_or_on_this_machine() {
        let config = |url: &str| -> ExternalIssuerConfig {
            let text = format!("issuer = \"https://id.example\"\naudience = \"taskmesh\"\njwks_url = \"{url}\"");
            toml::from_str(&text).expect("settings")
        };
        for good in ["https://id.example/keys", "http://127.0.0.1:9/keys", "http://localhost/keys", "http://[::1]/keys"]
        {
            config(good).validate().expect(good);
        }
        for bad in ["http://id.example/keys", "ftp://127.0.0.1/keys", "keys", "http://localhost.example/keys"] {
            assert!(config(bad).validate().is_err(), "{bad}");
        }
        let anybodys = ExternalIssuerConfig { audience: String::new(), ..config("https://id.example/keys") };
        assert!(anybodys.validate().is_err());
    }
}
