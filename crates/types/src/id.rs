//! Ids: UUIDs that know what they name.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Timestamp;

/// A new id for something created at `now`: a UUID v7, so that ids made later sort later, down to the microsecond
/// (RFC 9562, section 6.2, method 3).
pub fn new_id(now: Timestamp) -> Uuid {
    let (seconds, nanos) = now.to_parts();
    let clock = uuid::ContextV7::new().with_additional_precision();
    Uuid::new_v7(uuid::Timestamp::from_unix(&clock, seconds.max(0).unsigned_abs(), nanos.unsigned_abs()))
}

/// The id that follows from a kind of thing and its natural key: whoever computes it gets the same one (UUID v5).
pub fn derived_id(kind: &str, key: &str) -> Uuid {
    let namespace = Uuid::new_v5(&Uuid::NAMESPACE_URL, b"urn:taskmesh");
    Uuid::new_v5(&namespace, format!("{kind}:{key}").as_bytes())
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

id!(
    /// A task.
    TaskId
);
id!(
    /// A workspace: what everything else belongs to.
    WorkspaceId
);
id!(
    /// A person with an account.
    UserId
);
id!(
    /// A token that a person made for a program.
    ApiTokenId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_ids_depend_on_kind_and_key_only() {
        assert_eq!(derived_id("occurrence", "a"), derived_id("occurrence", "a"));
        assert_ne!(derived_id("occurrence", "a"), derived_id("reminder", "a"));
    }

    #[test]
    fn ids_made_later_sort_later() {
        assert!(new_id(Timestamp::from_micros(1_000_000)) < new_id(Timestamp::from_micros(1_000_001)));
    }
}
