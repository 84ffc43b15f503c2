//! Statuses that are not ours, because tonic or a library made them, are put in our words: every error that leaves
//! carries `ErrorInfo`, and none tells of our insides.

use std::collections::HashMap;

use http::{HeaderMap, HeaderName, HeaderValue};
use mesh_types::{ErrorKind, Fault, Reason};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::{fault::DOMAIN, malformed, status};

const STATUS: HeaderName = Status::GRPC_STATUS;
const DETAILS: HeaderName = Status::GRPC_STATUS_DETAILS;
const MESSAGE: HeaderName = Status::GRPC_MESSAGE;

/// What is known of a call whose status is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Circumstances {
    /// Whether a handler took the request. What fails before that failed in decoding.
    pub(super) reached: bool,
    /// Whether the request came compressed.
    pub(super) compressed: bool,
}

/// The code in `headers` (or trailers), after an error that is not ours was put in our words. `None` if there is no
/// code.
pub(super) fn translate(headers: &mut HeaderMap, circumstances: Circumstances) -> Option<Code> {
    let code = Code::from_bytes(headers.get(STATUS)?.as_bytes());
    if code == Code::Ok || headers.contains_key(DETAILS) {
        return Some(code);
    }
    let text = headers.remove(MESSAGE).unwrap_or(HeaderValue::from_static(""));
    let ours = in_our_words(code, text.as_bytes(), circumstances);
    headers.remove(STATUS);
    write(&ours, headers);
    Some(ours.code())
}

/// Writes `status` as headers or trailers.
pub(super) fn write(status: &Status, headers: &mut HeaderMap) {
    if status.add_header(headers).is_err() {
        headers.insert(STATUS, HeaderValue::from_static("13"));
    }
}

fn in_our_words(code: Code, text: &[u8], circumstances: Circumstances) -> Status {
    let too_large = contains(text, b"too large") || contains(text, b"too%20large");
    let undecodable = contains(text, b"failed to decode Protobuf") || contains(text, b"failed%20to%20decode");
    match code {
        Code::OutOfRange | Code::ResourceExhausted if !circumstances.reached || too_large => message_too_large(),
        Code::Unimplemented if circumstances.compressed => unknown_compression(),
        Code::Unimplemented => status(method_unknown()),
        Code::Internal | Code::Unknown if !circumstances.reached || undecodable => malformed(),
        Code::Internal | Code::Unknown | Code::DataLoss => {
            tracing::error!(error.detail = %String::from_utf8_lossy(text), "call failed");
            status(Fault::internal())
        }
        Code::Cancelled => cancelled(),
        other => status(plain(other)),
    }
}

/// No such RPC.
pub(super) fn method_unknown() -> Fault {
    Fault::new(ErrorKind::Unimplemented, Reason::MethodUnknown, "there is no such RPC here")
}

/// The call's deadline passed.
pub(super) fn deadline_exceeded() -> Fault {
    let message = "the call took longer than its deadline allows";
    Fault::new(ErrorKind::DeadlineExceeded, Reason::DeadlineExceeded, message)
}

fn message_too_large() -> Status {
    let message = "the message is larger than 4 MiB";
    status(Fault::new(ErrorKind::ResourceExhausted, Reason::MessageTooLarge, message))
}

/// gRPC asks for UNIMPLEMENTED here; `grpc-accept-encoding`, which tonic has set, says what would do.
fn unknown_compression() -> Status {
    let message = "the message is compressed in a way that is not supported; send it as it is";
    status(Fault::new(ErrorKind::Unimplemented, Reason::Malformed, message))
}

/// The caller went away. There is no kind for it, because no service decides it.
fn cancelled() -> Status {
    let details = ErrorDetails::with_error_info(Reason::CallerCancelled.as_str(), DOMAIN, HashMap::new());
    Status::with_error_details(Code::Cancelled, "the caller cancelled the call", details)
}

/// The error of this code when nothing more is known.
fn plain(code: Code) -> Fault {
    let (kind, reason, message) = match code {
        Code::InvalidArgument => (ErrorKind::InvalidArgument, Reason::FieldsInvalid, "the request is not valid"),
        Code::NotFound => (ErrorKind::NotFound, Reason::ResourceNotFound, "there is no such thing"),
        Code::AlreadyExists => (ErrorKind::AlreadyExists, Reason::ResourceExists, "there is such a thing already"),
        Code::PermissionDenied => (ErrorKind::PermissionDenied, Reason::RoleInsufficient, "the caller may not"),
        Code::FailedPrecondition => (ErrorKind::FailedPrecondition, Reason::StateInvalid, "not in this state"),
        Code::Aborted => (ErrorKind::Aborted, Reason::WriteConflict, "somebody else was faster; try again"),
        Code::OutOfRange => (ErrorKind::OutOfRange, Reason::ResyncRequired, "not within what can be served"),
        Code::ResourceExhausted => (ErrorKind::ResourceExhausted, Reason::RateLimited, "a limit was reached"),
        Code::Unauthenticated => (ErrorKind::Unauthenticated, Reason::TokenInvalid, "the token is not valid here"),
        Code::DeadlineExceeded => return deadline_exceeded(),
        Code::Unavailable => return Fault::unavailable(),
        _ => return Fault::internal(),
    };
    Fault::new(kind, reason, message)
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
