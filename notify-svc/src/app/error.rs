//! Why a use case did not come to its end.

use mesh_types::{ErrorKind, Fault};

use crate::{domain::NotifyError, store};

/// Every way in which a use case fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A rule of the domain says no.
    #[error(transparent)]
    Rule(#[from] NotifyError),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The caller may not, or asked for something that cannot be.
    #[error(transparent)]
    Refused(#[from] Fault),
}

impl Error {
    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Rule(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::Refused(fault) => fault.kind,
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::Rule(error) => error.into(),
            Error::Store(error) => error.into(),
            Error::Refused(fault) => fault,
        }
    }
}
