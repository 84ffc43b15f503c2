//! Runbooks: one for each alert, and that what they tell an operator to look for is there.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::{Query, files, rules::Rules, stem};

/// Where they are.
const FOLDER: &str = "docs/runbooks";
/// What says of each alert what it means.
const OVERVIEW: &str = "docs/operations.md";
/// What each has, in this order.
const PARTS: [&str; 4] = ["## See it", "## Likely causes", "## What to do", "## Over when"];

/// What to do about an alert.
pub(super) struct Runbook {
    /// The alert.
    name: String,
    text: String,
}

pub(super) fn read(root: &Path) -> anyhow::Result<Vec<Runbook>> {
    let read = |path: PathBuf| Ok(Runbook { name: stem(&path), text: std::fs::read_to_string(&path)? });
    files(&root.join(FOLDER), "md")?.into_iter().map(read).collect()
}

/// What is wrong with them.
///
/// # Errors
/// When the programs' sources cannot be read.
pub(super) fn problems(runbooks: &[Runbook], rules: &Rules, root: &Path) -> anyhow::Result<Vec<String>> {
    let sources = sources(root)?;
    let missing = rules.alerts().filter(|(name, _)| !runbooks.iter().any(|runbook| runbook.name == *name));
    let mut problems: Vec<_> = missing.map(|(name, _)| format!("{FOLDER}/{name}.md is missing")).collect();
    let overview = std::fs::read_to_string(root.join(OVERVIEW))?;
    for runbook in runbooks {
        if !overview.contains(&format!("(runbooks/{}.md)", runbook.name)) {
            problems.push(format!("{OVERVIEW} does not lead to {FOLDER}/{}.md", runbook.name));
        }
        if !rules.has_alert(&runbook.name) {
            problems.push(format!("{FOLDER}/{}.md: there is no such alert", runbook.name));
        }
        problems.extend(runbook.problems(&sources));
    }
    problems.sort();
    problems.dedup();
    Ok(problems)
}

impl Runbook {
    /// Its queries of Prometheus.
    pub(super) fn queries(&self) -> impl Iterator<Item = Query> {
        let place = |text: &str| Query { place: format!("{FOLDER}/{}.md", self.name), text: text.to_owned() };
        fenced(&self.text, "promql").map(place)
    }

    fn problems(&self, sources: &str) -> Vec<String> {
        let mut problems = Vec::new();
        let mut rest = self.text.strip_prefix(&format!("# {}\n", self.name));
        for part in PARTS {
            rest = rest.and_then(|rest| rest.split_once(&format!("\n{part}\n"))).map(|(_, after)| after);
        }
        if rest.is_none() {
            problems.push(format!("{FOLDER}/{}.md: it is to have its name and {}", self.name, PARTS.join(", ")));
        }
        // A line that was reworded would be looked for in vain.
        let lines = fenced(&self.text, "logql")
            .flat_map(|query| query.split("|= \"").skip(1))
            .filter_map(|rest| rest.split('"').next());
        let unknown = lines.filter(|line| !sources.contains(line));
        problems.extend(unknown.map(|line| format!("{FOLDER}/{}.md: no program logs `{line}`", self.name)));
        problems
    }
}

/// What stands between fences of this language.
fn fenced<'a>(text: &'a str, language: &str) -> impl Iterator<Item = &'a str> {
    let fence = format!("```{language}\n");
    let starts: Vec<_> = text.match_indices(&fence).map(|(at, _)| at + fence.len()).collect();
    starts.into_iter().filter_map(|start| text[start..].split("```").next())
}

/// All that programs may log: the sources of services and crates.
fn sources(root: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let mut folders: Vec<_> = ["audit-svc", "gateway", "notify-svc", "scheduler-svc", "task-svc", "taskmesh"]
        .map(|service| root.join(service).join("src"))
        .into();
    folders.push(root.join("crates"));
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                text += &std::fs::read_to_string(&path)?;
            }
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runbook(text: &str) -> Runbook {
        Runbook { name: "Down".to_owned(), text: text.to_owned() }
    }

    const WHOLE: &str = "# Down\n\nIt is.\n\n## See it\n\n```logql\n{service=\"a\"} |= \"it is down\"\n```\n\n## Likely causes\n\n\
                         ## What to do\n\n## Over when\n";

    #[test]
    fn a_runbook_without_a_part_is_found() {
        assert_eq!(runbook(WHOLE).problems("\"it is down\""), Vec::<String>::new());
        assert_eq!(runbook(&WHOLE.replace("## What to do", "")).problems("\"it is down\"").len(), 1);
    }

    #[test]
    fn a_line_that_no_program_logs_is_found() {
        assert_eq!(runbook(WHOLE).problems("\"it is gone\"").len(), 1);
    }
}
