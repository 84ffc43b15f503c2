//! Programs by others, in the versions that a lock file names, installed below the build folder on first use: they need
//! `python3`, `npm` or `go`, and the network once.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;

use crate::workspace::{Workspace, output_of};

/// Where the lock file of the tools `name` is.
pub(crate) fn folder(workspace: &Workspace, name: &str) -> PathBuf {
    workspace.root.join("xtask/tools").join(name)
}

/// The packages that `<folder>/requirements.txt` lists, with all that they need: a folder for `PYTHONPATH`.
///
/// # Errors
/// When they cannot be installed.
pub fn python(workspace: &Workspace, folder: &Path) -> anyhow::Result<PathBuf> {
    let requirements = folder.join("requirements.txt");
    installed(workspace, folder, &requirements, |staging| {
        let mut pip = Command::new("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:"]);
        pip.arg("--requirement").arg(&requirements).arg("--target").arg(staging);
        output_of(&mut pip).map(drop)
    })
}

/// The packages that `<folder>/package-lock.json` lists, in `node_modules` of the returned folder. What they would run
/// when installed is not run.
///
/// # Errors
/// When they cannot be installed.
pub fn npm(workspace: &Workspace, folder: &Path) -> anyhow::Result<PathBuf> {
    installed(workspace, folder, &folder.join("package-lock.json"), |staging| {
        for file in ["package.json", "package-lock.json"] {
            std::fs::copy(folder.join(file), staging.join(file))?;
        }
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]).current_dir(staging);
        output_of(&mut npm).map(drop)
    })
}

/// The program of the Go package `package`, built from the modules that `<folder>/go.sum` names.
///
/// # Errors
/// When it cannot be built.
pub fn go(workspace: &Workspace, folder: &Path, package: &str) -> anyhow::Result<PathBuf> {
    let program = package.rsplit('/').next().unwrap_or(package);
    let built = installed(workspace, folder, &folder.join("go.sum"), |staging| {
        let mut go = Command::new("go");
        go.args(["build", "-mod=readonly", "-trimpath", "-o"]).arg(staging.join(program));
        output_of(go.arg(package).current_dir(folder)).map(drop)
    })?;
    Ok(built.join(program))
}

/// What `install` makes for the tools of `folder`, unless it is there for the same `lock` file.
fn installed(
    workspace: &Workspace,
    folder: &Path,
    lock: &Path,
    install: impl FnOnce(&Path) -> anyhow::Result<()>,
) -> anyhow::Result<PathBuf> {
    let name = folder.file_name().context("tools have a name")?.to_string_lossy();
    let mut hasher = DefaultHasher::new();
    std::fs::read(lock).with_context(|| lock.display().to_string())?.hash(&mut hasher);
    let tools = workspace.target.join("tools");
    let made = tools.join(format!("{name}-{:016x}", hasher.finish()));
    if made.is_dir() {
        return Ok(made);
    }
    std::fs::create_dir_all(&tools)?;
    let staging = tempfile::tempdir_in(&tools)?;
    install(staging.path()).with_context(|| format!("installing {name}"))?;
    // In one step, so that what is there is whole; somebody else may have been faster.
    let renamed = std::fs::rename(staging.path(), &made);
    renamed.or_else(|error| if made.is_dir() { Ok(()) } else { Err(error) })?;
    Ok(made)
}
