//! The single program: `taskmesh serve` runs every service in one process, on files, behind one port.

mod command_line;
mod serve;

use std::process::ExitCode;

use clap::Parser;

use command_line::{Command, CommandLine};

fn main() -> ExitCode {
    match CommandLine::parse().command {
        Command::Serve(options) => mesh_runtime::exit_code("taskmesh", serve::run(&options)),
    }
}
