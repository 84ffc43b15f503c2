//! `cargo xtask`: every developer command.
#![expect(clippy::print_stdout, reason = "a command-line program")]

use std::process::ExitCode;

use clap::Parser;
use xtask::{Interrupt, bench, buf, deployment, faults, fuzz, image, run, test, tidy, workspace::Workspace};

/// Every developer command of Taskmesh.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Command {
    /// Build Taskmesh and serve it in one process, ready to use.
    Run(run::Options),
    /// Check and test everything; obtains PostgreSQL and nats-server by itself.
    Test(test::Options),
    /// Run every service as processes of its own on PostgreSQL and NATS, until Ctrl-C.
    Mesh(xtask::mesh::Options),
    /// Check the rules of the house: layers, sizes, documentation, forbidden text.
    Tidy,
    /// Check what an operator is handed: chart, alerts, image, Tiltfile, workflows.
    Deployment(deployment::Options),
    /// Build the container image, and start every program in it as the chart does.
    Image(image::Options),
    /// Run the load scenarios and print what they measure.
    Bench(bench::Options),
    /// Break a mesh in every way for a while, under load, and compare what its users were told with what is there.
    Faults(faults::Options),
    /// Feed what reads the bytes of strangers with odd ones for a while.
    Fuzz(fuzz::Options),
    /// Accept the contract as it stands as what `buf breaking` compares with.
    BufBaseline,
}

fn main() -> ExitCode {
    match dispatch(Command::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> anyhow::Result<ExitCode> {
    let workspace = Workspace::locate()?;
    match command {
        Command::Run(options) => run::run(&workspace, &options),
        Command::Test(options) => test::run(&workspace, &options, &Interrupt::listen()?),
        Command::Mesh(options) => xtask::mesh::run(&workspace, &options, &Interrupt::listen()?),
        Command::Tidy => {
            tidy::run(&workspace)?;
            println!("tidy");
            Ok(ExitCode::SUCCESS)
        }
        Command::Deployment(options) => {
            deployment::run(&workspace, &options)?;
            println!("fit to be deployed");
            Ok(ExitCode::SUCCESS)
        }
        Command::Image(options) => image::run(&workspace, &options),
        Command::Bench(options) => bench::run(&workspace, &options),
        Command::Faults(options) => faults::run(&workspace, &options),
        Command::Fuzz(options) => fuzz::run(&workspace, &options),
        Command::BufBaseline => {
            buf::write_baseline(&workspace)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
