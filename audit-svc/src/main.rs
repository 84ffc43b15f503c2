//! audit-svc as a program of its own: PostgreSQL and NATS.

use std::process::ExitCode;

fn main() -> ExitCode {
    mesh_runtime::run_service(audit_svc::startup::NAME, audit_svc::startup::standalone)
}
