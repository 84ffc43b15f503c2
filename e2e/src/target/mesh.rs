//! A mesh: each service a process, on databases and a NATS server of its own.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, Result, bail};
use mesh_testkit::{TestDatabase, postgres};
use rustix::process::Signal;
use tempfile::TempDir;
use xtask::{
    free_port,
    mesh::{Databases, Member, Plan, Service},
    servers::Nats,
    workspace::Workspace,
};

use super::{POLL, end_of, programs};
use crate::PATIENCE;

/// What dies with unacknowledged deliveries gets them again after a short while, so that tests need not wait for it; and
/// webhooks may be sent to the tests themselves. Everybody in a test comes from one address. A gateway that stops leaves
/// balancers time to notice, as in the chart, where it is more.
const SETTINGS: [(&str, &str); 7] = [
    ("TASKMESH_GATEWAY__HTTP__LIMITS__CALLS_PER_SECOND_PER_ADDRESS", "0"),
    ("TASKMESH_GATEWAY__PROCESS__SHUTDOWN__DRAIN_DELAY_MS", "2000"),
    ("TASKMESH_AUDIT_SVC__NATS__ACK_WAIT_MS", "2000"),
    ("TASKMESH_NOTIFY_SVC__NATS__ACK_WAIT_MS", "2000"),
    ("TASKMESH_SCHEDULER_SVC__NATS__ACK_WAIT_MS", "2000"),
    ("TASKMESH_NOTIFY_SVC__WEBHOOKS__TIMEOUT_MS", "2000"),
    ("TASKMESH_NOTIFY_SVC__WEBHOOKS__ALLOWED_NETWORKS", "[\"127.0.0.0/8\"]"),
];

/// A running mesh.
#[derive(Debug)]
pub struct Mesh {
    processes: xtask::mesh::Mesh,
    nats: Nats,
    #[expect(dead_code, reason = "held for their drop, after the processes'")]
    databases: Vec<TestDatabase>,
    folder: TempDir,
}

impl Mesh {
    /// Starts one with so many processes of every service, empty databases and an empty bus.
    pub(super) async fn start(replicas: usize, traces_to: Option<&str>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let nats = Nats::obtain(&Workspace::locate()?, folder.path())?;
        let mut databases = Vec::new();
        for _ in Service::ALL {
            databases.push(postgres().await);
        }
        let mut urls = databases.iter().map(|database| database.url().to_owned());
        let processes = xtask::mesh::Mesh::start(&Plan {
            programs: &programs()?,
            folder: folder.path(),
            listen: SocketAddr::from(([127, 0, 0, 1], free_port()?)),
            replicas,
            databases: Databases::create(|_| urls.next().context("one for each service"))?,
            nats_url: nats.url(),
            variables: SETTINGS
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into_iter()
                .chain(traces(traces_to))
                .collect(),
        })?;
        Ok(Self { processes, nats, databases, folder })
    }

    /// Where the gateway listens.
    pub fn address(&self) -> SocketAddr {
        self.processes.gateway()
    }

    /// Where all gateways listen.
    pub(super) fn gateways(&self) -> Vec<SocketAddr> {
        let gateways = self.processes.members().iter().filter(|member| member.service == Service::Gateway);
        gateways.map(|member| member.listen).collect()
    }

    /// The file of the key that signs access tokens.
    pub(super) fn signing_key(&self) -> PathBuf {
        self.processes.signing_key()
    }

    pub(super) async fn restart(&mut self, part: &str, crash_at: Option<&str>) -> Result<()> {
        let member = self.processes.member(part, 0)?;
        member.kill()?;
        let variables: Vec<_> = crash_at.map(|point| ("TASKMESH_CRASH_AT", point)).into_iter().collect();
        member.launch(&variables)?;
        ready(member).await
    }

    /// Asks a process to stop, waits until it has, and starts it again.
    pub(super) async fn replace(&mut self, part: &str, replica: usize) -> Result<()> {
        let member = self.processes.member(part, replica)?;
        member.signal(Signal::TERM)?;
        let deadline = Instant::now() + PATIENCE;
        while member.running()? {
            if Instant::now() > deadline {
                bail!("{part} {replica} does not stop\n{}", end_of(member.log()));
            }
            // Sleeps because a process that stops finishes what is under way.
            tokio::time::sleep(POLL).await;
        }
        member.launch(&[])?;
        ready(member).await
    }

    pub(super) fn has_ended(&mut self, part: &str) -> Result<bool> {
        Ok(!self.processes.member(part, 0)?.running()?)
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn nats(&mut self) -> &mut Nats {
        &mut self.nats
    }

    /// Where each process shows its metrics.
    pub(super) fn admins(&self) -> Vec<SocketAddr> {
        self.processes.members().iter().filter_map(Member::admin).collect()
    }

    pub(super) fn logs(&self) -> String {
        self.processes.members().iter().map(|member| end_of(member.log())).collect()
    }
}

/// What tells every service of a collector.
fn traces(url: Option<&str>) -> impl Iterator<Item = (String, String)> {
    let named = |url: &str| {
        let url = url.to_owned();
        Service::ALL.map(|service| (service.variable("PROCESS__TRACES__ENDPOINT"), url.clone()))
    };
    url.map(named).into_iter().flatten()
}

/// Waits, while others go on, until the process says that it is ready.
async fn ready(member: &mut Member) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    while member.admin().is_none() {
        if !member.running()? || Instant::now() > deadline {
            bail!("{} does not get ready\n{}", member.service.name(), end_of(member.log()));
        }
        // Sleeps because readiness is asked for again and again.
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}
