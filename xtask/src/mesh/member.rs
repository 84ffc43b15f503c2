//! One process of a mesh: started, killed, started again with the same settings.

use std::{net::SocketAddr, path::PathBuf, process::Command, time::Duration};

use anyhow::{Context, bail};
use rustix::process::Signal;
use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct};

use super::{Plan, Service};
use crate::process::{Process, end_of, wait_ready};

const PATIENCE: Duration = Duration::from_secs(60);

/// One process of a mesh.
#[derive(Debug)]
pub struct Member {
    /// Which service it is of.
    pub service: Service,
    /// Its number among those of its service, from 0.
    pub replica: usize,
    /// Where it listens.
    pub listen: SocketAddr,
    pub(super) variables: Vec<(String, String)>,
    program: PathBuf,
    log: PathBuf,
    ready_file: PathBuf,
    process: Option<Process>,
}

/// What a process says when it is ready.
#[derive(Deserialize)]
struct Ready {
    admin: Option<SocketAddr>,
}

impl Member {
    pub(super) fn new(plan: &Plan, service: Service, replica: usize, listen: SocketAddr) -> Self {
        let file = |extension| plan.folder.join(format!("{}-{replica}.{extension}", service.name()));
        let ready_file = file("ready");
        let mut variables = service.variables(plan, listen, &ready_file);
        variables.extend(plan.variables.iter().cloned());
        let program = plan.programs.join(service.name());
        Self { service, replica, listen, variables, program, log: file("log"), ready_file, process: None }
    }

    /// Starts it, in the place of what is left of it, and waits until it is ready. `variables` are for this time only,
    /// such as `TASKMESH_CRASH_AT`.
    ///
    /// # Errors
    /// When it does not start, with the end of its log.
    pub fn start(&mut self, variables: &[(&str, &str)]) -> anyhow::Result<()> {
        self.launch(variables)?;
        self.wait_ready()
    }

    /// Starts it and does not wait.
    ///
    /// # Errors
    /// When it runs already, or does not start.
    pub fn launch(&mut self, variables: &[(&str, &str)]) -> anyhow::Result<()> {
        if self.running()? {
            bail!("{} {} runs already", self.service.name(), self.replica);
        }
        if self.ready_file.exists() {
            std::fs::remove_file(&self.ready_file)?;
        }
        let mut command = Command::new(&self.program);
        command.envs(self.variables.iter().cloned()).envs(variables.iter().copied());
        self.process = Some(Process::start(self.service.name(), &mut command, &self.log)?);
        Ok(())
    }

    /// Waits until it is ready.
    ///
    /// # Errors
    /// When it ends before, or takes too long, with the end of its log.
    pub fn wait_ready(&mut self) -> anyhow::Result<()> {
        let process = self.process.as_mut().context("it was not started")?;
        let ready_file = &self.ready_file;
        wait_ready(process, PATIENCE, || ready_file.exists()).with_context(|| end_of(&self.log))
    }

    /// Whether it is still there.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn running(&mut self) -> anyhow::Result<bool> {
        self.process.as_mut().map_or(Ok(false), Process::running)
    }

    /// Its process id, if it was started.
    pub fn id(&self) -> Option<u32> {
        self.process.as_ref().map(Process::id)
    }

    /// Where it shows metrics and health.
    pub fn admin(&self) -> Option<SocketAddr> {
        let ready = std::fs::read(&self.ready_file).ok()?;
        serde_json::from_slice::<Ready>(&ready).ok()?.admin
    }

    /// What it has logged, in all its lives.
    pub fn log(&self) -> &PathBuf {
        &self.log
    }

    /// Kills it, as `kill -9` does, unless it has ended.
    ///
    /// # Errors
    /// When the system does not let us.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.process.as_mut().map_or(Ok(()), Process::kill)
    }

    /// Sends it a signal, such as SIGSTOP.
    ///
    /// # Errors
    /// When the system does not let us.
    pub fn signal(&mut self, signal: Signal) -> anyhow::Result<()> {
        self.process.as_mut().map_or(Ok(()), |process| process.signal(signal))
    }

    /// Asks it to end with `signal`, and waits.
    ///
    /// # Errors
    /// When it had to be killed after `patience`.
    pub fn stop(&mut self, signal: Signal, patience: Duration) -> anyhow::Result<()> {
        self.process.as_mut().map_or(Ok(()), |process| process.stop(signal, patience))
    }
}

impl Serialize for Member {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Member", 5)?;
        fields.serialize_field("service", &self.service)?;
        fields.serialize_field("replica", &self.replica)?;
        fields.serialize_field("listen", &self.listen)?;
        fields.serialize_field("admin", &self.admin())?;
        fields.serialize_field("pid", &self.id())?;
        fields.end()
    }
}
