//! A program from start to end.

use std::{
    future::Future, io::Write, net::SocketAddr, path::PathBuf, process::ExitCode, thread::available_parallelism,
};

use anyhow::Context;
use mesh_trace::{Exporter, TracesConfig};
use serde::{Deserialize, Serialize};

use crate::{
    Lifecycle, LogConfig, Settings, ShutdownConfig, admin, arguments::Arguments, build, config, lines, ready::Ready,
    telemetry,
};

/// More threads than a large machine has cores only take memory.
const MAX_THREADS: usize = 1024;

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
    /// Where traces go.
    pub traces: TracesConfig,
    /// How long stopping may take.
    pub shutdown: ShutdownConfig,
}

/// Runs a service: reads arguments and settings, starts it by `start`, which returns the address it listens on, and
/// goes on until a signal or a failure. Asked to `migrate`, it does only that.
pub fn run_service<C, S, M>(name: &str, start: impl FnOnce(C, Lifecycle) -> S, migrate: impl FnOnce(C) -> M) -> ExitCode
where
    C: Settings,
    S: Future<Output = anyhow::Result<SocketAddr>>,
    M: Future<Output = anyhow::Result<()>>,
{
    exit_code(name, run_with_arguments(name, start, migrate))
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
    on_threads(process, live(name, process, start))
}

fn threads(process: &ProcessConfig) -> anyhow::Result<usize> {
    match process.threads {
        0 => Ok(available_parallelism().map_or(1, usize::from).div_ceil(2)),
        threads @ 1..=MAX_THREADS => Ok(threads),
        _ => anyhow::bail!("process.threads must not be above {MAX_THREADS}"),
    }
}

fn run_with_arguments<C, S, M>(
    name: &str,
    start: impl FnOnce(C, Lifecycle) -> S,
    migrate: impl FnOnce(C) -> M,
) -> anyhow::Result<()>
where
    C: Settings,
    S: Future<Output = anyhow::Result<SocketAddr>>,
    M: Future<Output = anyhow::Result<()>>,
{
    let arguments = Arguments::parse(std::env::args_os().skip(1))?;
    if arguments.help {
        return Ok(write!(std::io::stdout(), "{}", Arguments::usage(name))?);
    }
    if arguments.version {
        return Ok(writeln!(std::io::stdout(), "{name} {}", build::version())?);
    }
    let settings: C = config::load(name, arguments.config.as_deref())?;
    if arguments.print_config {
        return Ok(write!(std::io::stdout(), "{}", config::print(&settings)?)?);
    }
    let process = settings.process().clone();
    if arguments.migrate {
        return on_threads(&process, migrate(settings));
    }
    run_process(name, &process, |lifecycle| start(settings, lifecycle))
}

/// Runs `work` to its end, with logging, on the threads that the process is to have.
fn on_threads(process: &ProcessConfig, work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    telemetry::init(&process.log)?;
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(threads(process)?);
    let ended = runtime.enable_all().build().context("cannot start threads")?.block_on(work);
    lines::flush();
    ended
}

async fn live<F, Fut>(name: &str, process: &ProcessConfig, start: F) -> anyhow::Result<()>
where
    F: FnOnce(Lifecycle) -> Fut,
    Fut: Future<Output = anyhow::Result<SocketAddr>>,
{
    let lifecycle = Lifecycle::new(process.shutdown.clone());
    Exporter::install(&process.traces, name, build::VERSION)?;
    lifecycle.finally("traces", || async { drop(tokio::task::spawn_blocking(Exporter::flush).await) });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_threads_that_cannot_be_meant_is_refused() {
        let with = |number| threads(&ProcessConfig { threads: number, ..ProcessConfig::default() });
        assert!(with(0).is_ok_and(|threads| threads > 0));
        assert_eq!(with(16).expect("these can"), 16);
        assert!(with(100_000).is_err_and(|error| error.to_string().contains("process.threads")));
    }
}
