//! What is measured: a mesh of release processes on servers of its own, and the single program.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use http::Method;
use mesh_store::{Database, DatabaseConfig};
use rustix::process::{Pid, Signal, kill_process};
use xtask::{
    free_port,
    mesh::{Databases, Member, Plan, Service},
    servers::{Durability, Servers},
    workspace::{Profile, Workspace},
};

use crate::http::Connection;

/// All load comes from one address, and mostly by one person.
const UNLIMITED: [(&str, &str); 6] = [
    ("TASKMESH_GATEWAY__HTTP__LIMITS__CALLS_PER_SECOND_PER_USER", "0"),
    ("TASKMESH_GATEWAY__HTTP__LIMITS__CALLS_PER_SECOND_PER_ADDRESS", "0"),
    ("TASKMESH_GATEWAY__HTTP__LIMITS__MAX_CALLS_PER_USER", "0"),
    ("TASKMESH_GATEWAY__HTTP__LIMITS__MAX_STREAMS_PER_USER", "0"),
    ("TASKMESH_GATEWAY__HTTP__LIMITS__MAX_STREAMS_PER_ADDRESS", "0"),
    ("TASKMESH_GATEWAY__HTTP__LIMITS__MAX_CONNECTIONS_PER_ADDRESS", "0"),
];

/// A running mesh: PostgreSQL that syncs every commit, NATS, and the services' processes.
pub struct Mesh {
    /// Where the gateway listens, as `host:port`.
    pub gateway: String,
    // Before the servers, so that it stops first.
    mesh: xtask::mesh::Mesh,
    servers: Servers,
    databases: Databases,
    programs: PathBuf,
}

/// A process that has just been started.
pub struct Fresh {
    /// Which service it is of.
    pub service: &'static str,
    /// Its process id.
    pub pid: u32,
}

impl Mesh {
    /// Starts servers, and so many processes of each service, as they were built with `profile`.
    pub fn start(replicas: usize, profile: Profile) -> anyhow::Result<Self> {
        let workspace = Workspace::locate()?;
        let servers = Servers::start(&workspace, Durability::Real)?;
        let programs = workspace.programs(profile);
        let databases = Databases::create(|service| servers.postgres.create_database(service.noun()))?;
        let plan = Plan {
            programs: &programs,
            folder: servers.folder(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?)),
            replicas,
            databases: databases.clone(),
            nats_url: servers.nats.url(),
            variables: UNLIMITED.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        };
        let mesh = xtask::mesh::Mesh::start(&plan)?;
        Ok(Self { gateway: mesh.gateway().to_string(), mesh, servers, databases, programs })
    }

    /// Where each of the gateways listens, as `host:port`.
    pub fn gateways(&self) -> Vec<String> {
        let gateways = self.mesh.members().iter().filter(|member| member.service == Service::Gateway);
        gateways.map(|member| member.listen.to_string()).collect()
    }

    /// Where the first process of a service shows its metrics, as `host:port`.
    pub fn admin(&self, service: Service) -> anyhow::Result<String> {
        let member = self.mesh.members().iter().find(|member| member.service == service);
        let admin = member.and_then(Member::admin).with_context(|| format!("{} has no admin port", service.name()))?;
        Ok(admin.to_string())
    }

    /// Runs SQL in the database of a service, as nothing of Taskmesh would.
    pub fn seed(&self, service: Service, sql: &str) -> anyhow::Result<()> {
        self.servers.postgres.run_sql(self.databases.of(service), sql)
    }

    /// The database of a service.
    pub async fn database(&self, service: Service) -> anyhow::Result<Database> {
        Ok(Database::connect(&DatabaseConfig::new(self.databases.of(service))).await?)
    }

    /// A new person's API token.
    pub async fn sign_up(&self) -> anyhow::Result<String> {
        sign_up(&self.gateway).await
    }

    /// Stops the first process of a service, as a new release does.
    pub fn stop_service(&mut self, service: Service) -> anyhow::Result<()> {
        self.mesh.member(service.name(), 0)?.stop(Signal::TERM, Duration::from_secs(20))
    }

    /// Starts it again; returns how long it took until it was ready.
    pub fn start_service(&mut self, service: Service) -> anyhow::Result<Duration> {
        let started = Instant::now();
        self.mesh.member(service.name(), 0)?.start(&[])?;
        Ok(started.elapsed())
    }

    /// The process id of a service.
    pub fn process(&self, service: &str) -> anyhow::Result<u32> {
        let member = self.mesh.members().iter().find(|member| member.service.name() == service);
        member.and_then(Member::id).with_context(|| format!("{service} does not run"))
    }

    /// The process ids of all services, which nobody has called yet.
    pub fn processes(&self) -> anyhow::Result<Vec<Fresh>> {
        let fresh = |service: Service| Ok(Fresh { service: service.name(), pid: self.process(service.name())? });
        Service::ALL.into_iter().map(fresh).collect()
    }

    /// A new, empty database, and the program `pgbench` that belongs to the server.
    pub fn pgbench(&self) -> anyhow::Result<(String, PathBuf)> {
        let folder = self.servers.postgres.programs().context("pgbench is not on this machine")?;
        Ok((self.servers.postgres.create_database("pgbench")?, folder.join("pgbench")))
    }

    /// The folder of the programs.
    pub fn programs(&self) -> &PathBuf {
        &self.programs
    }

    /// Stops everything in order.
    pub fn stop(self) -> anyhow::Result<()> {
        self.mesh.stop()
    }
}

async fn sign_up(gateway: &str) -> anyhow::Result<String> {
    let email = format!("bench-{}@example.com", std::time::UNIX_EPOCH.elapsed()?.as_nanos());
    let body = format!(r#"{{"email": "{email}", "password": "a password for benches"}}"#);
    let mut connection = Connection::open(gateway, "").await?;
    let session = connection.json(Method::POST, "/v1/auth/signup", body).await.context("sign up")?;
    let access = session["accessToken"].as_str().context("no access token")?;
    let mut connection = Connection::open(gateway, access).await?;
    let token = connection.json(Method::POST, "/v1/tokens", r#"{"name": "bench"}"#.to_owned()).await?;
    Ok(token["secret"].as_str().context("no secret")?.to_owned())
}

/// `taskmesh serve`, just started.
pub struct Single {
    process: Running,
    data: tempfile::TempDir,
    /// Where it listens, as `host:port`.
    pub address: String,
    /// How long it took from the start of the process until it answered.
    pub ready_after: Duration,
}

impl Single {
    /// Starts the single program in an empty folder and waits until it answers.
    pub async fn start(programs: &std::path::Path) -> anyhow::Result<Self> {
        Self::start_in(programs, tempfile::tempdir()?).await
    }

    /// The same in this folder, with what an earlier one left there.
    pub async fn start_in(programs: &std::path::Path, data: tempfile::TempDir) -> anyhow::Result<Self> {
        let address = format!("127.0.0.1:{}", free_port()?);
        let started = Instant::now();
        let child = Command::new(programs.join("taskmesh"))
            .args(["serve", "--listen", &address, "--data"])
            .arg(data.path())
            .envs(UNLIMITED)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("start taskmesh serve")?;
        let mut single = Self { process: Running(child), data, address, ready_after: Duration::ZERO };
        while !answers(&single.address).await {
            ensure!(single.process.0.try_wait()?.is_none(), "taskmesh serve ended");
            if started.elapsed() > Duration::from_secs(30) {
                bail!("taskmesh serve does not answer");
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        single.ready_after = started.elapsed();
        Ok(single)
    }

    /// A new person's API token.
    pub async fn sign_up(&self) -> anyhow::Result<String> {
        sign_up(&self.address).await
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.0.id()
    }

    /// Stops it in order, and leaves its data.
    pub fn stop(mut self) -> anyhow::Result<tempfile::TempDir> {
        let id = i32::try_from(self.pid()).ok().and_then(Pid::from_raw).context("a process has an id")?;
        kill_process(id, Signal::TERM)?;
        self.process.0.wait()?;
        Ok(self.data)
    }
}

/// A process that dies when it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn answers(address: &str) -> bool {
    match Connection::open(address, "").await {
        Ok(mut connection) => connection.call(Method::GET, "/readyz", "").await.is_ok(),
        Err(_) => false,
    }
}
