//! `cargo xtask bench`: the load scenarios, in release.

use std::{os::unix::process::CommandExt, process::ExitCode};

use clap::Args;

use crate::workspace::{Profile, Workspace};

/// What to pass on.
#[derive(Args, Debug)]
pub struct Options {
    /// Passed on to the bench.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Builds every program in release and becomes the bench.
///
/// # Errors
/// When something cannot be built or started.
pub fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<ExitCode> {
    workspace.build_programs(Profile::Release)?;
    let mut command = workspace.cargo();
    command.args(["run", "--release", "--package", "bench", "--"]).args(&options.arguments);
    Err(command.exec().into())
}
