//! The gateway's key: a new private one for each mesh, and the public one as the gateway publishes it.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail};

/// What stands before the 32 bytes of an Ed25519 private key in PKCS #8 (RFC 8410, section 7).
const PKCS8_PREFIX: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// Where the private key is.
pub(super) fn signing_key(folder: &Path) -> PathBuf {
    folder.join("signing-key.pem")
}

/// Where the public key is.
pub(super) fn key_set(folder: &Path) -> PathBuf {
    folder.join("keys.json")
}

/// Writes a new private key, for its owner's eyes only.
pub(super) fn write_signing_key(path: &Path) -> anyhow::Result<()> {
    let mut seed = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut seed)?;
    let text = base64(&[PKCS8_PREFIX.as_slice(), &seed].concat());
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    Ok(write!(file, "-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")?)
}

/// Asks a gateway for its public keys and writes them down, in one step: services may be reading the file.
pub(super) fn fetch_key_set(gateway: SocketAddr, path: &Path) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(gateway).context("the gateway does not answer")?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(stream, "GET /.well-known/jwks.json HTTP/1.1\r\nHost: {gateway}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    if !head.starts_with("HTTP/1.1 200") {
        bail!("the gateway does not tell its public keys: {head}");
    }
    let unfinished = path.with_extension("unfinished");
    fs::write(&unfinished, body)?;
    Ok(fs::rename(unfinished, path)?)
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
