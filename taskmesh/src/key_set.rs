//! `taskmesh key-set`: the public keys of a mesh, from the private ones. Every service of a mesh needs that file.

use std::{fs, io::Write, path::PathBuf, str::FromStr};

use anyhow::{Context, bail};
use mesh_rpc::{KeySet, PublicKey, TokenSigner};

use crate::command_line::KeySetOptions;

/// Whose key is where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SigningKey {
    /// The service that signs with it, such as `gateway`.
    issuer: String,
    /// The private key: Ed25519, PKCS #8 PEM.
    file: PathBuf,
}

/// Prints the public keys as a JWKS document.
///
/// # Errors
/// When a file cannot be read, or is no private key.
pub(crate) fn print(options: &KeySetOptions) -> anyhow::Result<()> {
    let public = options.keys.iter().map(SigningKey::public).collect::<anyhow::Result<Vec<_>>>()?;
    Ok(writeln!(std::io::stdout(), "{}", KeySet::from(public).to_jwks())?)
}

impl SigningKey {
    fn public(&self) -> anyhow::Result<PublicKey> {
        let context = || self.file.display().to_string();
        let pem = fs::read_to_string(&self.file).with_context(context)?;
        Ok(TokenSigner::from_pem(&self.issuer, &pem).with_context(context)?.public_key().clone())
    }
}

impl FromStr for SigningKey {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> anyhow::Result<Self> {
        match text.split_once('=') {
            Some((issuer, file)) if !issuer.is_empty() && !file.is_empty() => {
                Ok(Self { issuer: issuer.to_owned(), file: file.into() })
            }
            _ => bail!("not of the form <service>=<file>, such as gateway=signing-key.pem"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_named_by_its_service_and_its_file() {
        let key: SigningKey = "scheduler-svc=keys/a=b.pem".parse().expect("a key");
        assert_eq!(key, SigningKey { issuer: "scheduler-svc".to_owned(), file: "keys/a=b.pem".into() });
        assert!("gateway".parse::<SigningKey>().is_err() && "=file".parse::<SigningKey>().is_err());
    }
}
