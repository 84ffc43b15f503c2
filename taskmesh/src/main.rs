//! The single program: `taskmesh serve` runs every service in one process, on files, behind one port. The other commands
//! help those who run each service on its own.

mod check;
mod command_line;
mod key_set;
mod new_keys;
mod serve;

use std::process::ExitCode;

use clap::Parser;

use command_line::{Command, CommandLine};

fn main() -> ExitCode {
    match CommandLine::parse().command {
        Command::Serve(options) => mesh_runtime::exit_code("taskmesh", serve::run(&options)),
        Command::NewKeys(options) => mesh_runtime::exit_code("taskmesh", new_keys::make(&options)),
        Command::Check(options) => mesh_runtime::exit_code("taskmesh", check::run(&options)),
        Command::KeySet(options) => mesh_runtime::exit_code("taskmesh", key_set::print(&options)),
    }
}
