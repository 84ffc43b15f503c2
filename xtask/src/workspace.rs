//! Where things are, and the tools that are always there.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, bail};
use serde_json::Value;

/// The checked-out project.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// Its folder.
    pub root: PathBuf,
    /// Where cargo builds, and where everything that is made or fetched goes.
    pub target: PathBuf,
}

/// How programs are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Profile {
    /// Quick to build.
    Dev,
    /// Quick to run.
    Release,
}

impl Workspace {
    /// Asks cargo where the project is.
    ///
    /// # Errors
    /// When cargo cannot be run.
    pub fn locate() -> anyhow::Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask lies in the workspace")?.to_owned();
        let metadata = cargo_metadata(&root, &["--no-deps"])?;
        let target = metadata["target_directory"].as_str().context("cargo metadata names no target directory")?.into();
        Ok(Self { root, target })
    }

    /// Where cargo leaves programs built with `profile`.
    pub fn programs(&self, profile: Profile) -> PathBuf {
        self.target.join(match profile {
            Profile::Dev => "debug",
            Profile::Release => "release",
        })
    }

    /// The folder in which a package of the registry lies.
    pub(crate) fn registry_package(&self, name: &str) -> anyhow::Result<PathBuf> {
        let metadata = cargo_metadata(&self.root, &[])?;
        let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
        let package = packages.iter().find(|package| package["name"] == name);
        let manifest = package.and_then(|package| package["manifest_path"].as_str());
        let folder = manifest.and_then(|path| Path::new(path).parent());
        Ok(folder.with_context(|| format!("{name} is no dependency of the workspace"))?.to_owned())
    }

    /// `cargo`, to be run in the project.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = cargo();
        command.current_dir(&self.root);
        // What cargo told us of xtask is not for others: build scripts that look at it would run, and all that stands on
        // them be built again, whenever `cargo xtask` and plain `cargo` take turns.
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
                command.env_remove(name);
            }
        }
        command
    }

    /// Builds the programs: cargo's default members, so that all ways to build them share what they are built of.
    pub(crate) fn build_programs(&self, profile: Profile) -> anyhow::Result<()> {
        let mut command = self.cargo();
        command.args(["build", "--bins"]);
        if profile == Profile::Release {
            command.arg("--release");
        }
        succeed(&mut command)
    }
}

/// The value of an environment variable, unless it is empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "a developer's tool has no configuration file")]
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Finds a program on PATH.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Runs `command` with its output shown, and fails if it does.
pub(crate) fn succeed(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().with_context(|| format!("cannot run {}", text(command)))?;
    if !status.success() {
        bail!("{} failed: {status}", text(command));
    }
    Ok(())
}

/// Runs `command` and returns what it prints; fails, with what it says, if it does.
pub(crate) fn output_of(command: &mut Command) -> anyhow::Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("cannot run {}", text(command)))?;
    if !output.status.success() {
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        bail!("{} failed: {}\n{out}{err}", text(command), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The command as one would type it.
pub(crate) fn text(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy()];
    words.extend(command.get_args().map(|argument| argument.to_string_lossy()));
    words.join(" ")
}

fn cargo() -> Command {
    Command::new(variable("CARGO").unwrap_or_else(|| "cargo".to_owned()))
}

fn cargo_metadata(root: &Path, arguments: &[&str]) -> anyhow::Result<Value> {
    let mut command = cargo();
    command.current_dir(root).args(["metadata", "--format-version", "1"]).args(arguments);
    Ok(serde_json::from_str(&output_of(&mut command)?)?)
}
