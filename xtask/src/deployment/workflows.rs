//! The GitHub workflows, the actions of our own, and the scripts that they call.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::ensure;

use super::scripts;
use crate::{
    tools,
    workspace::{Workspace, output_of},
};

const ACTIONLINT: &str = "github.com/rhysd/actionlint/cmd/actionlint";
/// What zizmor is to read: workflows, actions and dependabot's settings.
const FOLDER: &str = ".github";

/// Checks them.
///
/// # Errors
/// What is wrong.
pub(super) fn check(workspace: &Workspace) -> anyhow::Result<()> {
    for file in yaml_files(&workspace.root.join(FOLDER))? {
        let text = fs::read_to_string(&file)?;
        let unpinned = unpinned(&text);
        ensure!(unpinned.is_empty(), "{}: no commit with its version in a comment: {unpinned:?}", file.display());
    }
    let actionlint = tools::go(workspace, &tools::folder(workspace, "actionlint"), ACTIONLINT)?;
    let mut command = Command::new(actionlint);
    command.arg("-shellcheck").arg(scripts::shellcheck(workspace)?).args(["-pyflakes", ""]);
    output_of(command.current_dir(&workspace.root))?;
    let zizmor = tools::python(workspace, &tools::folder(workspace, "zizmor"))?.join("bin/zizmor");
    let mut command = Command::new(zizmor);
    command.args(["--offline", "--no-progress", "--quiet", "--strict-collection", "--persona", "auditor", FOLDER]);
    output_of(command.current_dir(&workspace.root))?;
    scripts::check(workspace, &["deploy/rollout.sh"])
}

/// The actions by others that are not named by a commit, or whose version is not told beside it. A tag can be moved; a
/// commit cannot, but nobody can read it.
fn unpinned(text: &str) -> Vec<&str> {
    let used = text.lines().filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("uses: "));
    used.filter(|used| !used.starts_with("./") && !is_pinned(used)).collect()
}

/// Whether it is as `owner/name@<40 hexadecimal digits> # v1.2.3`.
fn is_pinned(used: &str) -> bool {
    let parts = used.split_once('@').and_then(|(_, rest)| rest.split_once(" # v"));
    parts.is_some_and(|(commit, version)| {
        commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()) && version.split('.').count() == 3
    })
}

/// Every YAML file below `folder`.
fn yaml_files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(yaml_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            found.push(path);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_named_by_a_commit_and_a_version() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let pinned = format!("      - uses: a/b@{commit} # v1.2.3\n        uses: ./.github/actions/c\n");
        assert_eq!(unpinned(&pinned), Vec::<&str>::new());
        for used in ["a/b@v1".to_owned(), "a/b@main".to_owned(), format!("a/b@{commit}"), format!("a/b@{commit} # v1")]
        {
            assert_eq!(unpinned(&format!("- uses: {used}\n")), [used]);
        }
    }
}
