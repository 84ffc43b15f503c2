//! notify-svc as a program of its own: PostgreSQL and NATS.

use std::process::ExitCode;

fn main() -> ExitCode {
    mesh_runtime::run_service(notify_svc::startup::NAME, notify_svc::startup::standalone)
}
