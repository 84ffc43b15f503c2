//! Why a use case did not come to its end.

use mesh_store::StoreError;
use mesh_types::{ErrorKind, Fault};

use crate::{domain::ReminderError, store};

/// Every way in which a use case fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A rule of reminders says no.
    #[error(transparent)]
    Reminder(#[from] ReminderError),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The caller may not, asked for something that cannot be, or another service says no.
    #[error(transparent)]
    Refused(#[from] Fault),
}

impl Error {
    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Reminder(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::Refused(fault) => fault.kind,
        }
    }
}

impl Error {
    /// The failure of the database that it is, if it is one.
    ///
    /// # Errors
    /// The same error, when it is another one.
    pub fn into_database(self) -> Result<StoreError, Self> {
        match self {
            Self::Store(store::Error::Database(error)) => Ok(error),
            other => Err(other),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::Reminder(error) => error.into(),
            Error::Store(error) => error.into(),
            Error::Refused(fault) => fault,
        }
    }
}
