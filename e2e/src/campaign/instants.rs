//! Instants of the contract, as numbers.

use mesh_types::Timestamp;

/// The instant that a message holds.
pub(super) fn read(message: &prost_types::Timestamp) -> Option<Timestamp> {
    Timestamp::from_parts(message.seconds, message.nanos)
}

/// An instant as messages hold it.
pub(super) fn write(instant: Timestamp) -> prost_types::Timestamp {
    let (seconds, nanos) = instant.to_parts();
    prost_types::Timestamp { seconds, nanos }
}

/// The instant that RFC 3339 text holds, as JSON has it.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    Some(Timestamp::from_micros(text.parse::<jiff::Timestamp>().ok()?.as_microsecond()))
}
