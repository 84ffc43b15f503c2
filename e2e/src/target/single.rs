//! `taskmesh serve`: everything in one process, with its data in a folder of its own.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;
use xtask::{Process, free_port};

use super::{POLL, end_of, programs};
use crate::PATIENCE;

/// A running `taskmesh serve`.
#[derive(Debug)]
pub struct Single {
    process: Process,
    address: SocketAddr,
    folder: TempDir,
}

impl Single {
    /// Starts it with an empty folder.
    pub(super) async fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
        let process = launch(folder.path(), address, None)?;
        let mut single = Self { process, address, folder };
        single.ready().await?;
        Ok(single)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Its data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The file of the key that signs access tokens.
    pub(super) fn signing_key(&self) -> PathBuf {
        self.data().join("signing-key.pem")
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn has_ended(&mut self) -> Result<bool> {
        Ok(!self.process.running()?)
    }

    pub(super) fn logs(&self) -> String {
        end_of(&self.log())
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// Starts it again with the same data, to die at `crash_at` if that is given.
    pub(super) async fn restart(&mut self, crash_at: Option<&str>) -> Result<()> {
        self.process.kill()?;
        self.process = launch(self.folder.path(), self.address, crash_at)?;
        self.ready().await
    }

    /// Waits, while others go on, until it says that it is ready.
    async fn ready(&mut self) -> Result<()> {
        let url = format!("http://{}/readyz", self.address);
        let client = reqwest::Client::builder().no_proxy().build()?;
        let deadline = Instant::now() + PATIENCE;
        while !client.get(&url).send().await.is_ok_and(|answer| answer.status() == 200) {
            if !self.process.running()? || Instant::now() > deadline {
                bail!("taskmesh does not get ready\n{}", self.logs());
            }
            // Sleeps because readiness is asked for again and again.
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }
}

fn launch(folder: &Path, address: SocketAddr, crash_at: Option<&str>) -> Result<Process> {
    let mut command = Command::new(programs()?.join("taskmesh"));
    command.args(["serve", "--listen", &address.to_string(), "--webhooks-to", "127.0.0.0/8"]);
    command.arg("--data").arg(folder.join("data"));
    // Everybody in a test comes from one address.
    command.env("TASKMESH_GATEWAY__HTTP__LIMITS__CALLS_PER_SECOND_PER_ADDRESS", "0");
    if let Some(point) = crash_at {
        command.env("TASKMESH_CRASH_AT", point);
    }
    Process::start("taskmesh", &mut command, &folder.join("log")).context("taskmesh")
}
