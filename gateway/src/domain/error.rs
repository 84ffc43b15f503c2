//! Everything that can be wrong with accounts and tokens, and what a caller is told of it.

use std::time::Duration;

use mesh_types::{ApiTokenId, ErrorKind, Fault, Reason, Violation};
use uuid::Uuid;

/// Why something about accounts or tokens was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// Fields break rules that the contract's annotations cannot express.
    Invalid(Vec<Violation>),
    /// This server takes no new accounts.
    SignUpClosed,
    /// This server takes new accounts by invitation only.
    InvitationNeeded,
    /// A code that was never given out, or whose invitation is used, revoked, expired, or for another address.
    InvitationInvalid,
    /// There is no such invitation among the caller's.
    InvitationNotFound(Uuid),
    /// An invitation that was accepted cannot be taken back.
    InvitationAccepted,
    /// The caller has as many open invitations as one may have.
    TooManyInvitations {
        /// How many that is.
        most: u64,
    },
    /// Another issuer's token does not say that it has verified an e-mail address, which a new account needs.
    EmailNotVerified,
    /// Somebody comes by another issuer whose address belongs to an account that does not. It is not given to them: whoever
    /// controls the issuer would control the account.
    EmailOfAnother,
    /// There is an account with this address.
    EmailTaken,
    /// No such account, or another password: callers are not told which.
    CredentialsInvalid,
    /// The password given as the current one is not.
    PasswordWrong,
    /// The password was changed while this change of it was under way.
    PasswordJustChanged,
    /// Too many wrong passwords for this account from this address, or too many failed attempts from its network.
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
    /// The session was ended.
    SessionEnded,
    /// The session was not used for too long.
    SessionExpired,
    /// Somebody who is not signed in, but has a token, asks for what only people may do.
    SessionRequired,
    /// The account has changed since the etag was read.
    EtagStale {
        /// The etag it has now.
        current: String,
    },
    /// An update mask names what cannot be written.
    MaskInvalid(Vec<Violation>),
    /// Cookies are asked for, or sent, by a page that is not this server's and of no allowed origin.
    ForeignPage,
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
        match error {
            Error::Invalid(violations) => Self::invalid(violations),
            Error::SignUpClosed => state("this server takes no new accounts"),
            Error::InvitationNeeded => state("this server takes new accounts by invitation only: send invitation_code"),
            Error::InvitationInvalid => {
                state("the invitation is not valid: it is used, revoked, expired, or for another address")
            }
            Error::InvitationNotFound(id) => Self::not_found("invitation", id),
            Error::InvitationAccepted => state("somebody has signed up with this invitation already"),
            Error::TooManyInvitations { most } => {
                let message = format!("{most} invitations are open already; wait until some are used, or revoke some");
                Self::new(ErrorKind::ResourceExhausted, Reason::QuotaExceeded, message)
            }
            Error::EmailNotVerified => {
                state("the issuer of this token does not say that it has verified an e-mail address")
            }
            Error::EmailOfAnother => {
                let message =
                    "an account with this e-mail address signs in by password; it is not joined to this issuer's";
                Self::new(ErrorKind::FailedPrecondition, Reason::ResourceExists, message)
            }
            Error::EmailTaken => exists("there is an account with this e-mail address"),
            Error::CredentialsInvalid => credentials("the e-mail address or the password is wrong"),
            Error::PasswordWrong => credentials("the current password is wrong"),
            Error::PasswordJustChanged => {
                aborted(Reason::WriteConflict, "the password was changed meanwhile; try again")
            }
            Error::SessionRequired => {
                denied(Reason::SessionRequired, "only who is signed in may do this; an API token may not")
            }
            Error::EtagStale { current } => {
                aborted(Reason::EtagMismatch, "the account has changed since this etag was read").with("etag", current)
            }
            Error::MaskInvalid(violations) => mask(violations),
            Error::ForeignPage => {
                let message = "cookies are for pages of this server and of allowed origins only: send Origin";
                denied(Reason::CsrfRejected, message)
            }
            Error::TooManyAttempts { retry_after } => limited("too many failed attempts; wait", retry_after),
            Error::PasswordsBusy => limited("too many sign-ins at once; try again", Duration::from_secs(1)),
            Error::RefreshTokenInvalid => unauthenticated("the refresh token is not valid; sign in again"),
            Error::RefreshTokenReused => {
                unauthenticated("the refresh token was used before; its session has ended, sign in again")
            }
            Error::SessionEnded => unauthenticated("the session has ended; sign in again"),
            Error::SessionExpired => expired("the session has expired; sign in again"),
            Error::CredentialUnknown => unauthenticated("the token is not valid"),
            Error::ApiTokenExpired => expired("the API token has expired"),
            Error::ApiTokenNotFound(id) => Self::not_found("api_token", id),
            Error::ScopeNotHeld { missing } => {
                let message = "a token cannot be given scopes that its maker does not hold";
                denied(Reason::ScopeMissing, message).with("missing", missing.join(" "))
            }
        }
    }
}

fn state(message: &str) -> Fault {
    Fault::new(ErrorKind::FailedPrecondition, Reason::StateInvalid, message)
}

fn exists(message: &str) -> Fault {
    Fault::new(ErrorKind::AlreadyExists, Reason::ResourceExists, message)
}

fn aborted(reason: Reason, message: &str) -> Fault {
    Fault::new(ErrorKind::Aborted, reason, message)
}

fn denied(reason: Reason, message: &str) -> Fault {
    Fault::new(ErrorKind::PermissionDenied, reason, message)
}

fn credentials(message: &str) -> Fault {
    Fault::new(ErrorKind::Unauthenticated, Reason::CredentialsInvalid, message)
}

fn unauthenticated(message: &str) -> Fault {
    Fault::new(ErrorKind::Unauthenticated, Reason::TokenInvalid, message)
}

fn expired(message: &str) -> Fault {
    Fault::new(ErrorKind::Unauthenticated, Reason::TokenExpired, message)
}

fn limited(message: &str, retry_after: Duration) -> Fault {
    let mut fault = Fault::new(ErrorKind::ResourceExhausted, Reason::RateLimited, message);
    fault.retry_after = Some(retry_after);
    fault
}

fn mask(violations: Vec<Violation>) -> Fault {
    let message = "the update mask names fields that cannot be written";
    Fault { violations, ..Fault::new(ErrorKind::InvalidArgument, Reason::UpdateMaskInvalid, message) }
}
