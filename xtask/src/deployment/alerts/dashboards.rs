//! Dashboards of Grafana: that panels can be told apart, say what they show, and ask for variables that there are.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde_json::Value;

use super::{
    Query, files,
    rules::{list, text},
    stem,
};

/// Where they are.
const FOLDER: &str = "charts/taskmesh/dashboards";
/// How many columns a dashboard has.
const COLUMNS: u64 = 24;
/// Grafana's own variables, as values that Prometheus can read.
const BUILT_IN: [(&str, &str); 3] = [("$__rate_interval", "5m"), ("$__interval", "1m"), ("$__range", "1h")];

/// A dashboard.
pub(super) struct Dashboard {
    name: String,
    content: Value,
}

pub(super) fn read(root: &Path) -> anyhow::Result<Vec<Dashboard>> {
    let read = |path: PathBuf| {
        let content = std::fs::read(&path)?;
        let content = serde_json::from_slice(&content).with_context(|| path.display().to_string())?;
        Ok(Dashboard { name: stem(&path), content })
    };
    files(&root.join(FOLDER), "json")?.into_iter().map(read).collect()
}

/// What two of them must not have both.
pub(super) fn in_common(dashboards: &[Dashboard]) -> Vec<String> {
    let mut seen = BTreeMap::new();
    let mut problems = Vec::new();
    for dashboard in dashboards {
        for key in ["uid", "title"] {
            let value = text(&dashboard.content[key]);
            if let Some(other) = seen.insert((key, value.clone()), &dashboard.name) {
                problems.push(dashboard.problem(format!("its {key} `{value}` is that of {other}")));
            }
        }
    }
    problems
}

impl Dashboard {
    /// What is wrong with it.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.content["uid"] != format!("taskmesh-{}", self.name).as_str() {
            problems.push(self.problem(format!("its uid is to be taskmesh-{}", self.name)));
        }
        let mut ids = BTreeSet::new();
        for panel in self.panels() {
            let title = text(&panel["title"]);
            if !panel["id"].as_u64().is_some_and(|id| ids.insert(id)) {
                problems.push(self.problem(format!("`{title}` has no id of its own")));
            }
            problems.extend(unsaid(panel).map(|what| self.problem(format!("`{title}` has no {what}"))));
        }
        problems.extend(self.undefined());
        problems.extend(self.overlaps());
        problems
    }

    /// The runbooks that it points to.
    pub(super) fn runbooks(&self) -> impl Iterator<Item = (&str, String)> {
        let texts = self.panels().filter_map(|panel| panel["description"].as_str());
        let named =
            texts.flat_map(|text| text.split("docs/runbooks/").skip(1)).filter_map(|rest| rest.split_once(".md"));
        named.map(|(name, _)| (name, self.problem(format!("docs/runbooks/{name}.md is not there"))))
    }

    /// Its queries of Prometheus, those of its variables among them.
    pub(super) fn queries(&self) -> impl Iterator<Item = Query> {
        let of_panels = self.panels().filter(|panel| panel["type"] != "logs").flat_map(|panel| list(&panel["targets"]));
        let of_variables = self.variables().iter().filter(|variable| variable["type"] == "query");
        let texts = of_panels.map(|target| text(&target["expr"]));
        let texts = texts.chain(of_variables.map(|variable| asked(&text(&variable["query"]))));
        texts.map(|text| Query { place: format!("{FOLDER}/{}.json", self.name), text: filled_in(&text) })
    }

    /// All panels, those in rows that are folded up, too.
    fn panels(&self) -> impl Iterator<Item = &Value> {
        let top = list(&self.content["panels"]).iter();
        top.flat_map(|panel| std::iter::once(panel).chain(list(&panel["panels"])))
    }

    fn variables(&self) -> &[Value] {
        list(&self.content["templating"]["list"])
    }

    /// Variables that are used and not defined.
    fn undefined(&self) -> Vec<String> {
        let defined: BTreeSet<_> = self.variables().iter().map(|variable| text(&variable["name"])).collect();
        let used = used(&self.content.to_string());
        let undefined = used.into_iter().filter(|name| !name.starts_with("__") && !defined.contains(name));
        undefined.map(|name| self.problem(format!("the variable ${name} is not defined"))).collect()
    }

    /// Panels that lie on one another, or beside the dashboard.
    fn overlaps(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut taken = BTreeMap::new();
        for panel in list(&self.content["panels"]) {
            let title = text(&panel["title"]);
            let [x, y, w, h] = ["x", "y", "w", "h"].map(|key| panel["gridPos"][key].as_u64().unwrap_or_default());
            let cells = (y..y + h).flat_map(|row| (x..x + w).map(move |column| (row, column)));
            let other = cells.filter_map(|cell| taken.insert(cell, title.clone())).next();
            if let Some(other) = other {
                problems.push(self.problem(format!("`{title}` lies on `{other}`")));
            }
            if x + w > COLUMNS || w == 0 || h == 0 {
                problems.push(self.problem(format!("`{title}` has no place")));
            }
        }
        problems
    }

    fn problem(&self, what: String) -> String {
        format!("{FOLDER}/{}.json: {what}", self.name)
    }
}

/// What a panel does not say although it should.
fn unsaid(panel: &Value) -> impl Iterator<Item = &'static str> {
    let is_row = panel["type"] == "row";
    let has_values = !is_row && panel["type"] != "logs";
    let source = text(&panel["datasource"]["uid"]);
    let checks = [
        ("title", text(&panel["title"]).is_empty()),
        ("description", !is_row && text(&panel["description"]).is_empty()),
        ("query", !is_row && list(&panel["targets"]).is_empty()),
        ("unit", has_values && text(&panel["fieldConfig"]["defaults"]["unit"]).is_empty()),
        ("variable for its data source", !is_row && !source.starts_with('$')),
    ];
    checks.into_iter().filter(|(_, missing)| *missing).map(|(what, _)| what)
}

/// The variables that a text uses: `$name`, `${name}`, `${name:format}`.
fn used(text: &str) -> BTreeSet<String> {
    let after = text.split('$').skip(1).map(|rest| rest.strip_prefix('{').unwrap_or(rest));
    let name =
        |rest: &str| rest.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect();
    after.map(name).filter(|name: &String| !name.is_empty()).collect()
}

/// The metric that a variable's values are taken from: `label_values(metric, label)`.
fn asked(query: &str) -> String {
    let inner = query.strip_prefix("label_values(").and_then(|rest| rest.strip_suffix(')'));
    inner.and_then(|inner| inner.rsplit_once(',')).map_or(query, |(metric, _)| metric).to_owned()
}

/// The query with something in place of its variables.
fn filled_in(query: &str) -> String {
    let mut query = query.to_owned();
    for (name, value) in BUILT_IN {
        query = query.replace(name, value);
    }
    query.replace("${", "").replace('$', "")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn dashboard(panels: Value) -> Dashboard {
        let templating = json!({ "list": [{ "name": "datasource", "type": "datasource", "query": "prometheus" }] });
        let content = json!({ "uid": "taskmesh-a", "title": "A", "templating": templating, "panels": panels });
        Dashboard { name: "a".to_owned(), content }
    }

    fn panel(id: u64, x: u64) -> Value {
        json!({
            "id": id, "type": "timeseries", "title": format!("P{id}"), "description": "d",
            "datasource": { "uid": "${datasource}" }, "gridPos": { "x": x, "y": 0, "w": 12, "h": 8 },
            "fieldConfig": { "defaults": { "unit": "s" } }, "targets": [{ "expr": "rate(a[$__rate_interval])" }],
        })
    }

    #[test]
    fn what_is_whole_passes() {
        let whole = dashboard(json!([panel(1, 0), panel(2, 12)]));
        assert_eq!(whole.problems(), Vec::<String>::new());
        assert_eq!(whole.queries().map(|query| query.text).collect::<Vec<_>>(), ["rate(a[5m])"; 2]);
    }

    #[test]
    fn an_id_that_is_taken_and_a_panel_on_another_are_found() {
        assert_eq!(dashboard(json!([panel(1, 0), panel(1, 6)])).problems().len(), 2);
        assert_eq!(dashboard(json!([panel(1, 13)])).problems().len(), 1);
    }

    #[test]
    fn a_variable_that_is_not_defined_is_found() {
        let mut odd = panel(1, 0);
        odd["targets"][0]["expr"] = json!("a{service=\"$service\"}");
        assert_eq!(dashboard(json!([odd])).problems().len(), 1);
    }

    #[test]
    fn a_panel_without_a_unit_is_found() {
        let mut odd = panel(1, 0);
        odd["fieldConfig"]["defaults"] = json!({});
        assert_eq!(dashboard(json!([odd])).problems().len(), 1);
    }

    #[test]
    fn two_dashboards_with_one_uid_are_found() {
        let (a, b) = (dashboard(json!([])), dashboard(json!([])));
        assert_eq!(in_common(&[a, b]).len(), 2);
    }
}
