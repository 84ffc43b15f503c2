//! YAML, by way of Python: what needs it is read once, and xtask stays quick to build.

use std::{path::PathBuf, process::Command};

use anyhow::anyhow;
use serde_json::Value;

use crate::{
    tools,
    workspace::{Workspace, output_of},
};

/// Prints the documents of the YAML files that it is given: a list for each, in JSON.
const TO_JSON: &str = "import json, sys, yaml; print(json.dumps([list(yaml.load_all(open(path), yaml.CSafeLoader)) for path in sys.argv[1:]]))";

/// What the files say, in their order, each of which is one document.
///
/// # Errors
/// When one is no YAML, or several documents.
pub(super) fn read(workspace: &Workspace, files: &[PathBuf]) -> anyhow::Result<Vec<Value>> {
    let single = |(documents, file): (Vec<Value>, &PathBuf)| {
        let [document] =
            <[Value; 1]>::try_from(documents).map_err(|_| anyhow!("{} is not one document", file.display()))?;
        Ok(document)
    };
    read_all(workspace, files)?.into_iter().zip(files).map(single).collect()
}

/// The documents of each file.
///
/// # Errors
/// When one is no YAML.
pub(super) fn read_all(workspace: &Workspace, files: &[PathBuf]) -> anyhow::Result<Vec<Vec<Value>>> {
    let packages = tools::python(workspace, &tools::folder(workspace, "yaml"))?;
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", packages).args(["-c", TO_JSON]).args(files);
    Ok(serde_json::from_str(&output_of(&mut python)?)?)
}
