//! Why the store did not do what it was asked.

use mesh_store::{StoreError, request_ids::ClaimError};
use mesh_types::{ErrorKind, Fault};
use uuid::Uuid;

use crate::domain::NotifyError;

/// Every way in which a call of the store fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It does not exist, or not for this caller.
    #[error("no such {kind}")]
    NotFound {
        /// What it is, such as `notification`.
        kind: &'static str,
        /// Which one.
        id: Uuid,
    },
    /// The caller may not change it.
    #[error(transparent)]
    Forbidden(Fault),
    /// A rule of the domain says no.
    #[error(transparent)]
    Rule(#[from] NotifyError),
    /// The request id cannot be taken.
    #[error(transparent)]
    Request(#[from] ClaimError),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] StoreError),
}

impl Error {
    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound { .. } => ErrorKind::NotFound,
            Self::Forbidden(fault) => fault.kind,
            Self::Rule(error) => error.kind(),
            Self::Request(ClaimError::Reused) => ErrorKind::InvalidArgument,
            Self::Request(ClaimError::InFlight) => ErrorKind::Aborted,
            Self::Request(ClaimError::Store(error)) | Self::Database(error) => error.kind(),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound { kind, id } => Self::not_found(kind, id),
            Error::Forbidden(fault) => fault,
            Error::Rule(error) => error.into(),
            Error::Request(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}
