//! The gateway as a program of its own: PostgreSQL, NATS, and the services at their addresses.

use std::process::ExitCode;

fn main() -> ExitCode {
    mesh_runtime::run_service("gateway", gateway::startup::standalone)
}
