//! The keys of a mesh: new private ones each time, and the public ones as every service reads them.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use super::Service;
use crate::workspace::output_of;

/// What stands before the 32 bytes of an Ed25519 private key in PKCS #8 (RFC 8410, section 7).
const PKCS8_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// Where the private key of `service` is: as `taskmesh new-keys` calls it.
pub(super) fn signing_key(folder: &Path, service: Service) -> PathBuf {
    folder.join(format!("{}.pem", service.noun()))
}

/// Where the public keys of all who sign are.
pub(super) fn key_set(folder: &Path) -> PathBuf {
    folder.join("keys.json")
}

/// Writes a private key for each service that signs, and then their public ones, as `taskmesh key-set` tells them.
pub(super) fn write(folder: &Path, programs: &Path) -> anyhow::Result<()> {
    let mut command = Command::new(programs.join("taskmesh"));
    command.arg("key-set");
    for service in Service::SIGNING {
        let file = signing_key(folder, service);
        write_signing_key(&file)?;
        command.arg(format!("{}={}", service.name(), file.display()));
    }
    Ok(fs::write(key_set(folder), output_of(&mut command)?)?)
}

/// Writes a new private key, for its owner's eyes only.
fn write_signing_key(path: &Path) -> anyhow::Result<()> {
    let mut seed = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut seed)?;
    let text = base64(&[PKCS8_PREFIX.as_slice(), &seed].concat());
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    Ok(write!(file, "-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")?)
}

/// RFC 4648, for lengths that need no padding.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letters = bytes.chunks_exact(3).flat_map(|three| {
        let number = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        [18, 12, 6, 0].map(|shift| char::from(ALPHABET[(number >> shift) as usize & 63]))
    });
    letters.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_as_everybody_writes_it() {
        assert_eq!(base64(b"Man~\xff\x00"), "TWFufv8A");
    }

    #[test]
    fn a_key_needs_no_padding() {
        assert_eq!((PKCS8_PREFIX.len() + 32) % 3, 0);
    }
}
