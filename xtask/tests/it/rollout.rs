//! `deploy/rollout.sh`, with stand-ins for Helm and curl that note how they are called.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
};

use anyhow::Result;
use tempfile::TempDir;

/// A cluster that does not exist.
struct Cluster(TempDir);

impl Cluster {
    /// Where each of `failing` fails: the first word after `helm`, or `curl`.
    fn new(failing: &[&str]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        for program in ["helm", "curl"] {
            let script = format!(
                "#!/bin/sh\nif [ {program} = helm ]; then step=$1; else step=curl; fi\necho \"$step\" >> {folder}/steps\n\
                 case \" {failing} \" in *\" $step \"*) exit 1 ;; esac\n",
                folder = folder.path().display(),
                failing = failing.join(" "),
            );
            let file = folder.path().join(program);
            fs::write(&file, script)?;
            fs::set_permissions(&file, Permissions::from_mode(0o755))?;
        }
        Ok(Self(folder))
    }

    /// Whether a roll-out succeeds, and the steps that it takes.
    fn roll_out(&self) -> Result<(bool, String)> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/rollout.sh");
        let path = format!("{}:/usr/bin:/bin", self.0.path().display());
        let mut command = Command::new(script);
        command.arg("charts/taskmesh").env("PATH", path).env("TASKMESH_URL", "https://tasks.example.com");
        let success = command.output()?.status.success();
        let steps = fs::read_to_string(self.0.path().join("steps"))?;
        Ok((success, steps.split_whitespace().collect::<Vec<_>>().join(" ")))
    }
}

/// Fails unless a roll-out, where `failing` fails, takes exactly these steps.
fn expect(failing: &[&str], success: bool, steps: &str) -> Result<()> {
    assert_eq!(Cluster::new(failing)?.roll_out()?, (success, steps.to_owned()));
    Ok(())
}

#[test]
fn a_release_that_works_stays() -> Result<()> {
    expect(&[], true, "status upgrade test curl")
}

#[test]
fn a_release_that_fails_its_tests_or_does_not_answer_makes_way_for_the_one_before() -> Result<()> {
    expect(&["test"], false, "status upgrade test rollback")?;
    expect(&["curl"], false, "status upgrade test curl rollback")
}

#[test]
fn a_first_release_that_does_not_work_has_nothing_to_make_way_for() -> Result<()> {
    expect(&["status", "test"], false, "status upgrade test")
}

#[test]
fn a_release_that_helm_itself_took_back_is_not_tested() -> Result<()> {
    expect(&["upgrade"], false, "status upgrade")
}
