//! A Taskmesh to test: in one process, or as a mesh of processes.

mod mesh;
mod single;

use std::{
    net::SocketAddr,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use tokio::sync::OnceCell;
use xtask::mesh::Service;

use crate::{Client, Face, Person};

pub use mesh::Mesh;
pub use single::Single;

/// How often a process is asked whether it is ready.
const POLL: Duration = Duration::from_millis(10);

/// How Taskmesh runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Every service in one process, on SQLite.
    Single,
    /// Every service on its own, on PostgreSQL and NATS.
    Mesh,
}

impl Mode {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Single, Self::Mesh];
}

/// A running Taskmesh. Dropping it ends its processes.
#[derive(Debug)]
pub enum Target {
    /// In one process.
    Single(Single),
    /// As a mesh.
    Mesh(Box<Mesh>),
}

impl Target {
    /// Starts one of its own for a test that does it harm.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn start(mode: Mode) -> Result<Self> {
        Ok(match mode {
            Mode::Single => Self::Single(Single::start(None).await?),
            Mode::Mesh => Self::replicated(1).await?,
        })
    }

    /// Starts one whose processes tell a collector at `url` of their traces.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn traced(mode: Mode, url: &str) -> Result<Self> {
        Ok(match mode {
            Mode::Single => Self::Single(Single::start(Some(url)).await?),
            Mode::Mesh => Self::Mesh(Box::new(Mesh::start(1, Some(url)).await?)),
        })
    }

    /// What its processes have measured, as Prometheus reads it.
    ///
    /// # Errors
    /// When one of them does not say.
    pub async fn metrics(&self) -> Result<String> {
        let admins = match self {
            Self::Single(single) => vec![single.admin()],
            Self::Mesh(mesh) => mesh.admins(),
        };
        let client = reqwest::Client::builder().no_proxy().build()?;
        let mut shown = String::new();
        for admin in admins {
            let answer = client.get(format!("http://{admin}/metrics")).send().await?.error_for_status()?;
            shown += &answer.text().await?;
        }
        Ok(shown)
    }

    /// Starts a mesh with so many processes of every service; callers speak to the first gateway.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn replicated(replicas: usize) -> Result<Self> {
        Ok(Self::Mesh(Box::new(Mesh::start(replicas, None).await?)))
    }

    /// The one that all tests of this program share. It ends with the program.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn shared(mode: Mode) -> Result<&'static Self> {
        static SINGLE: OnceCell<(Target, Sweeper)> = OnceCell::const_new();
        static MESH: OnceCell<(Target, Sweeper)> = OnceCell::const_new();
        let cell = match mode {
            Mode::Single => &SINGLE,
            Mode::Mesh => &MESH,
        };
        let start = async || {
            let target = Self::start(mode).await?;
            let sweeper = Sweeper::of(target.folder())?;
            anyhow::Ok((target, sweeper))
        };
        cell.get_or_try_init(start).await.map(|(target, _)| target)
    }

    fn folder(&self) -> &Path {
        match self {
            Self::Single(single) => single.folder(),
            Self::Mesh(mesh) => mesh.folder(),
        }
    }

    /// Kills one of its processes, as `kill -9` does, unless it has ended already, and starts it again; it dies when it
    /// passes `crash_at`, if that is given (`name` or `name:times`).
    ///
    /// # Errors
    /// When there is no such process, or it does not start.
    pub async fn restart(&mut self, part: &str, crash_at: Option<&str>) -> Result<()> {
        match self {
            Self::Single(single) => single.restart(crash_at).await,
            Self::Mesh(mesh) => mesh.restart(part, crash_at).await,
        }
    }

    /// Replaces a process of a mesh in good order, as a new release does: it is asked to stop, and another takes its place.
    ///
    /// # Errors
    /// When there is no such process, or it does not stop or start.
    pub async fn replace(&mut self, part: &str, replica: usize) -> Result<()> {
        match self {
            Self::Single(_) => bail!("one process has no replicas"),
            Self::Mesh(mesh) => mesh.replace(part, replica).await,
        }
    }

    /// Whether one of its processes has ended by itself.
    ///
    /// # Errors
    /// When there is no such process.
    pub fn has_ended(&mut self, part: &str) -> Result<bool> {
        match self {
            Self::Single(single) => single.has_ended(),
            Self::Mesh(mesh) => mesh.has_ended(part),
        }
    }

    /// The NATS server of a mesh.
    ///
    /// # Errors
    /// When there is none.
    pub fn nats(&mut self) -> Result<&mut xtask::servers::Nats> {
        match self {
            Self::Single(_) => bail!("one process has no NATS server"),
            Self::Mesh(mesh) => Ok(mesh.nats()),
        }
    }

    /// The last lines that each process logged.
    pub fn logs(&self) -> String {
        match self {
            Self::Single(single) => single.logs(),
            Self::Mesh(mesh) => mesh.logs(),
        }
    }

    /// Where the gateway listens.
    pub fn address(&self) -> SocketAddr {
        match self {
            Self::Single(single) => single.address(),
            Self::Mesh(mesh) => mesh.address(),
        }
    }

    /// Where all of its gateways listen.
    pub fn gateways(&self) -> Vec<SocketAddr> {
        match self {
            Self::Single(single) => vec![single.address()],
            Self::Mesh(mesh) => mesh.gateways(),
        }
    }

    /// The private key, in PEM, with which its gateway signs access tokens.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub fn signing_key(&self) -> Result<String> {
        let file = match self {
            Self::Single(single) => single.signing_key(),
            Self::Mesh(mesh) => mesh.signing_key(),
        };
        std::fs::read_to_string(&file).with_context(|| file.display().to_string())
    }

    /// A client without a token.
    ///
    /// # Errors
    /// Never for an address that is listened on.
    pub fn client(&self, face: Face) -> Result<Client> {
        Client::new(face, self.address())
    }

    /// Somebody new, and a client that carries their API token.
    ///
    /// # Errors
    /// When signing up fails.
    pub async fn person(&self, face: Face, name: &str) -> Result<(Person, Client)> {
        let client = self.client(face)?;
        let person = Person::sign_up(&client, name).await?;
        let client = client.with_token(&person.api_token);
        Ok((person, client))
    }
}

/// Deletes a folder when this program has ended, however it ends: what is shared by all tests is never dropped.
#[derive(Debug)]
struct Sweeper(#[expect(dead_code, reason = "its standard input closes with us")] Child);

impl Sweeper {
    fn of(folder: &Path) -> Result<Self> {
        let mut shell = Command::new("sh");
        // By then the processes that write there have been killed.
        shell.args(["-c", "read -r _; sleep 1; rm -rf -- \"$0\""]).arg(folder).stdin(Stdio::piped());
        Ok(Self(shell.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0).spawn()?))
    }
}

/// The folder of this build's programs: they lie beside the test that runs.
///
/// # Errors
/// When they are not built.
pub fn programs() -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    let folder = test.ancestors().nth(2).context("a test lies in the build folder")?;
    let services = Service::ALL.map(Service::name);
    for name in services.into_iter().chain(["taskmesh"]) {
        ensure!(folder.join(name).is_file(), "{name} is not built: run `cargo xtask test`, which builds every program");
    }
    Ok(folder.to_owned())
}

/// The last lines of a log.
fn end_of(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    format!("{}:\n{}\n", log.display(), lines[lines.len().saturating_sub(20)..].join("\n"))
}
