//! A call that failed, the same whatever face it went by.

use std::{collections::BTreeMap, fmt};

use base64::{Engine, engine::general_purpose};
use http::HeaderMap;
use mesh_proto::google::rpc;
use prost::Message;
use serde_json::Value;
use tonic::{Code, Status};

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The gRPC code; REST names it in `error.status`.
    pub code: Code,
    /// The HTTP status, where the face has one of its own.
    pub http: Option<u16>,
    /// `ErrorInfo.reason`, or empty.
    pub reason: String,
    /// `ErrorInfo.domain`, or empty.
    pub domain: String,
    /// `ErrorInfo.metadata`.
    pub metadata: BTreeMap<String, String>,
    /// The fields that `BadRequest` names.
    pub fields: Vec<String>,
    /// The message for developers.
    pub message: String,
    /// Whether there was no proper answer at all: no connection, a cut stream, frames that make no sense.
    pub broken: bool,
}

impl Failure {
    /// No proper answer.
    pub fn broken(message: impl Into<String>) -> Self {
        Self::new(Code::Unavailable, message.into(), true)
    }

    fn new(code: Code, message: String, broken: bool) -> Self {
        let (http, reason, domain) = (None, String::new(), String::new());
        Self { code, http, reason, domain, metadata: BTreeMap::new(), fields: Vec::new(), message, broken }
    }

    /// Whether it is the caller's fault by the code, so that an unchanged repetition fails again.
    pub fn is_callers_fault(&self) -> bool {
        use Code::*;
        let codes = [InvalidArgument, NotFound, AlreadyExists, PermissionDenied, FailedPrecondition, Aborted];
        let more = [OutOfRange, Unauthenticated, ResourceExhausted, Unimplemented];
        !self.broken && (codes.contains(&self.code) || more.contains(&self.code))
    }

    /// Whether the same call may succeed later.
    pub fn is_passing(&self) -> bool {
        self.broken || [Code::Unavailable, Code::Aborted, Code::DeadlineExceeded].contains(&self.code)
    }

    /// From what tonic made of an answer.
    pub(super) fn from_status(status: &Status) -> Self {
        let no_answer = std::error::Error::source(status).is_some();
        let failure = Self::new(status.code(), status.message().to_owned(), no_answer);
        failure.with_details(status.details())
    }

    /// From `grpc-status` and its companions in trailers; `None` when they say that all is well.
    pub(super) fn from_trailers(trailers: &HeaderMap) -> Option<Self> {
        let text = |name: &str| trailers.get(name).and_then(|value| value.to_str().ok());
        let Some(code) = text("grpc-status") else {
            return Some(Self::broken("there is no grpc-status"));
        };
        if code == "0" {
            return None;
        }
        let message = percent_encoding::percent_decode_str(text("grpc-message").unwrap_or_default());
        let failure = Self::new(Code::from_bytes(code.as_bytes()), message.decode_utf8_lossy().into_owned(), false);
        let details = text("grpc-status-details-bin").unwrap_or_default().trim_end_matches('=');
        match general_purpose::STANDARD_NO_PAD.decode(details) {
            Ok(details) => Some(failure.with_details(&details)),
            Err(error) => Some(Self::broken(format!("grpc-status-details-bin: {error}"))),
        }
    }

    /// From the body of an AIP-193 error.
    pub(super) fn from_json(http: u16, body: &[u8]) -> Self {
        let parsed: Value = serde_json::from_slice(body).unwrap_or_default();
        let error = &parsed["error"];
        let (Some(status), Some(message)) = (error["status"].as_str(), error["message"].as_str()) else {
            let text = String::from_utf8_lossy(body);
            return Self { http: Some(http), ..Self::broken(format!("HTTP {http} without an error body: {text}")) };
        };
        let mut failure = Self::new(code_named(status), message.to_owned(), false);
        failure.http = Some(http);
        if error["code"] != http {
            return Self::broken(format!("HTTP {http} says code {}", error["code"]));
        }
        for detail in error["details"].as_array().into_iter().flatten() {
            failure.add_json_detail(detail);
        }
        failure
    }

    fn add_json_detail(&mut self, detail: &Value) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match text(&detail["@type"]).rsplit('/').next() {
            Some("google.rpc.ErrorInfo") => {
                self.reason = text(&detail["reason"]);
                self.domain = text(&detail["domain"]);
                let pairs = detail["metadata"].as_object().into_iter().flatten();
                self.metadata = pairs.map(|(name, value)| (name.clone(), text(value))).collect();
            }
            Some("google.rpc.BadRequest") => {
                let violations = detail["fieldViolations"].as_array().into_iter().flatten();
                self.fields = violations.map(|violation| text(&violation["field"])).collect();
            }
            _ => {}
        }
    }

    fn with_details(mut self, encoded: &[u8]) -> Self {
        let Ok(status) = rpc::Status::decode(encoded) else {
            return Self::broken("the details are no google.rpc.Status");
        };
        for detail in status.details {
            match detail.type_url.rsplit('/').next() {
                Some("google.rpc.ErrorInfo") => {
                    let info = rpc::ErrorInfo::decode(detail.value.as_ref()).unwrap_or_default();
                    (self.reason, self.domain) = (info.reason, info.domain);
                    self.metadata = info.metadata.into_iter().collect();
                }
                Some("google.rpc.BadRequest") => {
                    let request = rpc::BadRequest::decode(detail.value.as_ref()).unwrap_or_default();
                    self.fields = request.field_violations.into_iter().map(|violation| violation.field).collect();
                }
                _ => {}
            }
        }
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, formatter)
    }
}

impl std::error::Error for Failure {}

/// The code that REST calls by `name`, such as `NOT_FOUND`.
fn code_named(name: &str) -> Code {
    let codes = (0..=16).map(Code::from_i32);
    let spelled = |code: &Code| format!("{code:?}").to_uppercase() == name.replace('_', "");
    codes.into_iter().find(spelled).unwrap_or(Code::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_by_their_names() {
        assert_eq!(code_named("DEADLINE_EXCEEDED"), Code::DeadlineExceeded);
        assert_eq!(code_named("NOT_FOUND"), Code::NotFound);
        assert_eq!(code_named("nonsense"), Code::Unknown);
    }
}
