//! Dashboards, alert rules, their runbooks, their tests and the examples beside them: that all of it can be read by the
//! programs it is for, and that none of it names what is not there.

mod dashboards;
mod examples;
mod promql;
mod promtool;
mod rules;
mod runbooks;
mod tests;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

use self::{dashboards::Dashboard, promtool::Promtool, rules::Rules, runbooks::Runbook};
use crate::workspace::Workspace;

/// Metrics that Prometheus makes itself.
const OF_PROMETHEUS: [&str; 2] = ["up", "ALERTS"];

/// All that is checked.
struct Watch {
    rules: Rules,
    dashboards: Vec<Dashboard>,
    runbooks: Vec<Runbook>,
}

/// A query, and where it stands.
struct Query {
    place: String,
    text: String,
}

/// Checks them.
///
/// # Errors
/// What is wrong, all of it.
pub(super) fn check(workspace: &Workspace) -> anyhow::Result<()> {
    let watch = Watch::read(workspace)?;
    let mut problems = watch.rules.problems();
    problems.extend(rules::streams_without_their_names(&workspace.root)?);
    problems.extend(watch.dashboards.iter().flat_map(Dashboard::problems));
    problems.extend(dashboards::in_common(&watch.dashboards));
    problems.extend(runbooks::problems(&watch.runbooks, &watch.rules, &workspace.root)?);
    problems.extend(tests::untested(workspace, &watch.rules)?);
    problems.extend(watch.unrecorded());
    problems.extend(watch.leading_nowhere());
    problems.extend(examples::problems(workspace)?);
    if !problems.is_empty() {
        bail!("{}", problems.join("\n"));
    }
    let promtool = Promtool::find(workspace)?;
    promtool.check_rules(&rules::files_of(&workspace.root)?)?;
    promtool.check_queries(&watch.queries())?;
    promtool.check_config(&examples::prometheus(&workspace.root))?;
    promtool.test_rules(&tests::files_of(&workspace.root)?)
}

/// The metrics that dashboards, alerts and runbooks ask for, by their names on an admin port.
///
/// # Errors
/// When one of these files cannot be read.
pub fn metrics_used(workspace: &Workspace) -> anyhow::Result<BTreeSet<String>> {
    let names = Watch::read(workspace)?.names();
    Ok(names.into_iter().filter(|name| !is_recorded(name) && !OF_PROMETHEUS.contains(&name.as_str())).collect())
}

impl Watch {
    fn read(workspace: &Workspace) -> anyhow::Result<Self> {
        let root = &workspace.root;
        let (rules, dashboards) = (Rules::read(workspace)?, dashboards::read(root)?);
        Ok(Self { rules, dashboards, runbooks: runbooks::read(root)? })
    }

    /// All queries that are made, as Prometheus would get them.
    fn queries(&self) -> Vec<Query> {
        let of_dashboards = self.dashboards.iter().flat_map(Dashboard::queries);
        let of_runbooks = self.runbooks.iter().flat_map(Runbook::queries);
        self.rules.queries().chain(of_dashboards).chain(of_runbooks).collect()
    }

    fn names(&self) -> BTreeSet<String> {
        self.queries().iter().flat_map(|query| promql::metrics(&query.text)).collect()
    }

    /// What is asked for as if a rule recorded it, and none does.
    fn unrecorded(&self) -> Vec<String> {
        let names = self.names().into_iter().filter(|name| is_recorded(name) && !self.rules.records(name));
        names.map(|name| format!("no rule in {} records {name}", rules::FOLDER)).collect()
    }

    /// What dashboards say of runbooks that are not there.
    fn leading_nowhere(&self) -> Vec<String> {
        let pointers = self.dashboards.iter().flat_map(Dashboard::runbooks);
        pointers.filter(|(name, _)| !self.rules.has_alert(name)).map(|(_, problem)| problem).collect()
    }
}

/// Whether a rule makes this metric, by how it is named.
fn is_recorded(name: &str) -> bool {
    name.contains(':')
}

/// The files of a folder with this extension, in the order of their names.
fn files(folder: &Path, extension: &str) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
    let mut files: Vec<_> =
        paths.into_iter().filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    files.sort();
    Ok(files)
}

/// The name of a file, without its extension.
fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
