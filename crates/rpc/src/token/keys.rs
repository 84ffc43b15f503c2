//! The public keys by which tokens are verified: given, or read from a file and read again when it changes.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, Instant, SystemTime},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::DecodingKey;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::TokenError;

/// How often the file is looked at while all is well.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How often at most it is looked at because a token names a key that is not known.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// An Ed25519 public key and its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    kty: String,
    crv: String,
    #[serde(default = "eddsa")]
    alg: String,
    #[serde(rename = "use", default = "sig")]
    usage: String,
    kid: String,
    x: String,
}

impl PublicKey {
    /// A key of `issuer`. Its id is `<issuer>.<start of its thumbprint>`.
    pub fn of_issuer(issuer: &str, key: [u8; 32]) -> Self {
        let x = URL_SAFE_NO_PAD.encode(key);
        // RFC 7638: the members that make the key, in order of the alphabet.
        let thumbprint = Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#));
        let kid = format!("{issuer}.{}", URL_SAFE_NO_PAD.encode(&thumbprint[..12]));
        Self { kty: "OKP".to_owned(), crv: "Ed25519".to_owned(), alg: eddsa(), usage: sig(), kid, x }
    }

    /// The key's id.
    pub fn id(&self) -> &str {
        &self.kid
    }

    fn is_usable(&self) -> bool {
        let ed25519 = self.kty == "OKP" && self.crv == "Ed25519" && self.alg == "EdDSA" && self.usage == "sig";
        let length = URL_SAFE_NO_PAD.decode(&self.x).map(|key| key.len());
        ed25519 && length == Ok(32) && self.kid.contains('.')
    }
}

fn eddsa() -> String {
    "EdDSA".to_owned()
}

fn sig() -> String {
    "sig".to_owned()
}

/// The keys of everybody who signs tokens. Cheap to clone; clones share the keys.
#[derive(Clone, Debug)]
pub struct KeySet(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    keys: RwLock<Arc<Keys>>,
    file: Option<Mutex<File>>,
}

/// One state of the set.
#[derive(Debug)]
pub(super) struct Keys {
    /// Grows with every state, so that what was remembered of an earlier one can be forgotten.
    pub(super) generation: u64,
    listed: Vec<PublicKey>,
    decoding: HashMap<String, DecodingKey>,
}

#[derive(Debug)]
struct File {
    path: PathBuf,
    looked: Instant,
    stamp: Option<(SystemTime, u64)>,
}

#[derive(Serialize, Deserialize)]
struct Jwks {
    keys: Vec<PublicKey>,
}

impl From<Vec<PublicKey>> for KeySet {
    fn from(keys: Vec<PublicKey>) -> Self {
        Self(Arc::new(Shared { keys: RwLock::new(Arc::new(Keys::new(keys, 1))), file: None }))
    }
}

impl KeySet {
    /// The set in a JWKS document (RFC 7517).
    ///
    /// # Errors
    /// When it is none, or holds a key that is not a usable Ed25519 key.
    pub fn from_jwks(json: &str) -> Result<Self, TokenError> {
        Ok(Self::from(parse(json)?))
    }

    /// The set in a JWKS file. The file is looked at every few seconds while tokens come in, and when one names a key
    /// that is not known; a file that has become unusable leaves the set as it was.
    ///
    /// # Errors
    /// When there is no usable file at first.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, TokenError> {
        let path = path.as_ref().to_path_buf();
        let read_error = |source| TokenError::File { path: path.display().to_string(), source };
        let stamp = stamp(&path).map_err(read_error)?;
        let keys = parse(&fs::read_to_string(&path).map_err(read_error)?)?;
        let file = File { path: path.clone(), looked: Instant::now(), stamp: Some(stamp) };
        let keys = RwLock::new(Arc::new(Keys::new(keys, 1)));
        Ok(Self(Arc::new(Shared { keys, file: Some(Mutex::new(file)) })))
    }

    /// Puts these keys in the place of those there were.
    pub fn replace(&self, keys: Vec<PublicKey>) {
        let mut current = self.0.keys.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(Keys::new(keys, current.generation + 1));
    }

    /// The set as a JWKS document.
    pub fn to_jwks(&self) -> String {
        let jwks = Jwks { keys: self.current().listed.clone() };
        serde_json::to_string(&jwks).unwrap_or_default()
    }

    /// The keys as they are, after a look at the file if it is time.
    pub(super) fn current(&self) -> Arc<Keys> {
        self.look_after(LOOK_EVERY);
        Arc::clone(&self.0.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The keys after a look at the file because a key is missing.
    pub(super) fn current_or_newer(&self) -> Arc<Keys> {
        self.look_after(LOOK_AGAIN_AFTER);
        self.current()
    }

    fn look_after(&self, pause: Duration) {
        let Some(file) = &self.0.file else { return };
        // Whoever finds somebody else looking goes on with what there is.
        let Ok(mut file) = file.try_lock() else { return };
        if file.looked.elapsed() < pause {
            return;
        }
        match file.look() {
            Ok(None) => {}
            Ok(Some(keys)) => {
                tracing::info!(keys = keys.len(), "key set read again");
                self.replace(keys);
            }
            Err(error) => tracing::error!(error.detail = %error, "key set unusable, keeping the one before"),
        }
    }
}

impl File {
    /// The keys, if the file has changed since the last look.
    fn look(&mut self) -> Result<Option<Vec<PublicKey>>, TokenError> {
        self.looked = Instant::now();
        let read_error = |source| TokenError::File { path: self.path.display().to_string(), source };
        let stamp = stamp(&self.path).map_err(read_error)?;
        if self.stamp == Some(stamp) {
            return Ok(None);
        }
        let json = fs::read_to_string(&self.path).map_err(read_error)?;
        self.stamp = Some(stamp);
        parse(&json).map(Some)
    }
}

impl Keys {
    fn new(listed: Vec<PublicKey>, generation: u64) -> Self {
        let decoding_key = |key: &PublicKey| Some((key.kid.clone(), DecodingKey::from_ed_components(&key.x).ok()?));
        Self { generation, decoding: listed.iter().filter_map(decoding_key).collect(), listed }
    }

    /// The key of this id.
    pub(super) fn find(&self, id: &str) -> Option<&DecodingKey> {
        self.decoding.get(id)
    }
}

fn parse(json: &str) -> Result<Vec<PublicKey>, TokenError> {
    let jwks: Jwks = serde_json::from_str(json).map_err(|error| TokenError::KeySet(error.to_string()))?;
    match jwks.keys.iter().find(|key| !key.is_usable()) {
        Some(key) => Err(TokenError::KeySet(format!("key {:?} is not a usable Ed25519 key", key.kid))),
        None if jwks.keys.is_empty() => Err(TokenError::KeySet("it is empty".to_owned())),
        None => Ok(jwks.keys),
    }
}

/// What changes when the file does.
fn stamp(path: &Path) -> io::Result<(SystemTime, u64)> {
    let metadata = fs::metadata(path)?;
    Ok((metadata.modified()?, metadata.len()))
}
