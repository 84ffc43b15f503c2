//! The rules: what they say about themselves.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::Value;

use super::{super::yaml, Query, files};
use crate::workspace::Workspace;

/// Where they are.
pub(super) const FOLDER: &str = "charts/taskmesh/alerts";

/// What every alert tells, besides how grave it is.
const ANNOTATIONS: [&str; 3] = ["summary", "description", "runbook"];
/// `page`: somebody must look now. `ticket`: these days.
const SEVERITIES: [&str; 2] = ["page", "ticket"];

/// All of them.
pub(super) struct Rules(Vec<Value>);

/// An alert with how grave it is; one name can stand for two.
pub(super) type Alert<'a> = (&'a str, &'a str);

/// The files.
pub(super) fn files_of(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    files(&root.join(FOLDER), "yaml")
}

impl Rules {
    pub(super) fn read(workspace: &Workspace) -> anyhow::Result<Self> {
        let documents = yaml::read(workspace, &files_of(&workspace.root)?)?;
        let groups = documents.iter().flat_map(|document| list(&document["groups"]));
        Ok(Self(groups.flat_map(|group| list(&group["rules"])).cloned().collect()))
    }

    /// The alerts.
    pub(super) fn alerts(&self) -> impl Iterator<Item = Alert<'_>> {
        self.named("alert").map(|(name, rule)| (name, rule["labels"]["severity"].as_str().unwrap_or_default()))
    }

    /// Whether there is an alert with this name.
    pub(super) fn has_alert(&self, name: &str) -> bool {
        self.alerts().any(|(alert, _)| alert == name)
    }

    /// Whether a rule makes the metric `name`.
    pub(super) fn records(&self, name: &str) -> bool {
        self.named("record").any(|(record, _)| record == name)
    }

    pub(super) fn queries(&self) -> impl Iterator<Item = Query> {
        let named = self.named("alert").chain(self.named("record"));
        named.map(|(name, rule)| Query { place: name.to_owned(), text: text(&rule["expr"]) })
    }

    /// What alerts do not say of themselves, or say wrongly.
    pub(super) fn problems(&self) -> Vec<String> {
        self.named("alert").flat_map(|(name, rule)| problems(name, rule)).collect()
    }

    fn named<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.0.iter().filter_map(move |rule| Some((rule[kind].as_str()?, rule)))
    }
}

fn problems(name: &str, rule: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    if !SEVERITIES.iter().any(|severity| rule["labels"]["severity"] == *severity) {
        problems.push(format!("{name}: its severity is to be one of {}", SEVERITIES.join(", ")));
    }
    for annotation in ANNOTATIONS {
        if text(&rule["annotations"][annotation]).is_empty() {
            problems.push(format!("{name}: it has no {annotation}"));
        }
    }
    let runbook = format!("docs/runbooks/{name}.md");
    if rule["annotations"]["runbook"] != runbook.as_str() {
        problems.push(format!("{name}: its runbook is to be {runbook}"));
    }
    problems
}

/// Rules and dashboards tell streams from other calls by their names, where nothing else tells them.
pub(super) fn streams_without_their_names(root: &Path) -> anyhow::Result<Vec<String>> {
    let mut problems = Vec::new();
    let mut folders = vec![root.join("proto/taskmesh")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "proto") {
                problems.extend(misnamed(&std::fs::read_to_string(&path)?));
            }
        }
    }
    Ok(problems)
}

fn misnamed(proto: &str) -> Vec<String> {
    let declared = proto.lines().filter_map(|line| line.trim().strip_prefix("rpc ")?.split_once('('));
    let told = |name: &str| name.starts_with("Watch") || name.starts_with("Stream");
    let wrong = declared.filter(|(name, rest)| told(name) != rest.contains("stream "));
    let problem = |name| format!("{name}: rules take exactly what begins with Watch or Stream for a stream ({FOLDER})");
    wrong.map(|(name, _)| problem(name)).collect()
}

/// The values of a list.
pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The text of a value; empty if it is none.
pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_alert_must_say_what_to_do() {
        let mut rule = json!({
            "labels": { "severity": "page" },
            "annotations": { "summary": "s", "description": "d", "runbook": "docs/runbooks/Down.md" },
        });
        assert_eq!(problems("Down", &rule), Vec::<String>::new());
        assert_eq!(problems("Up", &rule).len(), 1);
        rule["annotations"]["summary"] = json!("");
        rule["labels"]["severity"] = json!("critical");
        assert_eq!(problems("Down", &rule).len(), 2);
    }

    #[test]
    fn a_stream_that_is_not_named_like_one_is_found() {
        let proto = "  rpc WatchTasks(A) returns (stream B) {\n  rpc Follow(A) returns (stream B) {\n  rpc StreamLine(A) returns (B);";
        assert_eq!(misnamed(proto).len(), 2);
    }
}
