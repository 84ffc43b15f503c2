//! PostgreSQL and nats-server: found, or fetched, and run on free ports for as long as they are needed.

mod install;
mod nats;
mod postgres;
mod user;

pub(crate) use install::distribution_package;

use std::{
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use tempfile::TempDir;

pub use nats::Nats;
pub use postgres::{Durability, Postgres, Shutdown};

use crate::workspace::Workspace;

/// Both servers. Dropping it stops them and deletes their data.
#[derive(Debug)]
pub struct Servers {
    /// Where the databases are made.
    pub postgres: Postgres,
    /// The bus.
    pub nats: Nats,
    folder: TempDir,
}

impl Servers {
    /// Obtains both and starts them.
    ///
    /// # Errors
    /// When one of them cannot be obtained, with what was tried.
    pub fn start(workspace: &Workspace, durability: Durability) -> anyhow::Result<Self> {
        let folder = data_folder(workspace)?;
        let postgres = Postgres::obtain(workspace, folder.path(), durability)?;
        let nats = Nats::obtain(workspace, folder.path())?;
        Ok(Self { postgres, nats, folder })
    }

    /// Where their data and logs are; others may keep theirs beside them.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// A folder for data: below the build folder, or, where the user that PostgreSQL runs as cannot go there, below the
/// system's temporary folder.
pub(crate) fn data_folder(workspace: &Workspace) -> anyhow::Result<TempDir> {
    let preferred = workspace.target.join("servers");
    std::fs::create_dir_all(&preferred)?;
    let parent = if user::can_enter(&preferred)? { preferred } else { std::env::temp_dir() };
    let folder = tempfile::Builder::new().prefix("taskmesh-").tempdir_in(parent)?;
    user::open_to_others(folder.path())?;
    Ok(folder)
}

/// Finds `program` in the folders that `candidates` names, newest version first, if it is at least `least`.
fn newest(candidates: impl IntoIterator<Item = PathBuf>, least: (u32, u32)) -> Option<PathBuf> {
    let versions = candidates.into_iter().filter_map(|file| Some((version(&file)?, file)));
    versions.filter(|(version, _)| *version >= least).max().map(|(_, file)| file)
}

/// The version that `program --version` prints.
fn version(program: &Path) -> Option<(u32, u32)> {
    let output = std::process::Command::new(program).arg("--version").output().ok()?;
    parse_version(&String::from_utf8_lossy(&output.stdout))
}

/// The first word that looks like a version: `postgres (PostgreSQL) 15.8 (Debian …)`, `nats-server: v2.11.3`.
fn parse_version(text: &str) -> Option<(u32, u32)> {
    text.split_whitespace().find_map(|word| {
        let mut numbers = word.trim_start_matches('v').split('.').map(|number| number.parse().ok());
        Some((numbers.next()??, numbers.next().flatten().unwrap_or(0)))
    })
}

/// Says `greeting` to a port of this machine and returns the first byte of the answer.
fn ask(port: u16, greeting: &[u8]) -> Option<u8> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
    stream.write_all(greeting).ok()?;
    let mut answer = [0];
    stream.read_exact(&mut answer).ok()?;
    Some(answer[0])
}

/// Joins what was tried in vain into one message.
fn in_vain<T>(what: &str, tried: &[String]) -> anyhow::Result<T> {
    Err(anyhow::anyhow!("{}", tried.join("\n  "))).with_context(|| format!("{what} could not be obtained; tried:\n "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_say() {
        assert_eq!(parse_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some((15, 18)));
        assert_eq!(parse_version("postgres (PostgreSQL) 18"), Some((18, 0)));
        assert_eq!(parse_version("nats-server: v2.11.3"), Some((2, 11)));
        assert_eq!(parse_version("no such thing"), None);
    }
}
