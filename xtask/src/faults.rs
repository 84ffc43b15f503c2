//! `cargo xtask faults`: the fault campaign. It lives in `e2e`, as it speaks to the mesh as users do.

use std::{os::unix::process::CommandExt, process::ExitCode};

use clap::{Args, ValueEnum};

use crate::workspace::{Profile, Workspace};

/// What to break, and for how long.
#[derive(Args, Debug)]
pub struct Options {
    /// For how long things break, in minutes.
    #[arg(long, default_value_t = 10.0)]
    minutes: f64,
    /// Replays the faults and the users' doings of the run that printed it; drawn when it is not given.
    #[arg(long)]
    seed: Option<u64>,
    /// How many processes of each service.
    #[arg(long, default_value_t = 2)]
    replicas: usize,
    /// How many people use the mesh meanwhile.
    #[arg(long, default_value_t = 4)]
    users: usize,
    /// How the programs are built.
    #[arg(long, value_enum, default_value_t = Profile::Dev)]
    profile: Profile,
}

/// Builds every program and becomes the campaign.
///
/// # Errors
/// When something cannot be built or started.
pub fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<ExitCode> {
    let Options { minutes, seed, replicas, users, profile } = options;
    workspace.build_programs(*profile)?;
    let mut command = workspace.cargo();
    command.args(["run", "--package", "e2e", "--bin", "faults"]);
    if *profile == Profile::Release {
        command.arg("--release");
    }
    let profile = profile.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    command.args(["--", "--profile", &profile, "--minutes", &minutes.to_string()]);
    command.args(["--replicas", &replicas.to_string(), "--users", &users.to_string()]);
    if let Some(seed) = seed {
        command.args(["--seed", &seed.to_string()]);
    }
    Err(command.exec().into())
}
