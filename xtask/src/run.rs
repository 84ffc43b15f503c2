//! `cargo xtask run`: the README's first command.

use std::{os::unix::process::CommandExt, process::ExitCode};

use clap::Args;

use crate::workspace::Workspace;

/// What to pass on.
#[derive(Args, Debug)]
pub struct Options {
    /// Passed on to `taskmesh serve`, such as `--listen 127.0.0.1:8080 --data ./data`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

/// Builds `taskmesh` and becomes `taskmesh serve`.
///
/// # Errors
/// When it cannot be built or started.
pub fn run(workspace: &Workspace, options: &Options) -> anyhow::Result<ExitCode> {
    let mut command = workspace.cargo();
    command.args(["run", "--release", "--package", "taskmesh", "--", "serve"]).args(&options.arguments);
    Err(command.exec().into())
}
