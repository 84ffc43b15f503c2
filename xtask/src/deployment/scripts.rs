//! Shell scripts.

use std::{path::PathBuf, process::Command};

use crate::{
    tools,
    workspace::{Workspace, output_of},
};

/// Where shellcheck is.
pub(super) fn shellcheck(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    Ok(tools::python(workspace, &tools::folder(workspace, "shellcheck"))?.join("bin/shellcheck"))
}

/// Checks `scripts`.
pub(super) fn check(workspace: &Workspace, scripts: &[&str]) -> anyhow::Result<()> {
    output_of(Command::new(shellcheck(workspace)?).args(scripts).current_dir(&workspace.root)).map(drop)
}
