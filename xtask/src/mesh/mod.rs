//! `cargo xtask mesh`: every service as processes of its own, as in production, on this machine.

mod databases;
mod keys;
mod member;
mod service;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::Context;
use clap::Args;
use rustix::process::Signal;
use serde::Serialize;

pub use databases::Databases;
pub use member::Member;
pub use service::Service;

use crate::{
    Interrupt, free_port,
    servers::{Durability, Servers},
    workspace::{Profile, Workspace},
};

/// How long a process may take to finish what is under way.
const PATIENCE: Duration = Duration::from_secs(30);

/// What to run.
#[derive(Args, Debug)]
pub struct Options {
    /// Where the gateway listens.
    #[arg(long, default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)))]
    listen: SocketAddr,
    /// How many processes of each service.
    #[arg(long, default_value_t = 1)]
    replicas: usize,
    /// How the programs are built.
    #[arg(long, value_enum, default_value_t = Profile::Release)]
    profile: Profile,
    /// Print the processes as one line of JSON.
    #[arg(long)]
    json: bool,
}

/// What a mesh is made of.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    /// The folder of the programs.
    pub programs: &'a Path,
    /// A folder for keys, logs and the like.
    pub folder: &'a Path,
    /// Where the first gateway listens; further ones take free ports.
    pub listen: SocketAddr,
    /// How many processes of each service.
    pub replicas: usize,
    /// Each service's database.
    pub databases: Databases,
    /// The NATS server.
    pub nats_url: String,
    /// Further variables for every process, such as `TASKMESH_TASK_SVC__PROCESS__LOG__FILTER`.
    pub variables: Vec<(String, String)>,
}

/// A running mesh, without its servers. Dropping it kills its processes.
#[derive(Debug)]
pub struct Mesh {
    /// Gateways first: whoever is stopped first takes the calls.
    members: Vec<Member>,
    folder: PathBuf,
}

impl Mesh {
    /// Starts every process and waits until all are ready.
    ///
    /// # Errors
    /// When one of them does not start, with the end of its log.
    pub fn start(plan: &Plan) -> anyhow::Result<Self> {
        keys::write(plan.folder, plan.programs)?;
        let mut members = Vec::new();
        for service in Service::ALL {
            for replica in 0..plan.replicas {
                let first_gateway = service == Service::Gateway && replica == 0;
                let listen = if first_gateway { plan.listen } else { (Ipv4Addr::LOCALHOST, free_port()?).into() };
                members.push(Member::new(plan, service, replica, listen));
            }
        }
        let mut mesh = Self { members, folder: plan.folder.to_owned() };
        mesh.introduce();
        mesh.members.iter_mut().try_for_each(|member| member.launch(&[]))?;
        mesh.members.iter_mut().try_for_each(Member::wait_ready)?;
        Ok(mesh)
    }

    /// Tells each process where all replicas of the services are that it calls.
    fn introduce(&mut self) {
        let all = Service::ALL.map(|service| {
            let replicas = self.members.iter().filter(|member| member.service == service);
            (service, replicas.map(|member| format!("http://{}", member.listen)).collect::<Vec<_>>().join(","))
        });
        for member in &mut self.members {
            let told = all.iter().filter_map(|(other, uris)| member.service.upstream_variable(*other, uris));
            member.variables.extend(told);
        }
    }

    /// Where the first gateway listens.
    pub fn gateway(&self) -> SocketAddr {
        self.members[0].listen
    }

    /// The private key of the gateways: a PEM file.
    pub fn signing_key(&self) -> PathBuf {
        keys::signing_key(&self.folder, Service::Gateway)
    }

    /// Every process.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// One process.
    ///
    /// # Errors
    /// When there is none.
    pub fn member(&mut self, service: &str, replica: usize) -> anyhow::Result<&mut Member> {
        let mut members = self.members.iter_mut();
        let found = members.find(|member| member.service.name() == service && member.replica == replica);
        found.with_context(|| format!("no replica {replica} of {service}"))
    }

    /// Stops everything in order, and waits for what is under way.
    ///
    /// # Errors
    /// When a process had to be killed.
    pub fn stop(mut self) -> anyhow::Result<()> {
        self.members.iter_mut().try_for_each(|member| member.stop(Signal::TERM, PATIENCE))
    }
}

/// What `--json` prints.
#[derive(Serialize)]
struct Table<'a> {
    gateway: SocketAddr,
    postgres: &'a str,
    nats: String,
    folder: &'a Path,
    processes: &'a [Member],
}

/// Runs a mesh until Ctrl-C.
///
/// # Errors
/// When something does not start, or does not stop in time.
pub fn run(workspace: &Workspace, options: &Options, interrupt: &Interrupt) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(options.replicas > 0, "--replicas is 0");
    workspace.build_programs(options.profile)?;
    let servers = Servers::start(workspace, Durability::Real)?;
    // Names of their own, as the server may be one that others use.
    let id = std::process::id();
    let database = |service: Service| servers.postgres.create_database(&format!("taskmesh_{}_{id}", service.noun()));
    let plan = Plan {
        programs: &workspace.programs(options.profile),
        folder: servers.folder(),
        listen: options.listen,
        replicas: options.replicas,
        databases: Databases::create(database)?,
        nats_url: servers.nats.url(),
        variables: Vec::new(),
    };
    let mut mesh = Mesh::start(&plan)?;
    show(&mesh, &servers, options.json)?;
    let mut told = Vec::new();
    let interrupted = interrupt.wait_until(|| tell_ended(&mut mesh, &mut told).map(|()| false));
    if !interrupt.requested() {
        interrupted?;
    }
    eprintln!("stopping");
    mesh.stop()?;
    Ok(ExitCode::SUCCESS)
}

fn show(mesh: &Mesh, servers: &Servers, json: bool) -> anyhow::Result<()> {
    let table = Table {
        gateway: mesh.gateway(),
        postgres: servers.postgres.url(),
        nats: servers.nats.url(),
        folder: servers.folder(),
        processes: mesh.members(),
    };
    if json {
        println!("{}", serde_json::to_string(&table)?);
        return Ok(());
    }
    println!("{:<13} {:>7} {:<22} {:<22} {:>8}", "service", "replica", "listens", "admin", "process");
    for member in table.processes {
        let admin = member.admin().map(|address| address.to_string()).unwrap_or_default();
        let (service, listen) = (member.service.name(), member.listen.to_string());
        println!("{service:<13} {:>7} {listen:<22} {admin:<22} {:>8}", member.replica, member.id().unwrap_or(0));
    }
    println!("\nPostgreSQL {}\nNATS       {}\nlogs       {}", table.postgres, table.nats, table.folder.display());
    println!("\nThe gateway listens on http://{}. Ctrl-C stops everything.", table.gateway);
    Ok(())
}

/// Says once which processes have ended. They are not started again: seeing what the rest does is often the point.
fn tell_ended(mesh: &mut Mesh, told: &mut Vec<u32>) -> anyhow::Result<()> {
    for member in &mut mesh.members {
        let Some(id) = member.id() else { continue };
        if !told.contains(&id) && !member.running()? {
            eprintln!("{} {} (process {id}) has ended", member.service.name(), member.replica);
            told.push(id);
        }
    }
    Ok(())
}
