//! Prometheus's own judge of rules, queries and settings.

use std::{
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use anyhow::{Context, anyhow, bail};
use serde_json::json;

use super::Query;
use crate::workspace::{Workspace, on_path, output_of};

const MISSING: &str =
    "promtool is needed to check alerts: install Prometheus 2.42 or newer, or put its promtool on PATH";

pub(super) struct Promtool(PathBuf);

impl Promtool {
    /// The one on PATH, or that of the distribution's package, which is unpacked and not installed: it would start a
    /// server.
    pub(super) fn find(workspace: &Workspace) -> anyhow::Result<Self> {
        if let Some(found) = on_path("promtool") {
            return Ok(Self(found));
        }
        let unpacked = workspace.target.join("tools/prometheus");
        if !unpacked.is_dir() {
            unpack(&workspace.target.join("tools"), &unpacked).context(MISSING)?;
        }
        Ok(Self(unpacked.join("usr/bin/promtool")))
    }

    /// Whether these are rules.
    pub(super) fn check_rules(&self, files: &[PathBuf]) -> anyhow::Result<()> {
        output_of(Command::new(&self.0).args(["check", "rules"]).args(files)).map(drop)
    }

    /// Whether these are queries, by making rules of them.
    pub(super) fn check_queries(&self, queries: &[Query]) -> anyhow::Result<()> {
        let rule = |query: &Query| json!({ "record": "query", "expr": query.text, "labels": { "place": query.place } });
        let rules: Vec<_> = queries.iter().map(rule).collect();
        let file = tempfile::Builder::new().suffix(".json").tempfile()?;
        serde_json::to_writer(&file, &json!({ "groups": [{ "name": "queries", "rules": rules }] }))?;
        let checked = output_of(Command::new(&self.0).args(["check", "rules"]).arg(file.path()));
        checked.map(drop).map_err(|error| {
            // It tells a mistake by the number of the rule.
            let told = format!("{error:#}");
            let numbered = queries.iter().enumerate();
            let wrong = numbered.filter(|(index, _)| told.contains(&format!("rule {},", index + 1)));
            let named: Vec<_> = wrong.map(|(_, query)| format!("{}: {}", query.place, query.text)).collect();
            anyhow!("{told}\nno query:\n{}", named.join("\n"))
        })
    }

    /// Whether these are settings of Prometheus. The files that they name need not be there.
    pub(super) fn check_config(&self, file: &Path) -> anyhow::Result<()> {
        output_of(Command::new(&self.0).args(["check", "config", "--syntax-only"]).arg(file)).map(drop)
    }

    /// Runs the tests of rules, all files at once, and tells of every failure.
    pub(super) fn test_rules(&self, files: &[PathBuf]) -> anyhow::Result<()> {
        let test = |file: &PathBuf| output_of(Command::new(&self.0).args(["test", "rules"]).arg(file));
        let failures: Vec<_> = thread::scope(|scope| {
            let tests: Vec<_> = files.iter().map(|file| scope.spawn(move || test(file))).collect();
            let outcome = |test: thread::ScopedJoinHandle<'_, anyhow::Result<String>>| match test.join() {
                Ok(outcome) => outcome.err().map(|error| format!("{error:#}")),
                Err(_) => Some("a test panicked".to_owned()),
            };
            tests.into_iter().filter_map(outcome).collect()
        });
        if !failures.is_empty() {
            bail!("{}", failures.join("\n"));
        }
        Ok(())
    }
}

/// Unpacks the distribution's package of Prometheus to `unpacked`.
fn unpack(tools: &Path, unpacked: &Path) -> anyhow::Result<()> {
    eprintln!("note: no promtool is installed; unpacking the distribution's package prometheus");
    std::fs::create_dir_all(tools)?;
    let staging = tempfile::tempdir_in(tools)?;
    let download = || output_of(Command::new("apt-get").args(["download", "prometheus"]).current_dir(staging.path()));
    // Where nobody has asked for lists of packages yet, it is not known.
    download().or_else(|_| {
        output_of(Command::new("apt-get").arg("update"))?;
        download()
    })?;
    let packages = super::files(staging.path(), "deb")?;
    let package = packages.first().context("apt-get downloaded no package")?;
    let content = staging.path().join("content");
    output_of(Command::new("dpkg-deb").arg("--extract").arg(package).arg(&content))?;
    // In one step; somebody else may have been faster.
    let renamed = std::fs::rename(&content, unpacked);
    renamed.or_else(|error| if unpacked.is_dir() { Ok(()) } else { Err(error.into()) })
}
