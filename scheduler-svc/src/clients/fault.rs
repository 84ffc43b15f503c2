//! What another service answered, in our words again.

use mesh_types::{ErrorKind, Fault, Reason};
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// The failure that `status` tells of. Faults of theirs are no fault of the caller's: they become UNAVAILABLE.
pub(super) fn fault_of(status: &Status) -> Fault {
    let Some(kind) = kind(status.code()) else {
        tracing::warn!(status.code = ?status.code(), "task service call failed");
        return Fault::unavailable();
    };
    let info = status.get_details_error_info();
    let reason = info.as_ref().and_then(|info| Reason::ALL.iter().find(|reason| reason.as_str() == info.reason));
    let mut fault = Fault::new(kind, reason.copied().unwrap_or(Reason::StateInvalid), status.message());
    if let Some(resource) = status.get_details_resource_info().filter(|resource| resource.resource_type == "task") {
        fault = fault.about("task", resource.resource_name);
    }
    let task_id = info.and_then(|mut info| info.metadata.remove("task_id"));
    task_id.map_or(fault.clone(), |id| fault.with("task_id", id))
}

/// `None` for what says that the other side cannot be used now.
fn kind(code: Code) -> Option<ErrorKind> {
    match code {
        Code::InvalidArgument => Some(ErrorKind::InvalidArgument),
        Code::NotFound => Some(ErrorKind::NotFound),
        Code::AlreadyExists => Some(ErrorKind::AlreadyExists),
        Code::FailedPrecondition => Some(ErrorKind::FailedPrecondition),
        Code::PermissionDenied => Some(ErrorKind::PermissionDenied),
        Code::Aborted => Some(ErrorKind::Aborted),
        Code::ResourceExhausted => Some(ErrorKind::ResourceExhausted),
        Code::DeadlineExceeded => Some(ErrorKind::DeadlineExceeded),
        _ => None,
    }
}
