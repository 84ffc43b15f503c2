//! Why the store did not do what it was asked.

use mesh_store::{StoreError, request_ids::ClaimError};
use mesh_types::{ErrorKind, Fault, TaskId};

use crate::domain::TaskError;

/// Every way in which a call of the store fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The task does not exist, or not for this caller.
    #[error("no such task")]
    NotFound(TaskId),
    /// The caller may not change it.
    #[error(transparent)]
    Forbidden(Fault),
    /// A rule of the domain says no.
    #[error(transparent)]
    Task(#[from] TaskError),
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
            Self::NotFound(_) => ErrorKind::NotFound,
            Self::Forbidden(fault) => fault.kind,
            Self::Task(error) => error.kind(),
            Self::Request(ClaimError::Reused) => ErrorKind::InvalidArgument,
            Self::Request(ClaimError::InFlight) => ErrorKind::Aborted,
            Self::Request(ClaimError::Store(error)) | Self::Database(error) => error.kind(),
        }
    }
}

impl Error {
    /// Whether the database failed, so that nothing can be said of the request.
    pub(super) fn is_of_database(&self) -> bool {
        matches!(self, Self::Database(_) | Self::Request(ClaimError::Store(_)))
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound(id) => Self::not_found("task", id),
            Error::Forbidden(fault) => fault,
            Error::Task(error) => error.into(),
            Error::Request(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}
