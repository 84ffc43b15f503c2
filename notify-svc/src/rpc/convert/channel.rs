//! A channel as the contract tells it, and back. It has no field for a key that could be filled by accident: only the
//! answer to the mutation that made one holds it.

use mesh_proto::notify::v1 as proto;
use mesh_rpc::fields::timestamp;
use mesh_types::Timestamp;

use crate::{
    app::WrittenChannel,
    domain::{Channel, ChannelName, WebhookUrl},
};

/// The channel as answers and events tell it.
pub(crate) fn channel(it: &Channel) -> proto::Channel {
    use proto::ChannelState::{Active, Suspended};
    let state = if it.suspend_reason.is_some() { Suspended } else { Active };
    proto::Channel {
        id: it.id.to_string(),
        workspace_id: it.workspace_id.to_string(),
        user_id: it.user_id.to_string(),
        name: Some(it.name.as_str().to_owned()),
        kind: proto::ChannelKind::Webhook.into(),
        email: None,
        webhook: Some(proto::WebhookTarget {
            url: Some(it.url.as_str().to_owned()),
            secret: String::new(),
            secret_create_time: Some(timestamp(it.secret_create_time)),
        }),
        web_push: None,
        chat: None,
        enabled: Some(it.enabled),
        state: state.into(),
        suspend_reason: it.suspend_reason.clone().unwrap_or_default(),
        verify_time: None,
        last_success_time: it.last_success_time.map(timestamp),
        last_failure_time: it.last_failure_time.map(timestamp),
        create_time: Some(timestamp(it.create_time)),
        update_time: Some(timestamp(it.update_time)),
        delete_time: it.delete_time.map(timestamp),
        version: it.version,
        etag: it.etag().to_string(),
        created_by: it.created_by.to_string(),
        change_id: String::new(),
    }
}

/// The answer to a mutation, with the key that it made.
pub(in crate::rpc) fn written_channel(written: &WrittenChannel) -> proto::Channel {
    let change_id = written.change_id.map(|id| id.to_string()).unwrap_or_default();
    let mut answer = proto::Channel { change_id, ..channel(&written.channel) };
    if let (Some(webhook), Some(secret)) = (&mut answer.webhook, &written.secret) {
        webhook.secret = secret.expose_text();
    }
    answer
}

/// The channel that an event of ours tells of; `None` if it is none.
pub(crate) fn kept_channel(it: proto::Channel) -> Option<Channel> {
    let webhook = it.webhook?;
    Some(Channel {
        id: it.id.parse().ok()?,
        workspace_id: it.workspace_id.parse().ok()?,
        user_id: it.user_id.parse().ok()?,
        name: ChannelName::kept(it.name?),
        url: WebhookUrl::kept(webhook.url?)?,
        secret_create_time: kept(webhook.secret_create_time?),
        enabled: it.enabled?,
        suspend_reason: (!it.suspend_reason.is_empty()).then_some(it.suspend_reason),
        last_success_time: it.last_success_time.map(kept),
        last_failure_time: it.last_failure_time.map(kept),
        create_time: kept(it.create_time?),
        update_time: kept(it.update_time?),
        delete_time: it.delete_time.map(kept),
        version: it.version,
        created_by: it.created_by.parse().ok()?,
    })
}

fn kept(time: prost_types::Timestamp) -> Timestamp {
    Timestamp::from_parts(time.seconds, time.nanos).unwrap_or_default()
}
