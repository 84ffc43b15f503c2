//! The Tiltfile, and the scripts that it calls or needs.

use std::{
    collections::BTreeSet,
    process::{Command, Stdio},
};

use anyhow::{Context, ensure};
use serde::Deserialize;

use super::scripts;
use crate::{
    mesh::Service,
    tools,
    workspace::{Workspace, on_path, output_of},
};

const SCRIPTS: [&str; 5] = ["build", "down", "keys", "sample-data", "up"];

/// Checks them.
///
/// # Errors
/// What is wrong.
pub(super) fn check(workspace: &Workspace) -> anyhow::Result<()> {
    let paths = SCRIPTS.map(|name| format!("deploy/local/{name}.sh"));
    scripts::check(workspace, &paths.each_ref().map(String::as_str))?;
    let folder = tools::folder(workspace, "starlark");
    let mut python = Command::new("python3");
    python.arg(folder.join("tiltfile.py")).arg("Tiltfile").current_dir(&workspace.root);
    python.env("PYTHONPATH", tools::python(workspace, &folder)?);
    let calls: Calls = serde_json::from_str(&output_of(&mut python)?)?;
    calls.check_files(workspace)?;
    calls.check_order()?;
    Service::ALL.into_iter().try_for_each(|service| calls.check_service(service).context(service.name()))?;
    calls.check_buttons()?;
    by_tilt(workspace)
}

/// Where Tilt itself and Helm are installed, they have the last word: they render the chart, too.
fn by_tilt(workspace: &Workspace) -> anyhow::Result<()> {
    let (Some(tilt), Some(_)) = (on_path("tilt"), on_path("helm")) else { return Ok(()) };
    let mut command = Command::new(tilt);
    command.args(["alpha", "tiltfile-result"]).current_dir(&workspace.root).env("TILT_DISABLE_ANALYTICS", "1");
    output_of(command.stderr(Stdio::piped())).map(drop)
}

/// What the Tiltfile asks of Tilt.
#[derive(Deserialize)]
struct Calls {
    local_resource: Vec<LocalResource>,
    docker_build: Vec<DockerBuild>,
    helm: Vec<Helm>,
    k8s_resource: Vec<KubernetesResource>,
}

#[derive(Deserialize)]
struct LocalResource {
    name: String,
    cmd: Vec<String>,
    #[serde(default)]
    deps: Vec<String>,
    #[serde(default)]
    resource_deps: Vec<String>,
    auto_init: Option<bool>,
    trigger_mode: Option<String>,
    labels: Vec<String>,
}

#[derive(Deserialize)]
struct DockerBuild {
    r#ref: String,
    context: String,
    dockerfile: String,
}

#[derive(Deserialize)]
struct Helm {
    paths: String,
    values: Vec<String>,
    set: Vec<String>,
}

#[derive(Deserialize)]
struct KubernetesResource {
    workload: String,
    new_name: String,
    #[serde(default)]
    resource_deps: Vec<String>,
}

impl Calls {
    /// Every file that is named is there.
    fn check_files(&self, workspace: &Workspace) -> anyhow::Result<()> {
        let scripts =
            self.local_resource.iter().filter_map(|resource| resource.cmd.first()).filter(|it| it.contains('/'));
        let watched = self.local_resource.iter().flat_map(|resource| &resource.deps);
        let dockerfiles = self.docker_build.iter().map(|image| &image.dockerfile);
        let charts = self.helm.iter().flat_map(|chart| std::iter::once(&chart.paths).chain(&chart.values));
        let mut named = scripts.chain(watched).chain(dockerfiles).chain(charts);
        let missing = named.find(|file| !workspace.root.join(file).exists());
        ensure!(missing.is_none(), "Tiltfile: {} is not there", missing.map_or("", String::as_str));
        Ok(())
    }

    /// What something waits for is there.
    fn check_order(&self) -> anyhow::Result<()> {
        let local = self.local_resource.iter().map(|resource| (&resource.name, &resource.resource_deps));
        let all = local.chain(self.k8s_resource.iter().map(|resource| (&resource.new_name, &resource.resource_deps)));
        let names: BTreeSet<_> = all.clone().map(|(name, _)| name).collect();
        for (name, awaited) in all {
            let unknown = awaited.iter().find(|other| !names.contains(other));
            ensure!(unknown.is_none(), "Tiltfile: {name} waits for {unknown:?}");
        }
        Ok(())
    }

    /// A service has an image of its own with its program, which the chart runs, after the programs are built.
    fn check_service(&self, service: Service) -> anyhow::Result<()> {
        let name = service.name();
        let image = self.docker_build.iter().find(|image| image.context == format!(".tilt/programs/{name}"));
        let image = image.context("Tiltfile: no image")?;
        let setting = format!("services.{name}.image.repository={}", image.r#ref);
        ensure!(
            self.helm.iter().any(|chart| chart.set.contains(&setting)),
            "Tiltfile: the chart does not run its image"
        );
        let resource = self.k8s_resource.iter().find(|resource| resource.workload == format!("taskmesh-{name}"));
        let awaited = &resource.context("Tiltfile: no resource")?.resource_deps;
        for other in ["programs", "keys", "postgresql", "nats"] {
            ensure!(awaited.iter().any(|name| name == other), "Tiltfile: it does not wait for {other}");
        }
        Ok(())
    }

    /// Tools run when they are asked to, and not before.
    fn check_buttons(&self) -> anyhow::Result<()> {
        let mut tools = self.local_resource.iter().filter(|resource| resource.labels == ["tools"]);
        let eager = tools.find(|it| it.auto_init != Some(false) || it.trigger_mode.as_deref() != Some("manual"));
        ensure!(eager.is_none(), "Tiltfile: {} runs by itself", eager.map_or("", |resource| resource.name.as_str()));
        Ok(())
    }
}
