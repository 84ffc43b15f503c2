//! A change of an account or token as the event that tells of it.

use bytes::Bytes;
use mesh_events::NewEvent;
use mesh_proto::{
    auth::v1 as proto,
    event::v1::{ApiTokenChanged, UserChanged},
};
use mesh_types::WorkspaceId;
use prost::Message;
use prost_types::FieldMask;
use uuid::Uuid;

use crate::{
    domain::{ApiToken, Change, ChangedThing},
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
    let story = match &change.thing {
        ChangedThing::UserCreated(user) => Story {
            workspace_id: user.personal_workspace,
            entity: "user",
            aggregate_id: user.id.0,
            version: user.version,
            verb: "created",
            event_type: "taskmesh.event.v1.UserChanged",
            payload: encoded(&UserChanged { after: Some(convert::user(user)), before: None, changed: None }),
        },
        ChangedThing::ApiTokenCreated(token) => {
            let after = Some(convert::api_token(token));
            api_token(token, "created", &ApiTokenChanged { after, before: None, changed: None })
        }
        ChangedThing::ApiTokenRevoked(token) => {
            let changed = Some(FieldMask { paths: vec!["revoke_time".to_owned()] });
            // The one field that changed was not set before.
            let before = Some(proto::ApiToken::default());
            api_token(token, "revoked", &ApiTokenChanged { after: Some(convert::api_token(token)), before, changed })
        }
    };
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
