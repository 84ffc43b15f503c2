//! A change of an account or token as the event that tells of it.

use bytes::Bytes;
use mesh_events::NewEvent;
use mesh_proto::{
    auth::v1 as proto,
    event::v1::{ApiTokenChanged, InvitationChanged, UserChanged},
};
use mesh_types::WorkspaceId;
use prost::Message;
use prost_types::FieldMask;
use uuid::Uuid;

use crate::{
    domain::{ApiToken, Change, ChangedThing, Invitation, User},
    rpc::convert,
};

/// What an event is about, and what it says.
struct Story {
    workspace_id: WorkspaceId,
    entity: &'static str,
    aggregate_id: Uuid,
    version: i64,
    verb: &'static str,
    event_type: &'static str,
    payload: Bytes,
}

/// The event of a change.
pub fn envelope(change: &Change) -> NewEvent {
    let story = story(&change.thing);
    NewEvent {
        id: change.id,
        time: change.time,
        workspace_id: story.workspace_id,
        entity: story.entity,
        aggregate_id: story.aggregate_id,
        version: story.version,
        verb: story.verb,
        event_type: story.event_type,
        actor: change.actor.clone(),
        trace_parent: change.trace_parent.clone(),
        payload: story.payload,
    }
}

fn story(thing: &ChangedThing) -> Story {
    match thing {
        ChangedThing::UserCreated(after) => user(after, "created", None, &[]),
        ChangedThing::UserUpdated { before, after, changed } => user(after, "updated", Some(before), changed),
        // What changed is nothing that can be told.
        ChangedThing::PasswordChanged(after) => user(after, "password_changed", None, &[]),
        ChangedThing::SignedOutEverywhere(after) => user(after, "signed_out", None, &[]),
        ChangedThing::ApiTokenCreated(token) => {
            let after = Some(convert::api_token(token));
            api_token(token, "created", &ApiTokenChanged { after, before: None, changed: None })
        }
        ChangedThing::ApiTokenRevoked(token) => {
            // The one field that changed was not set before.
            let before = Some(proto::ApiToken::default());
            let (after, changed) = (Some(convert::api_token(token)), mask(&["revoke_time"]));
            api_token(token, "revoked", &ApiTokenChanged { after, before, changed })
        }
        ChangedThing::InvitationCreated(one) => invitation(one, "created", &[]),
        ChangedThing::InvitationAccepted(one) => invitation(one, "accepted", &["accept_time"]),
        ChangedThing::InvitationRevoked(one) => invitation(one, "revoked", &["revoke_time"]),
    }
}

fn user(user: &User, verb: &'static str, before: Option<&User>, changed: &[&str]) -> Story {
    let before = before.map(|before| proto::User {
        display_name: changed.contains(&"display_name").then(|| before.display_name.clone()),
        time_zone: before.time_zone.clone().filter(|_| changed.contains(&"time_zone")),
        day_start: before.day_start.clone().filter(|_| changed.contains(&"day_start")),
        ..proto::User::default()
    });
    Story {
        workspace_id: user.personal_workspace,
        entity: "user",
        aggregate_id: user.id.0,
        version: user.version,
        verb,
        event_type: "taskmesh.event.v1.UserChanged",
        payload: encoded(&UserChanged { after: Some(convert::user(user)), before, changed: mask(changed) }),
    }
}

/// What changes of an invitation was not set before.
fn invitation(invitation: &Invitation, verb: &'static str, changed: &[&str]) -> Story {
    let changed = mask(changed);
    let before = changed.as_ref().map(|_| proto::Invitation::default());
    Story {
        workspace_id: invitation.workspace_id,
        entity: "invitation",
        aggregate_id: invitation.id,
        version: invitation.version,
        verb,
        event_type: "taskmesh.event.v1.InvitationChanged",
        payload: encoded(&InvitationChanged { after: Some(convert::invitation(invitation)), before, changed }),
    }
}

fn mask(changed: &[&str]) -> Option<FieldMask> {
    let paths = changed.iter().map(|&path| path.to_owned()).collect();
    (!changed.is_empty()).then_some(FieldMask { paths })
}

fn api_token(token: &ApiToken, verb: &'static str, message: &ApiTokenChanged) -> Story {
    Story {
        workspace_id: token.workspace_id,
        entity: "api_token",
        aggregate_id: token.id.0,
        version: token.version,
        verb,
        event_type: "taskmesh.event.v1.ApiTokenChanged",
        payload: encoded(message),
    }
}

fn encoded(message: &impl Message) -> Bytes {
    message.encode_to_vec().into()
}
