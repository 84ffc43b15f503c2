//! Where a task stands, which way it may go from there, and how much it matters.

use super::{TaskError, Verb};

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Nobody has begun.
    NeedsAction,
    /// Somebody is at it.
    InProgress,
    /// Done.
    Completed,
    /// Will not be done.
    Cancelled,
}

impl Status {
    /// Whether there is still something to do.
    pub fn is_open(self) -> bool {
        matches!(self, Self::NeedsAction | Self::InProgress)
    }

    /// The verb of the step from here to `next`; `None` when that is here already.
    ///
    /// # Errors
    /// A closed task cannot be closed in the other way: it has to be reopened first.
    pub fn step_to(self, next: Self) -> Result<Option<Verb>, TaskError> {
        if self == next {
            return Ok(None);
        }
        match (self.is_open(), next) {
            (true, Self::Completed) => Ok(Some(Verb::Completed)),
            (true, Self::Cancelled) => Ok(Some(Verb::Cancelled)),
            (true, Self::NeedsAction | Self::InProgress) => Ok(Some(Verb::Updated)),
            (false, Self::NeedsAction | Self::InProgress) => Ok(Some(Verb::Reopened)),
            (false, Self::Completed | Self::Cancelled) => Err(TaskError::StepRefused { from: self, to: next }),
        }
    }

    const CODES: [(i16, Self); 4] =
        [(10, Self::NeedsAction), (20, Self::InProgress), (30, Self::Completed), (40, Self::Cancelled)];

    /// The number it is stored as.
    pub fn code(self) -> i16 {
        Self::CODES.iter().find(|(_, status)| *status == self).map_or(10, |(code, _)| *code)
    }

    /// The status with this number.
    pub fn coded(code: i16) -> Option<Self> {
        Self::CODES.iter().find(|(known, _)| *known == code).map(|(_, status)| *status)
    }

    /// The name that people and filters use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NeedsAction => "NEEDS_ACTION",
            Self::InProgress => "IN_PROGRESS",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// How much a task matters, least first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Nobody said.
    #[default]
    None,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Urgent.
    Urgent,
}

impl Priority {
    const RANKS: [(i16, Self); 5] =
        [(10, Self::None), (20, Self::Low), (30, Self::Medium), (40, Self::High), (50, Self::Urgent)];

    /// The number it sorts by and is stored as.
    pub fn rank(self) -> i16 {
        Self::RANKS.iter().find(|(_, priority)| *priority == self).map_or(10, |(rank, _)| *rank)
    }

    /// The priority with this number.
    pub fn ranked(rank: i16) -> Option<Self> {
        Self::RANKS.iter().find(|(known, _)| *known == rank).map(|(_, priority)| *priority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Status::{Cancelled, Completed, InProgress, NeedsAction};

    #[test]
    fn every_step_between_two_states_is_decided() {
        let table = [
            (NeedsAction, InProgress, Some(Verb::Updated)),
            (NeedsAction, Completed, Some(Verb::Completed)),
            (NeedsAction, Cancelled, Some(Verb::Cancelled)),
            (InProgress, NeedsAction, Some(Verb::Updated)),
            (InProgress, Completed, Some(Verb::Completed)),
            (InProgress, Cancelled, Some(Verb::Cancelled)),
            (Completed, NeedsAction, Some(Verb::Reopened)),
            (Completed, InProgress, Some(Verb::Reopened)),
            (Completed, Cancelled, None),
            (Cancelled, NeedsAction, Some(Verb::Reopened)),
            (Cancelled, InProgress, Some(Verb::Reopened)),
            (Cancelled, Completed, None),
        ];
        for (from, to, verb) in table {
            let refused = TaskError::StepRefused { from, to };
            assert_eq!(from.step_to(to), verb.map(Some).ok_or(refused), "{from:?} to {to:?}");
        }
    }

    #[test]
    fn staying_is_no_step() {
        for status in [NeedsAction, InProgress, Completed, Cancelled] {
            assert_eq!(status.step_to(status), Ok(None));
        }
    }
}
