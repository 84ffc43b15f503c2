//! The compose file, as compose itself reads it: by the specification's schema, with every name that is referred to.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    process::Command,
};

use anyhow::{Context, ensure};
use serde::Deserialize;

use crate::{
    tools,
    workspace::{Workspace, output_of},
};

const FILE: &str = "deploy/compose.yaml";
/// What can be set, and how.
const VARIABLES: &str = "deploy/.env.example";

/// A container that the compose file starts.
#[derive(Clone, Debug, Deserialize)]
pub struct Container {
    /// What is run, by its image's own words if there are none.
    #[serde(default)]
    pub command: Option<Vec<String>>,
    /// The variables that it is told.
    #[serde(default)]
    pub environment: BTreeMap<String, Option<String>>,
    /// How it is asked whether it is well, if it is.
    #[serde(default)]
    pub healthcheck: Option<Healthcheck>,
}

/// How a container is asked whether it is well.
#[derive(Clone, Debug, Deserialize)]
pub struct Healthcheck {
    /// `CMD` and the words of a command.
    pub test: Vec<String>,
}

pub(super) fn check(workspace: &Workspace) -> anyhow::Result<()> {
    let read = |file| fs::read_to_string(workspace.root.join(file)).context(file);
    let (used, told) = (used_in(&read(FILE)?), told_in(&read(VARIABLES)?));
    let untold: Vec<_> = used.difference(&told).collect();
    ensure!(untold.is_empty(), "{FILE} uses {untold:?}, which {VARIABLES} does not tell of");
    let unused: Vec<_> = told.difference(&used).collect();
    ensure!(unused.is_empty(), "{VARIABLES} tells of {unused:?}, which {FILE} does not use");
    containers(workspace).map(drop)
}

/// Every container of the compose file, by its name, with something in each variable that has to be set.
///
/// # Errors
/// What is wrong with the file.
pub fn containers(workspace: &Workspace) -> anyhow::Result<BTreeMap<String, Container>> {
    let reader = tools::go(workspace, &tools::folder(workspace, "compose"), "taskmesh/xtask/tools/compose")?;
    let mut command = Command::new(reader);
    command.arg(FILE).current_dir(&workspace.root);
    for variable in told_in(&fs::read_to_string(workspace.root.join(VARIABLES))?) {
        command.env(variable, "");
    }
    for required in ["POSTGRES_PASSWORD", "TASKMESH_DATABASE_PASSWORD"] {
        command.env(required, "secret");
    }
    serde_json::from_str(&output_of(&mut command)?).context(FILE)
}

/// The variables that a compose file asks for.
fn used_in(text: &str) -> BTreeSet<String> {
    let named = text.split("${").skip(1);
    named.filter_map(|rest| rest.split([':', '}']).next()).map(str::to_owned).collect()
}

/// The variables that a file of variables has.
fn told_in(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| Some(line.split_once('=')?.0.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_found_where_they_are_used_and_where_they_are_told_of() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(used_in("a: ${A}-${B:-b}\nc: ${C:?set it}"), names(&["A", "B", "C"]));
        assert_eq!(told_in("# A=1\nB=\n\nC=c=d\n"), names(&["B", "C"]));
    }
}
