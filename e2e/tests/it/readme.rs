//! The README's first five minutes, run as printed; only the port is the test's own.

use anyhow::{Context, Result, ensure};
use e2e::{Mode, Target, tools};
use tokio::process::Command;

const README: &str = include_str!("../../../README.md");
/// Where the README says that Taskmesh listens.
const PRINTED: &str = "127.0.0.1:8080";

#[tokio::test]
async fn the_readmes_first_five_minutes_work_as_printed() -> Result<()> {
    let target = Target::start(Mode::Single).await?;
    let shell = ["<!-- five-minutes -->", "<!-- five-minutes-grpc -->"].map(commands).into_iter().collect::<Result<Vec<_>>>()?;
    // What goes on in the background ends with the script, and not by its own will.
    let script = format!("{}\nsleep 0.2\nkill $(jobs -p)\n", shell.concat());
    let script = script.replace(PRINTED, &target.address().to_string());

    let buf = tools::buf().await?.parent().context("a program lies in a folder")?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(buf.to_owned()).chain(std::env::split_paths(&path));
    let mut bash = Command::new("bash");
    bash.args(["-euo", "pipefail", "-c", &script]).env("PATH", std::env::join_paths(folders)?);
    let said = tools::succeed(bash).await?;

    ensure!(!said.contains(r#""error""#), "{said}");
    for action in ["created", "updated", "completed", "deleted", "undeleted"] {
        ensure!(said.contains(&format!(r#""action":"{action}""#)), "no {action} in {said}");
    }
    ensure!(said.contains("Buy milk") && said.contains("Call the dentist"), "{said}");
    let told = said.lines().filter(|line| line.starts_with("data:") && line.contains("Buy milk")).count();
    ensure!(told >= 5, "the watch told {told} changes of the first task: {said}");
    Ok(())
}

/// Every `sh` block between a marker and its end, in order.
fn commands(marker: &str) -> Result<String> {
    let end = marker.replace("<!-- ", "<!-- /");
    let (_, rest) = README.split_once(marker).with_context(|| format!("the README has no {marker}"))?;
    let (section, _) = rest.split_once(&end).with_context(|| format!("the README has no {end}"))?;
    let blocks = section.split("```sh\n").skip(1).filter_map(|block| block.split_once("```"));
    Ok(blocks.map(|(block, _)| format!("{block}\n")).collect())
}
