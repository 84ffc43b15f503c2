//! Which version of a task somebody has read.

use std::fmt;

use mesh_types::TaskId;

/// Identifies one version of one task. Opaque to callers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Etag(String);

impl Etag {
    /// The etag of this version of a task. The id's tail makes an etag of another task a mismatch.
    pub fn of(id: TaskId, version: i64) -> Self {
        let tail = id.0.as_u128() & 0xffff_ffff;
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
