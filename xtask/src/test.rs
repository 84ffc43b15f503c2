//! `cargo xtask test`: every check and every test, with the servers they need.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, ExitCode, Stdio},
    thread::{self, JoinHandle},
    time::Instant,
};

use anyhow::{Context, bail};
use clap::Args;
use rustix::process::{Pid, Signal, kill_process};

use crate::{
    Interrupt, buf, deployment,
    servers::{Durability, Servers},
    tidy,
    workspace::{Workspace, output_of, succeed},
};

/// What to test.
#[derive(Args, Debug)]
pub struct Options {
    /// Only the tests: no format, style or contract checks.
    #[arg(long)]
    fast: bool,
    /// Passed on to `cargo test`, such as `-p audit-svc` or part of a test's name.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

impl Options {
    /// Whether tests are among the chosen ones that start the programs.
    fn needs_programs(&self) -> bool {
        !self.names_packages() || self.arguments.iter().any(|argument| argument == "e2e")
    }

    fn names_packages(&self) -> bool {
        self.arguments.iter().any(|argument| matches!(argument.as_str(), "-p" | "--package"))
    }
}

/// How many tests there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Totals {
    passed: u64,
    failed: u64,
}

/// Runs everything, tells what failed, and ends with `N passed, N failed`.
///
/// # Errors
/// When the tests cannot be run.
pub fn run(workspace: &Workspace, options: &Options, interrupt: &Interrupt) -> anyhow::Result<ExitCode> {
    let began = Instant::now();
    let mut failures = Vec::new();
    if !options.fast {
        failures = check(workspace, began, interrupt)?;
    }
    if options.needs_programs() {
        announce(began, "build");
        // All targets: what is built for tests alone would be built of other parts, and twice.
        succeed(workspace.cargo().args(["build", "--workspace", "--all-targets"]))?;
    }
    announce(began, "servers");
    let servers = Servers::start(workspace, Durability::Fast)?;
    eprintln!("PostgreSQL at {}, NATS at {}", servers.postgres.url(), servers.nats.url());
    announce(began, "tests");
    let (success, totals) = test(workspace, options, &servers, interrupt)?;
    drop(servers);
    announce(began, "done");
    if !success {
        failures.push("test".to_owned());
    }
    if !failures.is_empty() {
        println!("\nfailed: {}", failures.join(", "));
    }
    println!("\n{} passed, {} failed", totals.passed, totals.failed);
    Ok(if failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs every check that needs no servers and returns the names of those that failed.
fn check(workspace: &Workspace, began: Instant, interrupt: &Interrupt) -> anyhow::Result<Vec<String>> {
    let mut failures = Vec::new();
    let mut step = |name: &str, work: &dyn Fn() -> anyhow::Result<()>| {
        announce(began, name);
        if interrupt.requested() {
            bail!("interrupted");
        }
        if let Err(error) = work() {
            println!("{error:#}");
            failures.push(name.to_owned());
        }
        Ok(())
    };
    step("format", &|| output_of(workspace.cargo().args(["fmt", "--all", "--check"])).map(drop))?;
    step("tidy", &|| tidy::run(workspace))?;
    step("buf", &|| {
        if !buf::check(workspace)? {
            println!("note: skipped, as buf comes from npm, which is not installed");
        }
        Ok(())
    })?;
    step("deployment", &|| deployment::run(workspace, &deployment::Options::default()))?;
    let clippy = ["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"];
    step("clippy", &|| succeed(workspace.cargo().args(clippy)))?;
    Ok(failures)
}

/// Runs `cargo test` beside the servers.
fn test(
    workspace: &Workspace,
    options: &Options,
    servers: &Servers,
    interrupt: &Interrupt,
) -> anyhow::Result<(bool, Totals)> {
    let mut child = command(workspace, options, servers).stdout(Stdio::piped()).spawn()?;
    let counting = count(&mut child)?;
    let mut status = None;
    let waited = interrupt.wait_until(|| {
        status = child.try_wait()?;
        Ok(status.is_some())
    });
    if waited.is_err() {
        end(&mut child)?;
    }
    waited?;
    let totals = counting.join().map_err(|_| anyhow::anyhow!("the output of cargo test could not be read"))?;
    Ok((status.is_some_and(|status| status.success()), totals))
}

fn command(workspace: &Workspace, options: &Options, servers: &Servers) -> Command {
    let mut command = workspace.cargo();
    command.args(["test", "--no-fail-fast"]);
    if !options.names_packages() {
        command.arg("--workspace");
    }
    command.args(&options.arguments);
    command.env("TASKMESH_TEST_POSTGRES", servers.postgres.url()).env("TASKMESH_TEST_NATS", servers.nats.url());
    if let Some(programs) = servers.postgres.programs() {
        command.env("TASKMESH_PG_BIN", programs);
    }
    if let Some(program) = servers.nats.program() {
        command.env("TASKMESH_NATS_SERVER", program);
    }
    command
}

/// Shows what the tests print, and adds up their results.
fn count(child: &mut Child) -> anyhow::Result<JoinHandle<Totals>> {
    let output = BufReader::new(child.stdout.take().context("the output is piped")?);
    Ok(thread::spawn(move || {
        let mut totals = Totals::default();
        for line in output.lines().map_while(Result::ok) {
            println!("{line}");
            totals.add(&line);
        }
        totals
    }))
}

/// Ends cargo and, through it, the tests.
fn end(child: &mut Child) -> anyhow::Result<()> {
    if let Some(id) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // After Ctrl-C it has ended by itself.
        let _ = kill_process(id, Signal::TERM);
    }
    child.wait()?;
    Ok(())
}

impl Totals {
    /// Adds `test result: ok. 5 passed; 0 failed; …`.
    fn add(&mut self, line: &str) {
        let Some((_, counts)) = line.strip_prefix("test result: ").and_then(|rest| rest.split_once(". ")) else {
            return;
        };
        let number = |what| {
            let part = counts.split("; ").find_map(|part| part.strip_suffix(what))?;
            part.trim().parse::<u64>().ok()
        };
        self.passed += number("passed").unwrap_or(0);
        self.failed += number("failed").unwrap_or(0);
    }
}

/// Says what is done next, and how long everything before it took.
fn announce(began: Instant, step: &str) {
    println!("== {step} (after {} s)", began.elapsed().as_secs());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_added_up() {
        let mut totals = Totals::default();
        totals.add("running 5 tests");
        totals.add("test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s");
        totals.add("test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.10s");
        assert_eq!(totals, Totals { passed: 7, failed: 1 });
    }
}
