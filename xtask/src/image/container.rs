//! Programs of the image in containers that end with us.

use std::{
    fs,
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, ensure};
use rustix::process::{Signal, geteuid};

use super::engine::Engine;
use crate::{
    process::{Process, end_of, wait_ready},
    workspace::output_of,
};

/// How long a program may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long a program may take to stop: what the chart grants it after its wait for callers.
const GRACE: Duration = Duration::from_secs(130);
/// A user that no image knows, as some clusters choose one; without root only our own may own files.
const ANYBODY: u32 = 12_345;

/// An image, and a folder of this machine that its programs find at the same path.
pub(super) struct Image {
    engine: Engine,
    tag: String,
    folder: PathBuf,
    user: u32,
}

impl Image {
    /// With a new folder in `parent`.
    pub(super) fn new(engine: Engine, tag: &str, parent: &Path) -> anyhow::Result<Self> {
        let folder = parent.join("container");
        fs::create_dir(&folder)?;
        let user = if geteuid().is_root() { ANYBODY } else { geteuid().as_raw() };
        chown(&folder, Some(user), None)?;
        Ok(Self { engine, tag: tag.to_owned(), folder, user })
    }

    /// The folder, the only one that can be written to.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs `command` to its end.
    pub(super) fn run(&self, command: &[&str], variables: &[(String, String)]) -> anyhow::Result<()> {
        output_of(self.command(variables).arg(&self.tag).args(command)).map(drop)
    }

    /// Starts `command`.
    pub(super) fn start(
        &self,
        name: &str,
        command: &[&str],
        variables: &[(String, String)],
    ) -> anyhow::Result<Container> {
        let (log, unique) = (self.folder.join(format!("{name}.log")), format!("{name}-{}", std::process::id()));
        let mut run = self.command(variables);
        run.args(["--name", &unique, &self.tag]).args(command);
        let process = Process::start(name, &mut run, &log)?;
        Ok(Container { engine: self.engine, name: unique, log, process })
    }

    fn command(&self, variables: &[(String, String)]) -> Command {
        let mut command = self.engine.run();
        let folder = self.folder.display();
        command.args(["--user", &format!("{0}:{0}", self.user), "--volume", &format!("{folder}:{folder}")]);
        command.args(variables.iter().flat_map(|(name, value)| ["--env".to_owned(), format!("{name}={value}")]));
        command
    }
}

/// A program that runs in a container.
pub(super) struct Container {
    engine: Engine,
    name: String,
    log: PathBuf,
    process: Process,
}

impl Container {
    /// Waits until `ready` says so.
    pub(super) fn wait_until(&mut self, ready: impl Fn() -> bool) -> anyhow::Result<()> {
        wait_ready(&mut self.process, PATIENCE, ready).with_context(|| end_of(&self.log))
    }

    /// Asks the program to stop, as the engine and Kubernetes do, and waits for it to finish what is under way.
    pub(super) fn stop(mut self) -> anyhow::Result<()> {
        self.process.stop(Signal::TERM, GRACE)?;
        ensure!(self.process.succeeded()?, "{} did not end well\n{}", self.name, end_of(&self.log));
        Ok(())
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        if self.process.running().unwrap_or(true) {
            let _ = output_of(self.engine.command().args(["rm", "--force", &self.name]));
        }
    }
}
