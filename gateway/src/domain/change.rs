//! What the gateway tells the other services: that an account or a token changed.

use mesh_types::{Actor, Timestamp};
use uuid::Uuid;

use super::{ApiToken, Invitation, User};

/// One change of one thing, with its full state afterwards.
#[derive(Clone, Debug)]
pub struct Change {
    /// The event's id (UUID v7).
    pub id: Uuid,
    /// When it happened.
    pub time: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// The W3C `traceparent` of the call that did it.
    pub trace_parent: Option<String>,
    /// What changed.
    pub thing: ChangedThing,
}

/// What changed.
#[derive(Clone, Debug)]
pub enum ChangedThing {
    /// Somebody got an account.
    UserCreated(User),
    /// Somebody changed what they say of themselves.
    UserUpdated {
        /// As they were.
        before: User,
        /// As they are.
        after: User,
        /// What differs, by its name in the contract.
        changed: Vec<&'static str>,
    },
    /// Somebody changed their password.
    PasswordChanged(User),
    /// Somebody ended all their sessions.
    SignedOutEverywhere(User),
    /// Somebody made a token.
    ApiTokenCreated(ApiToken),
    /// Somebody ended a token.
    ApiTokenRevoked(ApiToken),
    /// Somebody invited somebody.
    InvitationCreated(Invitation),
    /// Somebody signed up with an invitation.
    InvitationAccepted(Invitation),
    /// Somebody took an invitation back.
    InvitationRevoked(Invitation),
}
