//! The compose file and the chart speak to the programs as they are.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use e2e::programs;
use xtask::{
    deployment::{Container, containers, pods},
    mesh::Service,
    workspace::Workspace,
};

#[test]
fn what_the_compose_file_tells_the_programs_is_what_they_know() -> Result<()> {
    let containers = containers(&Workspace::locate()?)?;
    for service in Service::ALL {
        ensure!(containers.contains_key(service.name()), "{} is not started", service.name());
    }
    for (name, container) in &containers {
        for command in commands(container) {
            check(&command, container).with_context(|| format!("{name}: {command:?}"))?;
        }
    }
    Ok(())
}

#[test]
fn what_the_chart_tells_the_programs_is_what_they_know() -> Result<()> {
    let pods = pods(&Workspace::locate()?)?;
    ensure!(pods.len() > 2 * Service::ALL.len(), "these are few: {:?}", pods.keys());
    for (name, container) in &pods {
        let commands = commands(container);
        ensure!(commands.len() == 1, "{name} runs {:?}", container.command);
        check(&commands[0], container).context(name.clone())?;
    }
    Ok(())
}

/// What is run in a container of ours: its command, and how it is asked whether it is well.
fn commands(container: &Container) -> Vec<Vec<String>> {
    let asked =
        container.healthcheck.as_ref().and_then(|check| check.test.split_first()).map(|(_, rest)| rest.to_vec());
    let is_ours = |command: &Vec<String>| {
        let program = command.first().map(String::as_str);
        program == Some("taskmesh") || Service::ALL.iter().any(|service| program == Some(service.name()))
    };
    container.command.iter().cloned().chain(asked).filter(is_ours).collect()
}

/// A service's command and settings are understood; `taskmesh` has such a command.
fn check(command: &[String], container: &Container) -> Result<()> {
    let (program, arguments) = command.split_first().context("a command names a program")?;
    let question = if program == "taskmesh" { "--help" } else { "--print-config" };
    let variables = container.environment.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    let output = Command::new(programs()?.join(program)).args(arguments).arg(question).envs(variables).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}
