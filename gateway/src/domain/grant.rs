//! What an access token says: who calls, where they belong, what they may do.

use mesh_types::{Membership, UserId, WorkspaceId};
use uuid::Uuid;

use super::Scope;

/// What an access token says of its bearer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The person.
    pub user_id: UserId,
    /// The workspace that an empty `workspace_id` means.
    pub personal_workspace: WorkspaceId,
    /// The workspaces the person is a member of.
    pub memberships: Vec<Membership>,
    /// What the token may be used for.
    pub scopes: Vec<Scope>,
    /// The person's IANA zone, if known.
    pub time_zone: Option<String>,
    /// When the person's day begins, `HH:MM`, if they said so.
    pub day_start: Option<String>,
    /// The session or API token that is used.
    pub token_id: Uuid,
}
