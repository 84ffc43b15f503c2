//! What makes repeating a request harmless (AIP-155).

/// A request's id and what it asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId {
    /// The id that the client chose.
    pub id: String,
    /// The SHA-256 of the request without it.
    pub body_digest: [u8; 32],
}
