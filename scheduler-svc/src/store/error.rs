//! Why the store did not do what it was asked.

use mesh_store::{StoreError, request_ids::ClaimError};
use mesh_types::{ErrorKind, Fault, Reason};
use uuid::Uuid;

use crate::domain::{ReminderError, ScheduleError};

/// Every way in which a call of the store fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It does not exist, or not for this caller.
    #[error("no such {kind}")]
    NotFound {
        /// What kind of thing.
        kind: &'static str,
        /// Which one.
        id: Uuid,
    },
    /// The caller may not change it.
    #[error(transparent)]
    Forbidden(Fault),
    /// The row of a task that was about to be known was removed meanwhile. Look the task up again.
    #[error("the task's row is gone")]
    TaskForgotten,
    /// A rule of reminders says no.
    #[error(transparent)]
    Reminder(#[from] ReminderError),
    /// A rule of schedules says no.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
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
            Self::TaskForgotten => ErrorKind::Aborted,
            Self::Reminder(error) => error.kind(),
            Self::Schedule(error) => error.kind(),
            Self::Request(ClaimError::Reused) => ErrorKind::InvalidArgument,
            Self::Request(ClaimError::InFlight) => ErrorKind::Aborted,
            Self::Request(ClaimError::Store(error)) | Self::Database(error) => error.kind(),
        }
    }
}

impl Error {
    /// Whether it comes from what is stored, or was to be: other rows may fare better, and trying again will not help.
    pub fn blames_data(&self) -> bool {
        use StoreError::{Conflict, Corrupt, Rejected};
        matches!(self, Self::Schedule(_) | Self::Database(Conflict { .. } | Corrupt(_) | Rejected(_)))
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound { kind, id } => Self::not_found(kind, id),
            Error::Forbidden(fault) => fault,
            Error::TaskForgotten => {
                let message = "another call about the same task was faster; try again";
                Self::new(ErrorKind::Aborted, Reason::WriteConflict, message)
            }
            Error::Reminder(error) => error.into(),
            Error::Schedule(error) => error.into(),
            Error::Request(error) => error.into(),
            Error::Database(error) => error.into(),
        }
    }
}
