//! What builds images and runs them: Docker, or Podman, which is called the same way.

use std::{
    fs,
    process::{Command, Stdio},
};

use anyhow::{Context, bail, ensure};

use super::Options;
use crate::{
    servers::distribution_package,
    workspace::{Profile, Workspace, on_path, output_of, succeed},
};

const DOCKERFILE: &str = "deploy/Dockerfile";

/// A container engine of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Engine {
    Docker,
    Podman,
}

impl Engine {
    /// Docker, if it runs; else Podman, installed if need be.
    pub(super) fn obtain() -> anyhow::Result<Self> {
        let docker = Command::new("docker").arg("info").stdout(Stdio::null()).stderr(Stdio::null()).status();
        if docker.is_ok_and(|status| status.success()) {
            return Ok(Self::Docker);
        }
        for package in ["podman", "runc"] {
            if on_path(package).is_none() && !distribution_package(package, "Docker does not run") {
                bail!("an image needs Docker, or Podman with runc: install one of them");
            }
        }
        Ok(Self::Podman)
    }

    /// The engine's program.
    pub(super) fn command(self) -> Command {
        match self {
            Self::Docker => Command::new("docker"),
            Self::Podman => {
                let mut command = Command::new("podman");
                // Podman's own choice, crun, refuses machines with cgroups of both versions.
                command.args(["--runtime", "runc"]);
                command
            }
        }
    }

    /// A program in a container that can do as little as in the chart.
    pub(super) fn run(self) -> Command {
        let mut command = self.command();
        command.args(["run", "--rm", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]);
        // PostgreSQL and NATS are on this machine, too.
        command.args(["--network", "host"]);
        if self == Self::Podman {
            // Machines that may not raise limits run containers, too.
            command.args(["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"]);
        }
        command
    }

    /// Builds the image.
    pub(super) fn build(self, workspace: &Workspace, options: &Options, revision: &str) -> anyhow::Result<()> {
        let profile = if options.profile == Profile::Dev { "dev" } else { "release" };
        let mut command = self.command();
        command.args(["build", "--file", DOCKERFILE, "--tag", &options.tag]);
        command.args([
            "--build-arg",
            &format!("CARGO_PROFILE={profile}"),
            "--build-arg",
            &format!("REVISION={revision}"),
        ]);
        if self == Self::Podman {
            command.args(["--isolation", "chroot"]);
        }
        if options.local_bases {
            command.arg("--pull=never");
        }
        succeed(command.arg(".").current_dir(&workspace.root))
    }

    /// How many bytes the image has.
    pub(super) fn size(self, tag: &str) -> anyhow::Result<u64> {
        let size = output_of(self.command().args(["image", "inspect", "--format", "{{.Size}}", tag]))?;
        size.trim().parse().with_context(|| format!("a size: {size}"))
    }

    /// Makes the images that the Dockerfile begins with, unless they are there.
    pub(super) fn make_bases(self, workspace: &Workspace) -> anyhow::Result<()> {
        ensure!(self == Self::Podman, "Docker has its images from registries: leave out --local-bases");
        let text = fs::read_to_string(workspace.root.join(DOCKERFILE))?;
        let bases = bases(&text);
        let [toolchain, runtime] = bases[..] else { bail!("{DOCKERFILE} begins with {bases:?}, not two images") };
        let missing =
            |image: &&str| !self.command().args(["image", "exists", image]).status().is_ok_and(|it| it.success());
        if ![toolchain, runtime].iter().any(missing) {
            return Ok(());
        }
        if on_path("debootstrap").is_none() && !distribution_package("debootstrap", "base images are to be made here") {
            bail!("--local-bases needs debootstrap: install it");
        }
        succeed(Command::new("bash").args(["-c", include_str!("bases.sh"), "bases.sh", toolchain, runtime]))
    }
}

/// The images that a Dockerfile has from elsewhere, in order.
fn bases(dockerfile: &str) -> Vec<&str> {
    let from = dockerfile.lines().filter_map(|line| line.strip_prefix("FROM ")?.split_whitespace().next());
    from.filter(|image| image.contains('/')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_of_a_dockerfile_are_no_bases_of_it() {
        let text = "FROM docker.io/library/rust:1 AS toolchain\nRUN x\nFROM toolchain AS build\nFROM gcr.io/a/b:c\n";
        assert_eq!(bases(text), ["docker.io/library/rust:1", "gcr.io/a/b:c"]);
    }
}
