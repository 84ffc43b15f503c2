//! task-svc as a program of its own: PostgreSQL and NATS.

use std::process::ExitCode;

fn main() -> ExitCode {
    mesh_runtime::run_service(task_svc::startup::NAME, task_svc::startup::standalone)
}
