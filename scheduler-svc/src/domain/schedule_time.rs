//! Between our instants and those of the calendar library.

use mesh_types::Timestamp;

/// The same instant; at the ends of the calendar, its end.
pub fn to_jiff(instant: Timestamp) -> jiff::Timestamp {
    let ends = if instant < Timestamp::default() { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
    jiff::Timestamp::from_microsecond(instant.as_micros()).unwrap_or(ends)
}

/// The same instant, to the microsecond.
pub fn from_jiff(instant: jiff::Timestamp) -> Timestamp {
    Timestamp::from_micros(instant.as_microsecond())
}

/// The instant after this one.
pub(super) fn just_after(instant: Timestamp) -> jiff::Timestamp {
    to_jiff(Timestamp::from_micros(instant.as_micros().saturating_add(1)))
}
