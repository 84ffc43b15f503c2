//! What came over the bus and is no event of ours.

use uuid::Uuid;

/// A message that names no workspace and no thing: it is kept beside the record, for operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignMessage {
    /// An id that follows from its place on the bus.
    pub id: Uuid,
    /// Which stream it was on.
    pub stream: String,
    /// Its number there.
    pub stream_sequence: u64,
    /// Where it was published.
    pub subject: String,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Why it is not an event.
    pub reason: String,
    /// Its body, as it came.
    pub payload: Vec<u8>,
}
