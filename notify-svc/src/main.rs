//! notify-svc as a program of its own: PostgreSQL and NATS.

use std::process::ExitCode;

use notify_svc::startup;

fn main() -> ExitCode {
    mesh_runtime::run_service(startup::NAME, startup::standalone, startup::migrate)
}
