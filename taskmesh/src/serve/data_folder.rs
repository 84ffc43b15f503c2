//! The folder that holds everything: used by one process at a time, readable by its owner only.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, Read, Seek, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use mesh_rpc::TokenSigner;
use rustix::{
    fs::{FlockOperation, Mode, flock},
    io::Errno,
    process::umask,
};

const OWNER_ONLY: u32 = 0o700;
const SECRET: u32 = 0o600;

/// A data folder that is ours until this is dropped.
#[derive(Debug)]
pub(super) struct DataFolder {
    path: PathBuf,
    /// The lock lives as long as this is open; the system releases it however the process ends.
    _lock: File,
}

impl DataFolder {
    /// Takes the folder at `path`, and creates it if there is none. Files that the process makes from now on are its
    /// owner's only.
    ///
    /// # Errors
    /// When another process has it, it holds something else, or it cannot be made or locked.
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        umask(Mode::from_raw_mode(0o077));
        let shown = path.display();
        let made = DirBuilder::new().recursive(true).mode(OWNER_ONLY).create(path);
        made.with_context(|| format!("cannot create the data folder {shown}"))?;
        ensure!(
            is_ours(path)?,
            "{shown} holds other things than data of taskmesh; name a folder of its own with --data"
        );
        let lock = lock(path)?;
        tighten(path, OWNER_ONLY)?;
        Ok(Self { path: path.to_path_buf(), _lock: lock })
    }

    /// The folder's path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The path of a file in it.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The private key that signs access tokens, made on the first run and kept.
    ///
    /// # Errors
    /// When it cannot be made, kept or read.
    pub(super) fn signing_key(&self) -> anyhow::Result<String> {
        let path = self.file("signing-key.pem");
        match fs::read_to_string(&path) {
            Ok(pem) => {
                tighten(&path, SECRET)?;
                Ok(pem)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let pem = TokenSigner::generate_pem()?;
                self.keep(&path, &pem).with_context(|| format!("cannot write {}", path.display()))?;
                tracing::info!("made a new signing key");
                Ok(pem)
            }
            Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
        }
    }

    /// Writes a secret: whole or not at all, and for good.
    fn keep(&self, path: &Path, secret: &str) -> io::Result<()> {
        let unfinished = path.with_extension("unfinished");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(SECRET).open(&unfinished)?;
        file.write_all(secret.as_bytes())?;
        file.sync_all()?;
        fs::rename(&unfinished, path)?;
        File::open(&self.path)?.sync_all()
    }
}

/// Whether the folder is empty or was used by taskmesh before. Nobody else's folder is touched.
fn is_ours(path: &Path) -> anyhow::Result<bool> {
    let mut entries = fs::read_dir(path).with_context(|| format!("cannot look into {}", path.display()))?;
    Ok(entries.next().is_none() || path.join("lock").exists())
}

fn lock(path: &Path) -> anyhow::Result<File> {
    let name = path.join("lock");
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(SECRET).open(&name);
    let mut file = opened.with_context(|| format!("cannot open {}", name.display()))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(Errno::WOULDBLOCK) => bail!("the data folder {} is in use by {}", path.display(), holder(&mut file)),
        Err(error) => return Err(error).with_context(|| format!("cannot lock {}", name.display())),
    }
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(std::process::id().to_string().as_bytes())?;
    Ok(file)
}

/// Who holds the lock, as they wrote into it.
fn holder(lock: &mut File) -> String {
    let mut text = String::new();
    match lock.read_to_string(&mut text) {
        Ok(_) if !text.is_empty() => format!("another taskmesh, process {}", text.trim()),
        _ => "another taskmesh".to_owned(),
    }
}

/// Takes away what others may do with the file or folder at `path`.
fn tighten(path: &Path, mode: u32) -> anyhow::Result<()> {
    let current = fs::metadata(path)?.permissions().mode() & 0o777;
    if current & !mode == 0 {
        return Ok(());
    }
    let tightened = fs::set_permissions(path, Permissions::from_mode(mode));
    tightened.with_context(|| format!("cannot keep {} from others", path.display()))
}
