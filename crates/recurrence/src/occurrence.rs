//! What a series answers: an occurrence, or honestly that there is none, or that it is not known.

use jiff::{Timestamp, tz::Offset};

use crate::Nominal;

/// The answer to "what comes next?".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// This occurrence.
    Next(Occurrence),
    /// There is none, up to the year 9999.
    Ended,
    /// It is not known: the bound on the work was reached.
    GaveUp,
}

/// One time of a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// The nominal local start, as the rules give it. It names the occurrence.
    ///
    /// Of rules that step in elapsed time it is read off a clock that keeps the offset of the start, so that no two
    /// occurrences share one.
    pub nominal: Nominal,
    /// When it is, after all policies; of a whole day, its first instant in the zone.
    pub instant: Timestamp,
    /// The same as a wall time in the zone, or as a day.
    pub local: Nominal,
    /// The zone's offset at that instant.
    pub offset: Offset,
    /// Why it is not at its nominal start; usually empty.
    pub adjustments: Vec<Adjustment>,
}

/// Why an occurrence is not where the rule's words say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Adjustment {
    /// It would have been on a weekend.
    Weekend,
    /// The month does not have that day.
    MonthEnd,
    /// The zone leaves out that wall time.
    DstGap,
}

/// A list of occurrences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The occurrences, strictly increasing by instant.
    pub occurrences: Vec<Occurrence>,
    /// Whether these are all; otherwise the limit or the bound on the work cut the list.
    pub complete: bool,
}
