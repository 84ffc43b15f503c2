//! The mesh that is broken: servers of its own, and two or three processes of every service.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};

use anyhow::Result;
use xtask::{
    free_port,
    mesh::{Databases, Mesh, Plan, Service},
    servers::{Durability, Servers},
    workspace::Workspace,
};

/// What is set otherwise than in production: what a dead or frozen process held comes to others soon, deliveries that
/// failed are tried again soon, and webhooks may go to this machine.
const QUICK: [(&str, &str); 5] = [
    ("TASKMESH_AUDIT_SVC__NATS__ACK_WAIT_MS", "5000"),
    ("TASKMESH_SCHEDULER_SVC__NATS__ACK_WAIT_MS", "5000"),
    ("TASKMESH_NOTIFY_SVC__NATS__ACK_WAIT_MS", "5000"),
    ("TASKMESH_NOTIFY_SVC__WEBHOOKS__ALLOWED_NETWORKS", "[\"127.0.0.0/8\"]"),
    ("TASKMESH_NOTIFY_SVC__WEBHOOKS__RETRY_SECONDS", "[1,1,2,2,3,3,5,5,5,5]"),
];

/// A mesh and its servers. Dropping it ends them, the mesh first.
#[derive(Debug)]
pub(super) struct Arena {
    pub(super) mesh: Mesh,
    pub(super) servers: Servers,
}

impl Arena {
    /// Starts everything from the folder of the built programs; blocks until all is ready.
    pub(super) fn start(programs: &Path, replicas: usize) -> Result<Self> {
        let servers = Servers::start(&Workspace::locate()?, Durability::Process)?;
        let id = std::process::id();
        let create = |service: Service| {
            let name = format!("taskmesh_faults_{}_{id}", service.name().replace('-', "_"));
            servers.postgres.create_database(&name)
        };
        let mesh = Mesh::start(&Plan {
            programs,
            folder: servers.folder(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?)),
            replicas,
            databases: Databases::create(create)?,
            nats_url: servers.nats.url(),
            variables: QUICK.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        })?;
        Ok(Self { mesh, servers })
    }

    /// Where the gateways listen.
    pub(super) fn gateways(&self) -> Vec<SocketAddr> {
        let gateways = self.mesh.members().iter().filter(|member| member.service == Service::Gateway);
        gateways.map(|gateway| gateway.listen).collect()
    }
}
