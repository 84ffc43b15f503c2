//! The fault campaign as a program. `cargo xtask faults` builds everything and starts this.
#![expect(clippy::print_stdout, reason = "a command-line program")]

use std::{path::PathBuf, process::ExitCode, time::Duration};

use clap::Parser;
use e2e::campaign::{self, Options};
use mesh_types::{Clock, SystemClock};
use xtask::{
    Interrupt,
    workspace::{Profile, Workspace},
};

/// Breaks a mesh in every way for a while, and compares what its users were told with what is there.
#[derive(Parser)]
struct Arguments {
    /// For how long things break, in minutes.
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// Replays the run that printed it.
    #[arg(long)]
    seed: Option<u64>,
    /// How many processes of each service.
    #[arg(long, default_value_t = 2)]
    replicas: usize,
    /// How many people use the mesh meanwhile.
    #[arg(long, default_value_t = 4)]
    users: usize,
    /// How the programs were built.
    #[arg(long, value_enum, default_value_t = Profile::Dev)]
    profile: Profile,
    /// The folder of the programs, unless it is where cargo leaves them.
    #[arg(long)]
    programs: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let Arguments { minutes, seed, replicas, users, profile, programs } = Arguments::parse();
    anyhow::ensure!(replicas > 0 && users > 0, "--replicas and --users are at least 1");
    // Short, so that it is easily typed again.
    let seed = seed.unwrap_or_else(|| SystemClock.now().as_micros().unsigned_abs() % 1_000_000);
    let built = || Workspace::locate().map(|workspace| workspace.programs(profile));
    let programs = programs.map_or_else(built, Ok)?;
    let length = Duration::try_from_secs_f64(minutes * 60.0)?;
    let options = Options { seed, length, replicas, users, programs };
    let report = campaign::run(&options, &Interrupt::listen()?).await?;
    println!("{report}");
    Ok(if report.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
