//! A program from start to end.

use std::{
    future::Future, io::Write, net::SocketAddr, path::PathBuf, process::ExitCode, thread::available_parallelism,
};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::{
    Lifecycle, LogConfig, Settings, ShutdownConfig, admin, arguments::Arguments, config, lines, ready::Ready, telemetry,
};

/// The settings that every program has.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProcessConfig {
    /// Where metrics and health are shown; nowhere when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_listen: Option<SocketAddr>,
    /// A file to write when ready: JSON with `service`, `pid`, `listen` and `admin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready_file: Option<PathBuf>,
    /// How many threads work; 0 is one for every two cores. What a process talks to, its database first, shares the
    /// machine with it as a rule, and to wake a thread on another core costs as much as a third of a call (bench, S4).
    pub threads: usize,
    /// What is logged.
    pub log: LogConfig,
    /// How long stopping may take.
    pub shutdown: ShutdownConfig,
}

/// Runs a service: reads arguments and settings, starts it by `start`, which returns the address it listens on, and
/// goes on until a signal or a failure.
pub fn run_service<C, F, Fut>(name: &str, start: F) -> ExitCode
where
    C: Settings,
    F: FnOnce(C, Lifecycle) -> Fut,
    Fut: Future<Output = anyhow::Result<SocketAddr>>,
{
    exit_code(name, run_with_arguments(name, start))
}

/// Runs a program whose settings are known, as [`run_service`] does.
///
/// # Errors
/// When it does not start, or a task ends by itself.
pub fn run_process<F, Fut>(name: &str, process: &ProcessConfig, start: F) -> anyhow::Result<()>
where
    F: FnOnce(Lifecycle) -> Fut,
    Fut: Future<Output = anyhow::Result<SocketAddr>>,
{
    telemetry::init(&process.log)?;
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(threads(process));
    let runtime = runtime.enable_all().build().context("cannot start threads")?;
    let ended = runtime.block_on(live(name, process, start));
    lines::flush();
    ended
}

fn threads(process: &ProcessConfig) -> usize {
    match process.threads {
        0 => available_parallelism().map_or(1, usize::from).div_ceil(2),
        threads => threads,
    }
}

fn run_with_arguments<C, F, Fut>(name: &str, start: F) -> anyhow::Result<()>
where
    C: Settings,
    F: FnOnce(C, Lifecycle) -> Fut,
    Fut: Future<Output = anyhow::Result<SocketAddr>>,
{
    let arguments = Arguments::parse(std::env::args_os().skip(1))?;
    if arguments.help {
        return Ok(write!(std::io::stdout(), "{}", Arguments::usage(name))?);
    }
    let settings: C = config::load(name, arguments.config.as_deref())?;
    if arguments.print_config {
        return Ok(write!(std::io::stdout(), "{}", config::print(&settings)?)?);
    }
    let process = settings.process().clone();
    run_process(name, &process, |lifecycle| start(settings, lifecycle))
}

async fn live<F, Fut>(name: &str, process: &ProcessConfig, start: F) -> anyhow::Result<()>
where
    F: FnOnce(Lifecycle) -> Fut,
    Fut: Future<Output = anyhow::Result<SocketAddr>>,
{
    let lifecycle = Lifecycle::new(process.shutdown.clone());
    let started = begin(name, process, &lifecycle, start).await;
    match started {
        Ok(()) => lifecycle.run_until_signal().await,
        Err(error) => {
            let _ = lifecycle.shutdown().await;
            Err(error)
        }
    }
}

async fn begin<F, Fut>(name: &str, process: &ProcessConfig, lifecycle: &Lifecycle, start: F) -> anyhow::Result<()>
where
    F: FnOnce(Lifecycle) -> Fut,
    Fut: Future<Output = anyhow::Result<SocketAddr>>,
{
    let admin = match process.admin_listen {
        Some(address) => Some(admin::serve(address, lifecycle).await?),
        None => None,
    };
    let listen = start(lifecycle.clone()).await?;
    lifecycle.set_ready(true);
    // Whoever is told that we are ready may look into the log.
    lines::flush();
    let ready = Ready { service: name, pid: std::process::id(), listen, admin };
    ready.announce(process.ready_file.as_deref())
}

/// Says what went wrong, in the log if there is one, and turns it into what the shell sees.
pub fn exit_code(name: &str, outcome: anyhow::Result<()>) -> ExitCode {
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    let detail = format!("{error:#}");
    if tracing::dispatcher::has_been_set() {
        tracing::error!(service.name = name, error.detail = detail, "failed");
    } else {
        let _ = writeln!(std::io::stderr(), "{name}: {detail}");
    }
    ExitCode::FAILURE
}
