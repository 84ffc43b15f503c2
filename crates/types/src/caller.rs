//! Who calls, and what they may see and change.

use serde::{Deserialize, Serialize};

use crate::{ErrorKind, Fault, Reason, UserId, WorkspaceId};

/// What a member may do in a workspace. Each role includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// May read.
    Viewer,
    /// May change tasks and all that belongs to them.
    Editor,
    /// May change who is a member.
    Owner,
}

/// A workspace and the caller's role in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The workspace.
    pub id: WorkspaceId,
    /// The caller's role.
    pub role: Role,
}

/// Who did something, as events and the audit trail keep it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The person.
    pub user_id: UserId,
    /// The service that acted for the person, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The session or API token that was used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_id: Option<String>,
    /// The client's address as the gateway saw it: a hint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_address: Option<String>,
    /// What the client called itself: a hint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}

/// The authenticated caller of an RPC: what its verified access token says, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Who it is and what they used.
    pub actor: Actor,
    /// The workspaces the caller is a member of.
    pub memberships: Vec<Membership>,
    /// The workspace that an empty `workspace_id` means.
    pub personal_workspace: WorkspaceId,
    /// What the token may be used for, such as `tasks.read`.
    pub scopes: Vec<String>,
    /// The caller's IANA zone, if known.
    pub time_zone: Option<String>,
    /// When the caller's day begins, `HH:MM`, if they said so.
    pub day_start: Option<String>,
    /// The W3C `traceparent` of the call, if any.
    pub trace_parent: Option<String>,
}

/// Which workspaces a List, Watch or Export covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkspaceSelector {
    /// The caller's personal workspace (an empty `workspace_id`).
    Personal,
    /// Every workspace the caller may read (`-`).
    All,
    /// This one.
    One(WorkspaceId),
}

impl Caller {
    /// Every workspace the caller may read. Queries by id are confined to these.
    pub fn readable(&self) -> Vec<WorkspaceId> {
        self.memberships.iter().map(|membership| membership.id).collect()
    }

    /// The workspaces that `selector` covers.
    ///
    /// # Errors
    /// NOT_FOUND for a workspace the caller cannot see.
    pub fn select(&self, selector: WorkspaceSelector) -> Result<Vec<WorkspaceId>, Fault> {
        match selector {
            WorkspaceSelector::All => Ok(self.readable()),
            WorkspaceSelector::Personal => Ok(vec![self.personal_workspace]),
            WorkspaceSelector::One(id) => self.role_in(id).map(|_| vec![id]),
        }
    }

    /// The workspace to create in: the one asked for, else the personal one.
    ///
    /// # Errors
    /// NOT_FOUND for a workspace the caller cannot see, PERMISSION_DENIED for one they can only read.
    pub fn workspace_to_change(&self, asked: Option<WorkspaceId>) -> Result<WorkspaceId, Fault> {
        let workspace = asked.unwrap_or(self.personal_workspace);
        self.may_change(workspace)?;
        Ok(workspace)
    }

    /// Checks that the caller may change things in `workspace`.
    ///
    /// # Errors
    /// NOT_FOUND for a workspace the caller cannot see, PERMISSION_DENIED for one they can only read.
    pub fn may_change(&self, workspace: WorkspaceId) -> Result<(), Fault> {
        if self.role_in(workspace)? >= Role::Editor {
            return Ok(());
        }
        let message = "the caller may read this workspace but not change it";
        Err(Fault::new(ErrorKind::PermissionDenied, Reason::RoleInsufficient, message))
    }

    fn role_in(&self, workspace: WorkspaceId) -> Result<Role, Fault> {
        let found = self.memberships.iter().find(|membership| membership.id == workspace);
        found.map(|membership| membership.role).ok_or_else(|| Fault::not_found("workspace", workspace))
    }
}
