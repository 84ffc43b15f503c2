//! The Dockerfiles and the compose file.

mod compose;

use std::process::Command;

pub use compose::{Container, Healthcheck, containers};

use crate::{
    tools,
    workspace::{Workspace, output_of},
};

const DOCKERFILES: [&str; 2] = ["deploy/Dockerfile", "deploy/dev.Dockerfile"];

/// Checks them.
///
/// # Errors
/// What is wrong.
pub(super) fn check(workspace: &Workspace) -> anyhow::Result<()> {
    let hadolint = tools::python(workspace, &tools::folder(workspace, "hadolint"))?.join("bin/hadolint");
    output_of(Command::new(hadolint).args(DOCKERFILES).current_dir(&workspace.root))?;
    compose::check(workspace)
}
