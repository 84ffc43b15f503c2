//! Why a rule of schedules says no.

use mesh_recurrence::{Nominal, RuleError};
use mesh_types::{ErrorKind, Etag, Fault, Reason, TaskId, Violation};
use uuid::Uuid;

/// Every way in which the rules of schedules refuse a change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// It is in the bin.
    #[error("the schedule is deleted")]
    Deleted(Uuid),
    /// It plans nothing any more.
    #[error("the schedule has ended")]
    Ended(Uuid),
    /// Somebody has changed it since it was read.
    #[error("the schedule has changed since this etag was read")]
    EtagStale {
        /// Which schedule.
        id: Uuid,
        /// The etag it has now.
        current: Etag,
    },
    /// There is no such task in the workspace of the schedule.
    #[error("no such task in this workspace")]
    TaskElsewhere(TaskId),
    /// The task is in the bin.
    #[error("the task is deleted; undelete it first")]
    TaskDeleted(TaskId),
    /// The task is completed or cancelled.
    #[error("the task is closed; reopen it first")]
    TaskClosed(TaskId),
    /// The task is an occurrence of a schedule that goes on.
    #[error("the task belongs to another schedule that has not ended")]
    TaskScheduled {
        /// The task.
        task: TaskId,
        /// The schedule.
        schedule: Uuid,
    },
    /// The rules are not rules.
    #[error("{0}")]
    Rule(RuleError),
    /// The rules count from a start that moves.
    #[error("COUNT starts anew with every completion, so it never ends the series; use policies.end_count")]
    CountFromCompletion,
    /// Counted from completion, nothing is known of what comes next until the open task is closed.
    #[error("goes with SCHEDULE_ADVANCE_FROM_DUE only: counted from completion, one task is open at a time")]
    AheadFromCompletion,
    /// Policies that do not go together.
    #[error("does not go with the other policies")]
    PoliciesClash,
    /// The occurrence was closed or missed.
    #[error("the occurrence is over already")]
    OccurrenceOver {
        /// The schedule.
        id: Uuid,
        /// Which one.
        occurrence: Nominal,
    },
    /// The task of the occurrence is just being made.
    #[error("the task of an occurrence is just being made; try again")]
    OccurrenceInTheMaking(Uuid),
    /// The rules do not give it, or not any more.
    #[error("is no occurrence of this schedule that is still to come")]
    NoSuchOccurrence(Nominal),
    /// Nothing is open, and nothing is known to come.
    #[error("no occurrence is open, and none is known to come")]
    NothingToCome(Uuid),
    /// There is nothing to make tasks from.
    #[error("is needed: there is no task to copy it from")]
    TitleMissing,
    /// The rules give nothing.
    #[error("the rules give no occurrence from this start on")]
    NeverFires,
    /// The rules give nothing that can be found with bounded work.
    #[error("the rules give no occurrence that can be found in reasonable time")]
    TooHard,
    /// The series is over before it begins.
    #[error("is before the start")]
    EndBeforeStart,
    /// There is nothing to start at.
    #[error("is needed: the task has no due time to start at")]
    StartMissing,
    /// The start is at the edge of the calendar.
    #[error("must be well within the calendar")]
    StartUnplaceable,
    /// A wall time means nothing without a zone.
    #[error("is needed: neither the task nor the caller has one")]
    ZoneMissing,
    /// What was accepted once cannot be read any more.
    #[error("the rules of a schedule cannot be read any more")]
    Unreadable(Uuid),
}

impl ScheduleError {
    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Deleted(_)
            | Self::Ended(_)
            | Self::TaskDeleted(_)
            | Self::TaskClosed(_)
            | Self::TaskScheduled { .. }
            | Self::OccurrenceOver { .. }
            | Self::NothingToCome(_) => ErrorKind::FailedPrecondition,
            Self::EtagStale { .. } | Self::OccurrenceInTheMaking(_) => ErrorKind::Aborted,
            Self::TaskElsewhere(_) => ErrorKind::NotFound,
            Self::Unreadable(_) => ErrorKind::Internal,
            _ => ErrorKind::InvalidArgument,
        }
    }

    fn reason(&self) -> Reason {
        match self {
            Self::Deleted(_) | Self::TaskDeleted(_) => Reason::ResourceDeleted,
            Self::Ended(_)
            | Self::TaskClosed(_)
            | Self::TaskScheduled { .. }
            | Self::OccurrenceOver { .. }
            | Self::NothingToCome(_) => Reason::StateInvalid,
            Self::OccurrenceInTheMaking(_) => Reason::WriteConflict,
            Self::EtagStale { .. } => Reason::EtagMismatch,
            Self::TaskElsewhere(_) => Reason::ResourceNotFound,
            Self::Unreadable(_) => Reason::Internal,
            _ => Reason::FieldsInvalid,
        }
    }

    /// What is not known is nothing, where it is only told. Other errors stay.
    pub(super) fn unless_too_hard<T>(self) -> Result<Option<T>, Self> {
        if self == Self::TooHard { Ok(None) } else { Err(self) }
    }

    /// The field of a schedule that is wrong and the rule it breaks, where it is one.
    fn violated(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::TaskElsewhere(_) => Some(("task_id", "reference.exists")),
            Self::Rule(_) => Some(("rrule", "rrule.valid")),
            Self::CountFromCompletion => Some(("rrule", "rrule.no_count_from_completion")),
            Self::AheadFromCompletion => Some(("policies.generation", "not_from_completion")),
            Self::PoliciesClash => Some(("policies", "policies.fit")),
            Self::TitleMissing => Some(("template.title", "required")),
            Self::NeverFires => Some(("rrule", "rrule.fires")),
            Self::TooHard => Some(("rrule", "rrule.bounded")),
            Self::EndBeforeStart => Some(("policies.end_date", "not_before_start")),
            Self::StartMissing => Some(("start", "required")),
            Self::StartUnplaceable => Some(("start", "range")),
            Self::ZoneMissing => Some(("time_zone", "required")),
            _ => None,
        }
    }

    /// What the caller is told, where the request holds the fields of a schedule at `path` (`schedule.`, or nothing).
    pub fn told(self, path: &str) -> Fault {
        match self {
            // What was stored and cannot be read is a fault of ours.
            Self::Unreadable(id) => Fault::internal().about("schedule", id),
            error => told(error, path),
        }
    }
}

impl From<ScheduleError> for Fault {
    fn from(error: ScheduleError) -> Self {
        error.told("schedule.")
    }
}

fn told(error: ScheduleError, path: &str) -> Fault {
    let message = error.to_string();
    let fault = match error.violated() {
        // Beside the schedule's own fields, not among them.
        None if matches!(error, ScheduleError::NoSuchOccurrence(_)) => {
            Fault::invalid(vec![Violation::new("occurrence", "occurrence.exists", message)])
        }
        Some((field, rule)) => {
            let invalid = Fault::invalid(vec![Violation::new(format!("{path}{field}"), rule, message)]);
            Fault { kind: error.kind(), reason: error.reason(), ..invalid }
        }
        None => Fault::new(error.kind(), error.reason(), message),
    };
    match error {
        ScheduleError::Deleted(id) | ScheduleError::Ended(id) | ScheduleError::NothingToCome(id) => {
            fault.about("schedule", id)
        }
        ScheduleError::OccurrenceInTheMaking(id) => fault.about("schedule", id),
        ScheduleError::OccurrenceOver { id, occurrence } => fault.about("schedule", id).with("occurrence", occurrence),
        ScheduleError::EtagStale { id, current } => fault.about("schedule", id).with("etag", current),
        ScheduleError::TaskElsewhere(id) | ScheduleError::TaskDeleted(id) | ScheduleError::TaskClosed(id) => {
            fault.about("task", id)
        }
        ScheduleError::TaskScheduled { task, schedule } => fault.about("task", task).with("schedule_id", schedule),
        ScheduleError::Rule(error) => fault.with("position", error.position),
        _ => fault,
    }
}
