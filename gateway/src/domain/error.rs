//! Everything that can be wrong with accounts and tokens, and what a caller is told of it.

use std::time::Duration;

use mesh_types::{ApiTokenId, ErrorKind, Fault, Reason, Violation};

/// Why something about accounts or tokens was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// Fields break rules that the contract's annotations cannot express.
    Invalid(Vec<Violation>),
    /// This server takes no new accounts.
    SignUpClosed,
    /// There is an account with this address.
    EmailTaken,
    /// No such account, or another password: callers are not told which.
    CredentialsInvalid,
    /// Too many wrong passwords for this account from this address.
    TooManyAttempts {
        /// When the next attempt is let through.
        retry_after: Duration,
    },
    /// Too many passwords wait to be checked already.
    PasswordsBusy,
    /// A refresh token that was never issued, or whose session has ended.
    RefreshTokenInvalid,
    /// A refresh token that was exchanged before: its session ends, since one of two holders stole it.
    RefreshTokenReused,
    /// The session was not used for too long.
    SessionExpired,
    /// A bearer credential that is neither an access token of ours nor a living API token.
    CredentialUnknown,
    /// An API token past its `expire_time`.
    ApiTokenExpired,
    /// There is no such API token among the caller's.
    ApiTokenNotFound(ApiTokenId),
    /// A caller asks for a token that may do more than they may themselves.
    ScopeNotHeld {
        /// The scopes that the caller lacks.
        missing: Vec<&'static str>,
    },
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        use {ErrorKind as Kind, Reason as Why};
        match error {
            Error::Invalid(violations) => Self::invalid(violations),
            Error::SignUpClosed => {
                Self::new(Kind::FailedPrecondition, Why::StateInvalid, "this server takes no new accounts")
            }
            Error::EmailTaken => {
                Self::new(Kind::AlreadyExists, Why::ResourceExists, "there is an account with this e-mail address")
            }
            Error::CredentialsInvalid => {
                Self::new(Kind::Unauthenticated, Why::CredentialsInvalid, "the e-mail address or the password is wrong")
            }
            Error::TooManyAttempts { retry_after } => limited("too many attempts to sign in; wait", retry_after),
            Error::PasswordsBusy => limited("too many sign-ins at once; try again", Duration::from_secs(1)),
            Error::RefreshTokenInvalid => unauthenticated("the refresh token is not valid; sign in again"),
            Error::RefreshTokenReused => {
                unauthenticated("the refresh token was used before; its session has ended, sign in again")
            }
            Error::SessionExpired => {
                Self::new(Kind::Unauthenticated, Why::TokenExpired, "the session has expired; sign in again")
            }
            Error::CredentialUnknown => unauthenticated("the token is not valid"),
            Error::ApiTokenExpired => Self::new(Kind::Unauthenticated, Why::TokenExpired, "the API token has expired"),
            Error::ApiTokenNotFound(id) => Self::not_found("api_token", id),
            Error::ScopeNotHeld { missing } => {
                let message = "a token cannot be given scopes that its maker does not hold";
                Self::new(Kind::PermissionDenied, Why::ScopeMissing, message).with("missing", missing.join(" "))
            }
        }
    }
}

fn unauthenticated(message: &str) -> Fault {
    Fault::new(ErrorKind::Unauthenticated, Reason::TokenInvalid, message)
}

fn limited(message: &str, retry_after: Duration) -> Fault {
    let mut fault = Fault::new(ErrorKind::ResourceExhausted, Reason::RateLimited, message);
    fault.retry_after = Some(retry_after);
    fault
}
