//! YAML, by way of Python: what needs it is read once, and xtask stays quick to build.

use std::{path::PathBuf, process::Command};

use serde_json::Value;

use crate::{
    tools,
    workspace::{Workspace, output_of},
};

/// Prints the YAML files that it is given as one list in JSON.
const TO_JSON: &str =
    "import json, sys, yaml; print(json.dumps([yaml.load(open(path), yaml.CSafeLoader) for path in sys.argv[1:]]))";

/// What the files say, in their order.
///
/// # Errors
/// When one is no YAML.
pub(super) fn read(workspace: &Workspace, files: &[PathBuf]) -> anyhow::Result<Vec<Value>> {
    let packages = tools::python(workspace, &workspace.root.join("xtask/tools/yaml"))?;
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", packages).args(["-c", TO_JSON]).args(files);
    Ok(serde_json::from_str(&output_of(&mut python)?)?)
}
