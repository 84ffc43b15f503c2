//! What an access token says.

use mesh_types::{Actor, Caller, Membership, Role, UserId, WorkspaceId};
use serde::{Deserialize, Serialize};

/// The audience of every access token: the mesh.
pub const AUDIENCE: &str = "taskmesh";

/// What an access token says. Names are short because a token travels with every call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The service that signed it.
    pub iss: String,
    /// Whom it is for: [`AUDIENCE`].
    pub aud: String,
    /// The person.
    pub sub: UserId,
    /// When it ends, in seconds since 1970.
    pub exp: i64,
    /// When it was signed, in seconds since 1970.
    pub iat: i64,
    /// Its own id.
    pub jti: String,
    /// The workspaces the person is a member of.
    pub ws: Vec<WorkspaceClaim>,
    /// The personal workspace.
    pub pws: WorkspaceId,
    /// What it may be used for.
    pub scp: Vec<String>,
    /// The person's IANA zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tz: Option<String>,
    /// When the person's day begins, `HH:MM`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ds: Option<String>,
    /// The service that acts for the person, if one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<String>,
    /// The session or API token it was exchanged for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tid: Option<String>,
    /// The client's address, as the gateway saw it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
    /// What the client called itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ua: Option<String>,
}

/// A workspace and the person's role in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceClaim {
    /// The workspace.
    pub id: WorkspaceId,
    /// The role.
    pub role: Role,
}

impl Claims {
    /// The caller that these claims describe. Hints about the client are believed from the gateway only.
    pub(super) fn into_caller(self, from_gateway: bool) -> Caller {
        let actor = Actor {
            user_id: self.sub,
            service: self.act,
            token_id: self.tid,
            client_address: self.ca.filter(|_| from_gateway),
            user_agent: self.ua.filter(|_| from_gateway),
        };
        Caller {
            actor,
            memberships: self.ws.iter().map(|claim| Membership { id: claim.id, role: claim.role }).collect(),
            personal_workspace: self.pws,
            scopes: self.scp,
            time_zone: self.tz,
            day_start: self.ds,
            trace_parent: None,
        }
    }
}
