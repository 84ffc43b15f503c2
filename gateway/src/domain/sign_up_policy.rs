//! Who may have an account here.

use serde::{Deserialize, Serialize};

/// Who may sign up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignUpPolicy {
    /// Everybody may.
    #[default]
    Open,
    /// Whoever has an invitation may; so may the first person on an empty server.
    InviteOnly,
    /// Nobody may.
    Closed,
}
