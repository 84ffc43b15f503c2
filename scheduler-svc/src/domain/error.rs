//! Why a rule of reminders says no.

use mesh_types::{ErrorKind, Etag, Fault, Reason, TaskId, Violation};
use uuid::Uuid;

use super::{Reminder, State};

/// Every way in which the rules of reminders refuse a change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReminderError {
    /// It is in the bin.
    #[error("the reminder is deleted")]
    Deleted(Uuid),
    /// Where it stands does not lead there.
    #[error("a reminder cannot go from {} to {}", from.as_str(), to.as_str())]
    StepRefused {
        /// Where it stands.
        from: State,
        /// Where it was to go.
        to: State,
    },
    /// Somebody has changed it since it was read.
    #[error("the reminder has changed since this etag was read")]
    EtagStale {
        /// Which reminder.
        id: Uuid,
        /// The etag it has now.
        current: Etag,
    },
    /// There is nothing left to be reminded of.
    #[error("the task is completed, cancelled or deleted")]
    TaskOver(TaskId),
    /// It would not say when.
    #[error("an offset or an instant is needed")]
    TimeMissing,
    /// An anchor is what an offset is counted from.
    #[error("goes with an offset")]
    AnchorAlone,
    /// Nobody needs that many.
    #[error("a person has at most {} reminders of a task", Reminder::PER_TASK)]
    TooMany,
}

impl ReminderError {
    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Deleted(_) | Self::StepRefused { .. } | Self::TaskOver(_) => ErrorKind::FailedPrecondition,
            Self::EtagStale { .. } => ErrorKind::Aborted,
            Self::TimeMissing | Self::AnchorAlone => ErrorKind::InvalidArgument,
            Self::TooMany => ErrorKind::ResourceExhausted,
        }
    }

    fn reason(&self) -> Reason {
        match self {
            Self::Deleted(_) => Reason::ResourceDeleted,
            Self::StepRefused { .. } | Self::TaskOver(_) => Reason::StateInvalid,
            Self::EtagStale { .. } => Reason::EtagMismatch,
            Self::TimeMissing | Self::AnchorAlone => Reason::FieldsInvalid,
            Self::TooMany => Reason::QuotaExceeded,
        }
    }
}

impl From<ReminderError> for Fault {
    fn from(error: ReminderError) -> Self {
        let message = error.to_string();
        let mut fault = Self::new(error.kind(), error.reason(), message.clone());
        match error {
            ReminderError::Deleted(id) => fault.about("reminder", id),
            ReminderError::EtagStale { id, current } => fault.about("reminder", id).with("etag", current),
            ReminderError::TaskOver(id) => fault.about("task", id),
            ReminderError::StepRefused { from, to } => fault.with("from", from.as_str()).with("to", to.as_str()),
            ReminderError::TimeMissing => {
                fault.violations.push(Violation::new("reminder.offset", "required", message));
                fault
            }
            ReminderError::AnchorAlone => {
                fault.violations.push(Violation::new("reminder.anchor", "reminder.anchor_with_offset", message));
                fault
            }
            ReminderError::TooMany => fault.with("limit", Reminder::PER_TASK),
        }
    }
}
