//! A PostgreSQL server of our own: found installed, installed, or in a container.

use std::{
    path::{Path, PathBuf},
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::Context;
use rustix::process::Signal;

use super::{ask, in_vain, install, newest, user};
use crate::{
    process::{Process, end_of, free_port, wait_ready},
    workspace::{Workspace, on_path, output_of, variable},
};

/// The address of a server to use instead of starting one.
const GIVEN: &str = "TASKMESH_POSTGRES";
const LEAST_VERSION: (u32, u32) = (15, 0);
const PATIENCE: Duration = Duration::from_secs(60);
/// PostgreSQL's `StartupMessage` of its user. A server that takes connections goes on to authenticate; one that is starting
/// or stopping answers with an error.
const GREETING: &[u8] = b"\0\0\0\x17\0\x03\0\0user\0postgres\0\0";
/// How it answers when it goes on.
const WELCOME: u8 = b'R';

/// Whether commits survive a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// No, nor a kill of the server: for tests, where neither fails and time matters.
    Fast,
    /// No, but a kill of the server: for tests that kill it.
    Process,
    /// Yes, as in production: for benches.
    Real,
}

/// How a server is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// Sessions are cut off, and what is in memory is written (SIGINT).
    Fast,
    /// Nothing is written: the next start recovers from the log (SIGQUIT).
    Immediate,
    /// The postmaster alone, as `kill -9` does: its children have to notice.
    Kill,
}

/// A PostgreSQL server. Dropping it stops it.
#[derive(Debug)]
pub struct Postgres {
    url: String,
    programs: Option<PathBuf>,
    own: Option<Own>,
}

/// What belongs to a server that we started from programs of this machine.
#[derive(Debug)]
struct Own {
    process: Process,
    data: PathBuf,
    port: u16,
    durability: Durability,
}

impl Postgres {
    /// The server that the environment names, else one of our own with its data in `folder`.
    ///
    /// # Errors
    /// When all ways fail, with what was tried.
    pub fn obtain(workspace: &Workspace, folder: &Path, durability: Durability) -> anyhow::Result<Self> {
        if let Some(url) = variable(GIVEN) {
            return Ok(Self { url, programs: installed(), own: None });
        }
        let mut tried = vec![format!("{GIVEN} is not set")];
        for (way, programs) in [
            ("found installed", installed as fn() -> Option<PathBuf>),
            ("installed by apt-get", || install::postgres().then(installed).flatten()),
        ] {
            match programs().map(|programs| Self::start(&programs, folder, durability)) {
                Some(Ok(server)) => return Ok(server),
                Some(Err(error)) => tried.push(format!("{way}: {error:#}")),
                None => tried.push(format!("{way}: no PostgreSQL ≥ {}", LEAST_VERSION.0)),
            }
        }
        match Self::in_container(workspace, folder) {
            Ok(server) => Ok(server),
            Err(error) => {
                tried.push(format!("docker: {error:#}"));
                in_vain("PostgreSQL", &tried)
            }
        }
    }

    /// Starts a server from `programs` (the folder of `initdb` and `postgres`) with its data in `folder`.
    ///
    /// # Errors
    /// When it does not start, with the end of its log.
    pub fn start(programs: &Path, folder: &Path, durability: Durability) -> anyhow::Result<Self> {
        let data = folder.join("postgres");
        user::own_folder(&data)?;
        let mut initdb = Command::new(programs.join("initdb"));
        initdb.args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync", "--pgdata"]);
        output_of(user::run_as(initdb.arg(&data).current_dir(&data))?)?;
        let port = free_port()?;
        let process = launch(programs, &data, port, durability)?;
        Ok(Self {
            url: url(port),
            programs: Some(programs.to_owned()),
            own: Some(Own { process, data, port, durability }),
        })
    }

    /// Starts a server in a container.
    fn in_container(_workspace: &Workspace, folder: &Path) -> anyhow::Result<Self> {
        let port = free_port()?;
        let (mut command, log) = (install::docker()?, folder.join("postgres.log"));
        command.args(["--publish", &format!("127.0.0.1:{port}:5432"), "--env", "POSTGRES_HOST_AUTH_METHOD=trust"]);
        command.args(["postgres:17-alpine", "-c", "max_connections=500"]);
        let mut process = Process::start("PostgreSQL in docker", &mut command, &log)?;
        let ready = wait_ready(&mut process, 5 * PATIENCE, || ask(port, GREETING) == Some(WELCOME));
        ready.with_context(|| end_of(&log))?;
        let own = Own { process, data: folder.to_owned(), port, durability: Durability::Real };
        Ok(Self { url: url(port), programs: None, own: Some(own) })
    }

    /// The server's address, with its database `postgres`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The folder of its programs (`psql`, `pgbench`, …), if they are on this machine.
    pub fn programs(&self) -> Option<&Path> {
        self.programs.as_deref()
    }

    /// Makes an empty database and returns its address.
    ///
    /// # Errors
    /// When there is no `psql`, or the server refuses.
    pub fn create_database(&self, name: &str) -> anyhow::Result<String> {
        self.run_sql(&self.url, &format!("CREATE DATABASE {name}"))?;
        Ok(self.database(name))
    }

    /// Runs SQL in the database at `url`.
    ///
    /// # Errors
    /// When there is no `psql`, or the server refuses.
    pub fn run_sql(&self, url: &str, sql: &str) -> anyhow::Result<()> {
        let psql = self.programs.as_ref().map(|programs| programs.join("psql")).or_else(|| on_path("psql"));
        let psql = psql.context("psql is not installed, and without it no database can be made")?;
        let arguments = ["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--dbname", url, "--command", sql];
        output_of(Command::new(psql).args(arguments)).map(drop)
    }

    /// The address of a database on this server.
    fn database(&self, name: &str) -> String {
        let (place, options) = self.url.find('?').map_or((&*self.url, ""), |at| self.url.split_at(at));
        let authority = place.find("://").map_or(0, |at| at + 3);
        let end = place[authority..].find('/').map_or(place.len(), |at| authority + at);
        format!("{}/{name}{options}", &place[..end])
    }

    /// Kills it and starts it again on the same port with the same data.
    ///
    /// # Errors
    /// When it is not ours to restart, or does not start again.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.stop(Shutdown::Immediate)?;
        self.start_again()
    }

    /// Whether it can be stopped and started again.
    pub fn is_ours(&self) -> bool {
        self.own.is_some() && self.programs.is_some()
    }

    /// Stops it; its data stays.
    ///
    /// # Errors
    /// When it is not ours to stop, or does not stop.
    pub fn stop(&mut self, how: Shutdown) -> anyhow::Result<()> {
        let (own, _) = self.ours()?;
        match how {
            Shutdown::Fast => own.process.stop(Signal::INT, PATIENCE),
            Shutdown::Immediate => own.process.stop(Signal::QUIT, PATIENCE),
            Shutdown::Kill => own.process.kill(),
        }
    }

    /// Starts it after [`Self::stop`] on the same port with the same data.
    ///
    /// # Errors
    /// When it is not ours to start, or does not start.
    pub fn start_again(&mut self) -> anyhow::Result<()> {
        let (own, programs) = self.ours()?;
        let deadline = Instant::now() + PATIENCE;
        own.process = loop {
            match launch(programs, &own.data, own.port, own.durability) {
                Ok(process) => break process,
                // Children of a killed postmaster hold its memory until they have noticed.
                Err(_) if Instant::now() < deadline => sleep(Duration::from_millis(100)),
                Err(error) => return Err(error),
            }
        };
        Ok(())
    }

    fn ours(&mut self) -> anyhow::Result<(&mut Own, &Path)> {
        let ours = self.own.as_mut().zip(self.programs.as_deref());
        ours.context("this PostgreSQL is not ours to stop and start")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(own) = &mut self.own {
            // The data is thrown away: no need to wait for connections or to write anything.
            let _ = own.process.stop(Signal::QUIT, Duration::from_secs(10));
        }
    }
}

fn launch(programs: &Path, data: &Path, port: u16, durability: Durability) -> anyhow::Result<Process> {
    let mut command = Command::new(programs.join("postgres"));
    command.arg("-D").arg(data).current_dir(data).args(["-p", &port.to_string()]);
    let mut settings =
        vec!["listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=500", "shared_buffers=256MB"];
    settings.extend(match durability {
        Durability::Fast => ["fsync=off", "full_page_writes=off", "synchronous_commit=off"].as_slice(),
        Durability::Process => &["fsync=off"],
        Durability::Real => &[],
    });
    command.args(settings.into_iter().flat_map(|setting| ["-c", setting]));
    let log = data.with_extension("log");
    let mut process = Process::start("PostgreSQL", user::run_as(&mut command)?, &log)?;
    wait_ready(&mut process, PATIENCE, || ask(port, GREETING) == Some(WELCOME)).with_context(|| end_of(&log))?;
    Ok(process)
}

fn url(port: u16) -> String {
    format!("postgres://postgres@127.0.0.1:{port}/postgres")
}

/// The folder of the newest PostgreSQL on this machine, if it is new enough.
fn installed() -> Option<PathBuf> {
    let mut folders: Vec<_> = on_path("initdb").or_else(|| on_path("pg_ctl")).into_iter().collect();
    // A distribution may link single programs into PATH; their folder is where the link leads.
    folders = folders.iter().filter_map(|file| Some(file.canonicalize().ok()?.parent()?.to_owned())).collect();
    for parent in ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"] {
        let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
        folders.extend(entries.map(|entry| entry.path().join("bin")));
    }
    let servers = folders.iter().filter(|folder| folder.join("initdb").is_file()).map(|folder| folder.join("postgres"));
    newest(servers, LEAST_VERSION)?.parent().map(Path::to_owned)
}
