//! Why a watcher is told nothing more, and how it learns of that.

use std::time::Duration;

use mesh_types::{ErrorKind, Fault, Reason};

/// Why a watcher is told nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Something was missed: it has to list again.
    Resync,
    /// It did not take what was there for it.
    TooSlow,
}

impl From<Ended> for Fault {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Resync => {
                let message = "the stream cannot go on from there; list again and watch anew";
                Self::new(ErrorKind::OutOfRange, Reason::ResyncRequired, message)
            }
            Ended::TooSlow => {
                let message = "changes came faster than they were read; resume with the last token";
                let mut fault = Self::new(ErrorKind::ResourceExhausted, Reason::RateLimited, message);
                fault.retry_after = Some(Duration::from_secs(1));
                fault
            }
        }
    }
}
