//! Which version of a thing somebody has read.

use std::fmt;

use uuid::Uuid;

/// Identifies one version of one thing. Opaque to callers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Etag(String);

impl Etag {
    /// The etag of this version of the thing with this id. The id's tail makes an etag of another thing a mismatch.
    pub fn of(id: Uuid, version: i64) -> Self {
        let tail = id.as_u128() & 0xffff_ffff;
        Self(format!("{version}-{tail:08x}"))
    }

    /// The etag that a caller sent.
    pub fn sent(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for Etag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_etag_comes_back_from_its_text_and_is_of_one_version_of_one_thing() {
        let etag = Etag::of(Uuid::from_u128(7), 3);
        assert_eq!(Etag::sent(etag.to_string()), etag);
        assert_ne!(Etag::of(Uuid::from_u128(7), 4), etag);
        assert_ne!(Etag::of(Uuid::from_u128(8), 3), etag);
    }
}
