//! The single program: `taskmesh serve` runs every service in one process, on files, behind one port. `taskmesh key-set`
//! helps those who run each service on its own.

mod command_line;
mod key_set;
mod serve;

use std::process::ExitCode;

use clap::Parser;

use command_line::{Command, CommandLine};

fn main() -> ExitCode {
    match CommandLine::parse().command {
        Command::Serve(options) => mesh_runtime::exit_code("taskmesh", serve::run(&options)),
        Command::KeySet(options) => mesh_runtime::exit_code("taskmesh", key_set::print(&options)),
    }
}
