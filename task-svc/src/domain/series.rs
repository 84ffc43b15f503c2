//! Which occurrence of which schedule a task is.

use std::fmt;

use jiff::civil;
use mesh_types::{TaskId, derived_id};
use uuid::Uuid;

use super::planned_time::{parse_date, parse_local_time};

/// A schedule and one of its occurrences: at most one task is ever made of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// The schedule.
    pub schedule_id: Uuid,
    /// The occurrence.
    pub occurrence: Occurrence,
}

impl Series {
    /// The id of the task that is this occurrence: whoever computes it gets the same one.
    pub fn task_id(&self) -> TaskId {
        TaskId(derived_id("occurrence", &format!("{}/{}", self.schedule_id, self.occurrence)))
    }
}

/// The nominal local start of an occurrence (RFC 5545's RECURRENCE-ID). It never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occurrence {
    /// A whole day.
    Date(civil::Date),
    /// A wall time.
    LocalTime(civil::DateTime),
}

impl Occurrence {
    /// Reads `YYYY-MM-DD` or `YYYY-MM-DDTHH:MM:SS`.
    pub fn parse(text: &str) -> Option<Self> {
        parse_date(text).map(Self::Date).or_else(|| parse_local_time(text).map(Self::LocalTime))
    }
}

impl fmt::Display for Occurrence {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Date(date) => date.fmt(formatter),
            Self::LocalTime(time) => time.fmt(formatter),
        }
    }
}
