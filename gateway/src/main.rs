//! The gateway as a program of its own: PostgreSQL, NATS, and the services at their addresses.

use std::process::ExitCode;

use gateway::startup;

fn main() -> ExitCode {
    mesh_runtime::run_service(startup::NAME, startup::standalone, startup::migrate)
}
