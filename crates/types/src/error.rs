//! Why a call fails: a closed set of kinds and reasons, turned into a gRPC status in one place (`crates/rpc`).

use std::{fmt, time::Duration};

/// What kind of failure it is. Each maps to one gRPC code; consumers use the same kind to retry or to set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The request itself is wrong.
    InvalidArgument,
    /// There is no such thing, or it is not the caller's.
    NotFound,
    /// There is such a thing already.
    AlreadyExists,
    /// The state of things does not allow it.
    FailedPrecondition,
    /// The caller may not.
    PermissionDenied,
    /// It is not known who calls.
    Unauthenticated,
    /// Somebody else was faster.
    Aborted,
    /// A position lies outside of what can be served.
    OutOfRange,
    /// A limit was reached.
    ResourceExhausted,
    /// A part that is needed cannot be reached; trying again may help.
    Unavailable,
    /// Time ran out.
    DeadlineExceeded,
    /// There is no such operation.
    Unimplemented,
    /// A fault of ours.
    Internal,
}

macro_rules! reasons {
    ($($name:ident = $text:literal,)*) => {
        /// Why a call failed, for programs. `taskmesh.api.v1.ErrorReason` documents each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "documented in the contract, enum ErrorReason")]
        pub enum Reason { $($name,)* }

        impl Reason {
            /// Every reason there is.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The reason as `ErrorInfo.reason` carries it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

reasons! {
    FieldsInvalid = "FIELDS_INVALID",
    Malformed = "MALFORMED",
    PageTokenInvalid = "PAGE_TOKEN_INVALID",
    FilterInvalid = "FILTER_INVALID",
    OrderByInvalid = "ORDER_BY_INVALID",
    UpdateMaskInvalid = "UPDATE_MASK_INVALID",
    RequestIdReused = "REQUEST_ID_REUSED",
    ResumeTokenInvalid = "RESUME_TOKEN_INVALID",
    RequestInFlight = "REQUEST_IN_FLIGHT",
    EtagMismatch = "ETAG_MISMATCH",
    WriteConflict = "WRITE_CONFLICT",
    ResourceNotFound = "RESOURCE_NOT_FOUND",
    ResourceExists = "RESOURCE_EXISTS",
    ResourceDeleted = "RESOURCE_DELETED",
    StateInvalid = "STATE_INVALID",
    TokenMissing = "TOKEN_MISSING",
    TokenInvalid = "TOKEN_INVALID",
    TokenExpired = "TOKEN_EXPIRED",
    CredentialsInvalid = "CREDENTIALS_INVALID",
    SecondFactorRequired = "SECOND_FACTOR_REQUIRED",
    ScopeMissing = "SCOPE_MISSING",
    RoleInsufficient = "ROLE_INSUFFICIENT",
    ResyncRequired = "RESYNC_REQUIRED",
    RateLimited = "RATE_LIMITED",
    MessageTooLarge = "MESSAGE_TOO_LARGE",
    QuotaExceeded = "QUOTA_EXCEEDED",
    DependencyUnavailable = "DEPENDENCY_UNAVAILABLE",
    DeadlineExceeded = "DEADLINE_EXCEEDED",
    MethodUnknown = "METHOD_UNKNOWN",
    Internal = "INTERNAL",
    CallerCancelled = "CALLER_CANCELLED",
    Overloaded = "OVERLOADED",
    SessionRequired = "SESSION_REQUIRED",
    CsrfRejected = "CSRF_REJECTED",
}

/// One field of a request and the rule it breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The field's path in the request, such as `task.title`.
    pub field: String,
    /// What is wrong, for developers.
    pub description: String,
    /// The rule, such as `string.max_len`.
    pub rule: String,
}

impl Violation {
    /// A violation of `rule` by `field`.
    pub fn new(field: impl Into<String>, rule: impl Into<String>, description: impl Into<String>) -> Self {
        Self { field: field.into(), description: description.into(), rule: rule.into() }
    }
}

/// What an error is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its type, such as `task`.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
}

/// A failure as the caller learns of it. What the operator needs beyond that is logged where it is handled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// Why, for programs.
    pub reason: Reason,
    /// Why, for developers: English, without a word about our insides.
    pub message: String,
    /// Which fields of the request were wrong.
    pub violations: Vec<Violation>,
    /// The dynamic parts of the message, by name.
    pub metadata: Vec<(&'static str, String)>,
    /// What it is about.
    pub resource: Option<Resource>,
    /// When trying again may help.
    pub retry_after: Option<Duration>,
}

impl Fault {
    /// A failure of this kind for this reason.
    pub fn new(kind: ErrorKind, reason: Reason, message: impl Into<String>) -> Self {
        Self {
            kind,
            reason,
            message: message.into(),
            violations: Vec::new(),
            metadata: Vec::new(),
            resource: None,
            retry_after: None,
        }
    }

    /// NOT_FOUND: also what a caller learns of things that are not theirs.
    pub fn not_found(kind: &'static str, id: impl fmt::Display) -> Self {
        let mut fault = Self::new(ErrorKind::NotFound, Reason::ResourceNotFound, format!("no such {kind}"));
        fault.resource = Some(Resource { kind, id: id.to_string() });
        fault
    }

    /// INVALID_ARGUMENT with every field that breaks a rule.
    pub fn invalid(violations: Vec<Violation>) -> Self {
        let fields: Vec<_> = violations.iter().map(|violation| violation.field.as_str()).collect();
        let message = format!("invalid fields: {}", fields.join(", "));
        Self { violations, ..Self::new(ErrorKind::InvalidArgument, Reason::FieldsInvalid, message) }
    }

    /// UNAVAILABLE: a part of the mesh cannot be reached.
    pub fn unavailable() -> Self {
        let message = "a part of the mesh cannot be reached; try again";
        let mut fault = Self::new(ErrorKind::Unavailable, Reason::DependencyUnavailable, message);
        fault.retry_after = Some(Duration::from_secs(1));
        fault
    }

    /// INTERNAL: a fault of ours, told without details.
    pub fn internal() -> Self {
        Self::new(ErrorKind::Internal, Reason::Internal, "internal error; the request id leads to it in the log")
    }

    /// The same failure with one more dynamic part.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.metadata.push((name, value.to_string()));
        self
    }

    /// The same failure, about this resource.
    #[must_use]
    pub fn about(mut self, kind: &'static str, id: impl fmt::Display) -> Self {
        self.resource = Some(Resource { kind, id: id.to_string() });
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.reason.as_str(), self.message)
    }
}

impl std::error::Error for Fault {}
