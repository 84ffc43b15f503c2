//! scheduler-svc as a program of its own: PostgreSQL and NATS.

use std::process::ExitCode;

fn main() -> ExitCode {
    mesh_runtime::run_service(scheduler_svc::startup::NAME, scheduler_svc::startup::standalone)
}
