//! `taskmesh new-keys`: what the services of a mesh sign with and believe, made once.

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use anyhow::Context;
use mesh_rpc::{KeySet, TokenSigner};

use crate::command_line::NewKeysOptions;

/// Who signs, and the file of their private key.
const SIGNERS: [(&str, &str); 2] =
    [(gateway::startup::NAME, "gateway.pem"), (scheduler_svc::startup::NAME, "scheduler.pem")];

/// Makes the private keys that are missing, and the key set of both.
///
/// # Errors
/// When a file cannot be written, or one that is there is no key.
pub(crate) fn make(options: &NewKeysOptions) -> anyhow::Result<()> {
    let folder = &options.folder;
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let public = SIGNERS.map(|(issuer, file)| {
        let path = folder.join(file);
        let signer = keep(&path).and_then(|pem| Ok(TokenSigner::from_pem(issuer, &pem)?));
        signer.map(|signer| signer.public_key().clone()).with_context(|| path.display().to_string())
    });
    let public = public.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    let path = folder.join("keys.json");
    fs::write(&path, KeySet::from(public).to_jwks()).with_context(|| path.display().to_string())
}

/// The private key at `path`, a new one if there is none.
fn keep(path: &Path) -> anyhow::Result<String> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => {
            let pem = TokenSigner::generate_pem()?;
            file.write_all(pem.as_bytes())?;
            Ok(pem.to_string())
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(fs::read_to_string(path)?),
        Err(error) => Err(error.into()),
    }
}
