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
    admin: SocketAddr,
    traces_to: Option<String>,
    folder: TempDir,
}

impl Single {
    /// Starts it with an empty folder.
    pub(super) async fn start(traces_to: Option<&str>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let [address, admin] = [free_port()?, free_port()?].map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
        let process = command(folder.path(), address, admin, traces_to)?;
        let process = start(process, folder.path(), None)?;
        let mut single = Self { process, address, admin, traces_to: traces_to.map(str::to_owned), folder };
        single.ready().await?;
        Ok(single)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it shows its metrics.
    pub(super) fn admin(&self) -> SocketAddr {
        self.admin
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
        let again = command(self.folder.path(), self.address, self.admin, self.traces_to.as_deref())?;
        self.process = start(again, self.folder.path(), crash_at)?;
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

fn command(folder: &Path, address: SocketAddr, admin: SocketAddr, traces_to: Option<&str>) -> Result<Command> {
    let mut command = Command::new(programs()?.join("taskmesh"));
    command.args(["serve", "--listen", &address.to_string(), "--admin-listen", &admin.to_string()]);
    command.args(["--webhooks-to", "127.0.0.0/8", "--data"]).arg(folder.join("data"));
    command.args(traces_to.map(|url| ["--traces-to", url]).into_iter().flatten());
    // Everybody in a test comes from one address.
    command.env("TASKMESH_GATEWAY__HTTP__LIMITS__CALLS_PER_SECOND_PER_ADDRESS", "0");
    Ok(command)
}

fn start(mut command: Command, folder: &Path, crash_at: Option<&str>) -> Result<Process> {
    if let Some(point) = crash_at {
        command.env("TASKMESH_CRASH_AT", point);
    }
    Process::start("taskmesh", &mut command, &folder.join("log")).context("taskmesh")
}
