//! Failures over HTTP: the status line, and the body that AIP-193 describes.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use mesh_proto::google::rpc;
use mesh_rpc::code_name;
use mesh_types::{Fault, Reason};
use prost::Message;
use prost_reflect::DynamicMessage;
use serde_json::{Value as Json, json};
use tonic::{Code, body::Body};

use super::{answer, messages::Failure};

/// A failure as it leaves over HTTP.
#[derive(Debug)]
pub(super) struct Refusal {
    /// Where the HTTP status says more than the code does.
    status: Option<StatusCode>,
    failure: Failure,
}

impl Refusal {
    pub(super) fn with_status(status: StatusCode, fault: Fault) -> Self {
        Self { status: Some(status), failure: fault.into() }
    }

    pub(super) fn code(&self) -> Code {
        self.failure.code
    }

    pub(super) fn respond(self) -> Response<Body> {
        let status = self.status.unwrap_or_else(|| status_of(&self.failure));
        let mut response = answer::json(status, Bytes::from(body(status, &self.failure).to_string()));
        let headers = response.headers_mut();
        if let Some(seconds) = retry_after(&self.failure) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self { status: None, failure }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Failure::from(fault).into()
    }
}

/// `{"error": …}` for a failure in the middle of a stream.
pub(super) fn event(failure: &Failure) -> Json {
    body(status_of(failure), failure)
}

fn body(status: StatusCode, failure: &Failure) -> Json {
    let error = json!({
        "code": status.as_u16(),
        "message": failure.message,
        "status": code_name(failure.code),
        "details": details(failure).iter().filter_map(detail).collect::<Vec<_>>(),
    });
    json!({ "error": error })
}

fn details(failure: &Failure) -> Vec<prost_types::Any> {
    rpc::Status::decode(failure.details.clone()).map(|status| status.details).unwrap_or_default()
}

/// A detail as JSON. Only the types that the contract names leave the house (no `DebugInfo`).
fn detail(any: &prost_types::Any) -> Option<Json> {
    let name = any.type_url.rsplit('/').next().filter(|name| name.starts_with("google.rpc."))?;
    let descriptor = mesh_proto::descriptors().get_message_by_name(name)?;
    let message = DynamicMessage::decode(descriptor, any.value.as_slice()).ok()?;
    let mut json = serde_json::to_value(&message).ok()?;
    json.as_object_mut()?.insert("@type".to_owned(), Json::String(any.type_url.clone()));
    Some(json)
}

/// When trying again may help, in whole seconds.
fn retry_after(failure: &Failure) -> Option<u64> {
    let details = details(failure);
    let any = details.iter().find(|any| any.type_url.ends_with("/google.rpc.RetryInfo"))?;
    let delay = rpc::RetryInfo::decode(any.value.as_slice()).ok()?.retry_delay?;
    let seconds = u64::try_from(delay.seconds).ok()?;
    Some((seconds + u64::from(delay.nanos > 0)).max(1))
}

/// The status of a failure. HTTP tells "too large" from "too often"; gRPC has one code for both.
fn status_of(failure: &Failure) -> StatusCode {
    let too_large = || {
        let details = details(failure);
        let info = details.iter().find(|any| any.type_url.ends_with("/google.rpc.ErrorInfo"));
        let info = info.and_then(|any| rpc::ErrorInfo::decode(any.value.as_slice()).ok());
        info.is_some_and(|info| info.reason == Reason::MessageTooLarge.as_str())
    };
    match failure.code {
        Code::ResourceExhausted if too_large() => StatusCode::PAYLOAD_TOO_LARGE,
        code => http_status(code),
    }
}

/// The usual table (`google.rpc.Code`).
pub(crate) fn http_status(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Cancelled => StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::Unknown | Code::Internal | Code::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mesh_types::{ErrorKind, Violation};

    use super::*;

    #[test]
    fn a_failure_is_told_with_its_details() {
        let failure = Failure::from(Fault::invalid(vec![Violation::new("task.title", "string.max_len", "too long")]));
        let error = &event(&failure)["error"];
        assert_eq!((&error["code"], &error["status"]), (&json!(400), &json!("INVALID_ARGUMENT")));
        let types: Vec<_> = error["details"].as_array().expect("a list").iter().map(|one| &one["@type"]).collect();
        assert!(types.contains(&&json!("type.googleapis.com/google.rpc.ErrorInfo")), "{types:?}");
        assert!(types.contains(&&json!("type.googleapis.com/google.rpc.BadRequest")), "{types:?}");
    }

    #[test]
    fn when_to_try_again_is_a_header() {
        let mut fault = Fault::new(ErrorKind::ResourceExhausted, Reason::RateLimited, "slower");
        fault.retry_after = Some(Duration::from_millis(1200));
        let response = Refusal::from(fault).respond();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()[header::RETRY_AFTER], "2");
    }

    #[test]
    fn too_large_is_told_from_too_often() {
        let of = |reason| Refusal::from(Fault::new(ErrorKind::ResourceExhausted, reason, "no")).respond().status();
        assert_eq!(of(Reason::MessageTooLarge), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(of(Reason::QuotaExceeded), StatusCode::TOO_MANY_REQUESTS);
    }

    #[test]
    fn details_of_other_types_stay_in_the_house() {
        let debug = prost_types::Any { type_url: "type.googleapis.com/google.rpc.DebugInfo".to_owned(), value: vec![] };
        let status = rpc::Status { code: 13, message: String::new(), details: vec![debug] };
        let failure = Failure { code: Code::Internal, message: String::new(), details: status.encode_to_vec().into() };
        assert_eq!(event(&failure)["error"]["details"], json!([]));
    }
}
