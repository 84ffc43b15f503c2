//! The README's first five minutes, run as printed; only the port is the test's own.

use anyhow::{Context, Result, ensure};
use e2e::{Mode, Target, tools};
use tempfile::NamedTempFile;
use tokio::process::Command;

const README: &str = include_str!("../../../README.md");
/// Where the README says that Taskmesh listens.
const PRINTED: &str = "127.0.0.1:8080";

#[tokio::test]
async fn the_readmes_first_five_minutes_work_as_printed() -> Result<()> {
    let target = Target::start(Mode::Single).await?;
    let said = NamedTempFile::new()?;
    let script = script()?.replace(PRINTED, &target.address().to_string());
    let buf = tools::buf().await?.parent().context("a program lies in a folder")?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(buf.to_owned()).chain(std::env::split_paths(&path));
    let mut bash = Command::new("bash");
    bash.args(["-euo", "pipefail", "-c", &script]).env("SAID", said.path()).env("PATH", std::env::join_paths(folders)?);
    tools::succeed(bash).await?;

    let said = std::fs::read_to_string(said.path())?;
    ensure!(!said.contains(r#""error""#), "{said}");
    for action in ["created", "updated", "completed", "deleted", "undeleted"] {
        ensure!(said.contains(&format!(r#""action":"{action}""#)), "no {action} in {said}");
    }
    ensure!(said.contains("Call the dentist"), "{said}");
    ensure!(said.contains("+01:00") && said.contains("+02:00"), "both offsets of Berlin: {said}");
    let reminded = said.lines().filter(|line| line.starts_with("data:") && line.contains("reminderId")).count();
    ensure!(reminded == 1, "the inbox told {reminded} reminders: {said}");
    let told = said.lines().filter(|line| line.starts_with("data:") && line.contains("Buy milk")).count();
    ensure!(told == 5, "the watch told {told} changes of the first task: {said}");
    Ok(())
}

/// The README's commands. What is recorded and told comes a moment after the change; so, as a reader who looks again
/// would, the last look at the list and the record is repeated until they are complete, and the streams end when they
/// have told all.
fn script() -> Result<String> {
    let mut blocks = commands("<!-- five-minutes -->")?;
    let record = blocks.pop().context("the README has commands")?;
    let grpc = commands("<!-- five-minutes-grpc -->")?.concat();
    Ok(format!(
        r#"exec > "$SAID"
        patiently() {{ for _ in {{1..200}}; do if "$@"; then return; fi; sleep 0.1; done; }}
        {}
        look() {{ seen=$({record}); [[ $seen == *'"undeleted"'* && $seen == *2027-03-31T07:00:00* ]]; }}
        patiently look
        echo "$seen"
        {grpc}
        told() {{ [[ $(grep -c '^data:.*Buy milk' "$SAID") -ge 5 ]] && grep -q '^data:.*reminderId' "$SAID"; }}
        patiently told
        kill $(jobs -p)"#,
        blocks.concat()
    ))
}

/// Every `sh` block between a marker and its end, in order.
fn commands(marker: &str) -> Result<Vec<String>> {
    let end = marker.replace("<!-- ", "<!-- /");
    let (_, rest) = README.split_once(marker).with_context(|| format!("the README has no {marker}"))?;
    let (section, _) = rest.split_once(&end).with_context(|| format!("the README has no {end}"))?;
    let blocks = section.split("```sh\n").skip(1).filter_map(|block| block.split_once("```"));
    Ok(blocks.map(|(block, _)| format!("{block}\n")).collect())
}
