//! What becomes of occurrences that do not fit the calendar or the zone.

/// How occurrences are placed. The default is RFC 5545's reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policies {
    /// What becomes of an occurrence on a Saturday or Sunday.
    pub weekend: Weekend,
    /// What becomes of a day that the month does not have.
    pub month_end: MonthEnd,
    /// What becomes of a wall time that the zone leaves out.
    pub dst_gap: DstGap,
    /// Which instant is meant by a wall time that comes twice.
    pub dst_overlap: DstOverlap,
}

/// What becomes of an occurrence on a Saturday or Sunday.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Weekend {
    /// It stays.
    #[default]
    Keep,
    /// It moves to the Monday after.
    NextWeekday,
    /// It moves to the Friday before.
    PreviousWeekday,
    /// It is dropped.
    Drop,
}

/// What becomes of a day that the month does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MonthEnd {
    /// There is no occurrence in that month (RFC 5545).
    #[default]
    Skip,
    /// The occurrence is on the month's last day.
    Clamp,
}

/// What becomes of a wall time that the zone leaves out when its offset changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DstGap {
    /// It takes the offset before the gap: 02:30 is 03:30 (RFC 5545, section 3.3.5).
    #[default]
    OffsetBefore,
    /// It takes the offset after the gap: 02:30 is 01:30.
    OffsetAfter,
    /// There is no occurrence on that day.
    Drop,
}

/// Which instant is meant by a wall time that comes twice when the zone's offset changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DstOverlap {
    /// The first (RFC 5545, section 3.3.5).
    #[default]
    First,
    /// The second.
    Second,
}
