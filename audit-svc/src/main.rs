//! audit-svc as a program of its own: PostgreSQL and NATS.

use std::process::ExitCode;

fn main() -> ExitCode {
    mesh_runtime::run_service("audit-svc", audit_svc::startup::standalone)
}
