//! The tests of rules: that each alert is seen to fire.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{
    super::yaml,
    files,
    rules::{Rules, list, text},
};
use crate::workspace::Workspace;

/// Where they are.
const FOLDER: &str = "charts/taskmesh/alerts/tests";

/// The files.
pub(super) fn files_of(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    files(&root.join(FOLDER), "yaml")
}

/// Alerts that no test sees fire.
pub(super) fn untested(workspace: &Workspace, rules: &Rules) -> anyhow::Result<Vec<String>> {
    let documents = yaml::read(workspace, &files_of(&workspace.root)?)?;
    let fired: BTreeSet<_> = documents.iter().flat_map(fired).collect();
    let untested =
        rules.alerts().filter(|(name, severity)| !fired.contains(&((*name).to_owned(), (*severity).to_owned())));
    Ok(untested.map(|(name, severity)| format!("{name} ({severity}): no test in {FOLDER} sees it fire")).collect())
}

/// The alerts that a file expects, with how grave they are.
fn fired(document: &Value) -> Vec<(String, String)> {
    let tests = list(&document["tests"]).iter().flat_map(|test| list(&test["alert_rule_test"]));
    let expected = |test: &Value| {
        let name = text(&test["alertname"]);
        let severities = list(&test["exp_alerts"]).iter().map(|alert| text(&alert["exp_labels"]["severity"]));
        severities.map(|severity| (name.clone(), severity)).collect::<Vec<_>>()
    };
    tests.flat_map(expected).collect()
}

#[cfg(test)]
mod unit {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_alert_that_is_expected_not_to_fire_is_not_seen_to_fire() {
        let firing = json!({ "alertname": "A", "exp_alerts": [{ "exp_labels": { "severity": "page" } }] });
        let silent = json!({ "alertname": "B" });
        let document = json!({ "tests": [{ "alert_rule_test": [firing, silent] }] });
        assert_eq!(fired(&document), [("A".to_owned(), "page".to_owned())]);
    }
}
