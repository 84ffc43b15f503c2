//! Why a rule says no.

use mesh_types::{ErrorKind, Etag, Fault, Reason, TaskId, Violation};
use uuid::Uuid;

use super::Status;

/// Every way in which the rules of tasks refuse a change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TaskError {
    /// It is in the bin, where only `undelete` changes it.
    #[error("the task is deleted; undelete it first")]
    Deleted(TaskId),
    /// Its status does not lead there.
    #[error("a task cannot go from {} to {}; reopen it first", from.as_str(), to.as_str())]
    StepRefused {
        /// Where it stands.
        from: Status,
        /// Where it was to go.
        to: Status,
    },
    /// Somebody has changed it since it was read.
    #[error("the task has changed since this etag was read")]
    EtagStale {
        /// Which task.
        id: TaskId,
        /// The etag it has now.
        current: Etag,
    },
    /// `schedule_id` and `occurrence` are not for people to write.
    #[error("schedule_id and occurrence are written by services only")]
    ServicesOnly,
    /// There is no such list in the workspace.
    #[error("no such list")]
    ListNotFound(Uuid),
    /// There is no such task in the workspace.
    #[error("no such parent task")]
    ParentNotFound(TaskId),
    /// A task was to be a part of itself.
    #[error("a task cannot be a part of itself")]
    ParentIsItself,
    /// A task was to be a part of one of its parts.
    #[error("a task cannot be a part of one of its own parts")]
    ParentIsDescendant,
    /// Parts of parts of parts.
    #[error("tasks nest at most {max_depth} deep")]
    TooDeep {
        /// How deep they may nest.
        max_depth: usize,
    },
    /// There is, or was, a task that is this occurrence.
    #[error("this occurrence of the schedule has its task already")]
    OccurrenceTaken(TaskId),
}

impl TaskError {
    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Deleted(_) | Self::StepRefused { .. } => ErrorKind::FailedPrecondition,
            Self::EtagStale { .. } => ErrorKind::Aborted,
            Self::ServicesOnly => ErrorKind::PermissionDenied,
            Self::ListNotFound(_) | Self::ParentNotFound(_) => ErrorKind::NotFound,
            Self::ParentIsItself | Self::ParentIsDescendant | Self::TooDeep { .. } => ErrorKind::InvalidArgument,
            Self::OccurrenceTaken(_) => ErrorKind::AlreadyExists,
        }
    }

    fn reason(&self) -> Reason {
        match self {
            Self::Deleted(_) => Reason::ResourceDeleted,
            Self::StepRefused { .. } => Reason::StateInvalid,
            Self::EtagStale { .. } => Reason::EtagMismatch,
            Self::ServicesOnly => Reason::RoleInsufficient,
            Self::ListNotFound(_) | Self::ParentNotFound(_) => Reason::ResourceNotFound,
            Self::ParentIsItself | Self::ParentIsDescendant | Self::TooDeep { .. } => Reason::FieldsInvalid,
            Self::OccurrenceTaken(_) => Reason::ResourceExists,
        }
    }

    /// The field that is wrong and the rule it breaks, where it is one.
    fn violated(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::ListNotFound(_) => Some(("task.list_id", "reference.exists")),
            Self::ParentNotFound(_) => Some(("task.parent_id", "reference.exists")),
            Self::ParentIsItself | Self::ParentIsDescendant => Some(("task.parent_id", "tree.no_cycle")),
            Self::TooDeep { .. } => Some(("task.parent_id", "tree.max_depth")),
            _ => None,
        }
    }
}

impl From<TaskError> for Fault {
    fn from(error: TaskError) -> Self {
        let message = error.to_string();
        let mut fault = Self::new(error.kind(), error.reason(), message.clone());
        if let Some((field, rule)) = error.violated() {
            fault.violations.push(Violation::new(field, rule, message));
        }
        match error {
            TaskError::Deleted(id) | TaskError::ParentNotFound(id) => fault.about("task", id),
            TaskError::OccurrenceTaken(id) => fault.about("task", id).with("task_id", id),
            TaskError::ListNotFound(id) => fault.about("list", id),
            TaskError::EtagStale { id, current } => fault.about("task", id).with("etag", current),
            TaskError::StepRefused { from, to } => fault.with("from", from.as_str()).with("to", to.as_str()),
            _ => fault,
        }
    }
}
