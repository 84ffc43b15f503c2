//! A failure becomes a gRPC status here, and nowhere else.

use std::error::Error;

use mesh_types::{ErrorKind, Fault, Reason};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// `ErrorInfo.domain` of every error of ours.
pub(crate) const DOMAIN: &str = "taskmesh";

/// How much of a message is told. Clients take 8 to 16 KiB of headers, and an error is all headers.
const MESSAGE_CHARS: usize = 512;
/// How much of all violations together is told, in bytes.
const VIOLATIONS_BYTES: usize = 3_000;

/// The status that tells the caller of `fault`: its code, message and `google.rpc` details.
pub fn status(fault: Fault) -> Status {
    let mut details = ErrorDetails::new();
    let omitted = describe_violations(&mut details, &fault);
    let mut metadata: std::collections::HashMap<String, String> =
        fault.metadata.iter().map(|(name, value)| ((*name).to_owned(), shortened(value, MESSAGE_CHARS))).collect();
    if omitted > 0 {
        metadata.insert("omitted_violations".to_owned(), omitted.to_string());
    }
    details.set_error_info(fault.reason.as_str(), DOMAIN, metadata);
    if let Some(resource) = &fault.resource {
        details.set_resource_info(resource.kind, shortened(&resource.id, MESSAGE_CHARS), "", "");
    }
    if fault.retry_after.is_some() {
        details.set_retry_info(fault.retry_after);
    }
    Status::with_error_details(code(fault.kind), shortened(&fault.message, MESSAGE_CHARS), details)
}

/// The status that tells the caller of `error`. What the caller is not told, because it is our fault or that of
/// something we need, is logged here, once.
pub fn status_of<E: Error + Into<Fault>>(error: E) -> Status {
    let detail = chain(&error);
    let fault = error.into();
    match fault.kind {
        ErrorKind::Internal => tracing::error!(error.detail = detail, "call failed"),
        ErrorKind::Unavailable => tracing::warn!(error.detail = detail, "call failed for want of a dependency"),
        _ => {}
    }
    status(fault)
}

/// INVALID_ARGUMENT (`MALFORMED`): the message could not be decoded. For errors of a client stream's messages too.
pub fn malformed() -> Status {
    let message = "the request is not a well-formed message of this RPC";
    status(Fault::new(ErrorKind::InvalidArgument, Reason::Malformed, message))
}

/// Adds the violations that fit, and returns how many do not.
fn describe_violations(details: &mut ErrorDetails, fault: &Fault) -> usize {
    let mut room = VIOLATIONS_BYTES;
    for (told, violation) in fault.violations.iter().enumerate() {
        let field = shortened(&violation.field, 256);
        let description = shortened(&violation.description, 256);
        match room.checked_sub(field.len() + description.len() + 8) {
            Some(left) => room = left,
            None => return fault.violations.len() - told,
        }
        details.add_bad_request_violation(field, description);
    }
    0
}

/// The first `chars` characters of `text`.
fn shortened(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The error and what caused it, as one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// The gRPC code of each kind.
fn code(kind: ErrorKind) -> Code {
    match kind {
        ErrorKind::InvalidArgument => Code::InvalidArgument,
        ErrorKind::NotFound => Code::NotFound,
        ErrorKind::AlreadyExists => Code::AlreadyExists,
        ErrorKind::FailedPrecondition => Code::FailedPrecondition,
        ErrorKind::PermissionDenied => Code::PermissionDenied,
        ErrorKind::Unauthenticated => Code::Unauthenticated,
        ErrorKind::Aborted => Code::Aborted,
        ErrorKind::OutOfRange => Code::OutOfRange,
        ErrorKind::ResourceExhausted => Code::ResourceExhausted,
        ErrorKind::Unavailable => Code::Unavailable,
        ErrorKind::DeadlineExceeded => Code::DeadlineExceeded,
        ErrorKind::Unimplemented => Code::Unimplemented,
        ErrorKind::Internal => Code::Internal,
    }
}

/// Whether the code speaks of the server and not of the call: what OpenTelemetry's conventions count as a server's error.
pub fn is_server_fault(code: Code) -> bool {
    use Code::{DataLoss, DeadlineExceeded, Internal, Unavailable, Unimplemented, Unknown};
    matches!(code, Unknown | DeadlineExceeded | Unimplemented | Internal | Unavailable | DataLoss)
}

/// The code's name, as gRPC writes it, and as JSON errors and metrics carry it.
pub fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
