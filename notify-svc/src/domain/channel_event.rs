//! What happened to a channel. One mutation is one version and one event.

use super::{Cause, Channel, WebhookSecret, event_fields::event_fields};

/// Something that happened to a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelEvent {
    /// What happened.
    pub verb: ChannelVerb,
    /// The channel before it; `None` when it is new.
    pub before: Option<Channel>,
    /// The channel after it.
    pub after: Channel,
    /// The key that was made with it, if one was: kept, told to who asked for it, and never told to others.
    pub secret: Option<WebhookSecret>,
    /// Who did it.
    pub cause: Cause,
}

impl ChannelEvent {
    /// The fields that are different now; of a new channel, those that are set.
    pub fn changed(&self) -> Vec<ChannelField> {
        ChannelField::changed(self.before.as_ref(), &self.after)
    }
}

/// What can happen to a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChannelVerb {
    /// It was made.
    Created,
    /// Some of its fields were changed, or it was suspended.
    Updated,
    /// It was deleted.
    Deleted,
}

impl ChannelVerb {
    /// The verb as subjects and the audit trail spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
        }
    }
}

event_fields! {
    /// A field of a channel whose change is told.
    ChannelField of Channel:
    Name = "name", |it| Some(it.name.clone()), None;
    WebhookUrl = "webhook.url", |it| Some(it.url.clone()), None;
    SecretCreateTime = "webhook.secret_create_time", |it| Some(it.secret_create_time), None;
    Enabled = "enabled", |it| Some(it.enabled), None;
    State = "state", |it| Some(it.suspend_reason.is_some()), None;
    SuspendReason = "suspend_reason", |it| it.suspend_reason.clone(), None;
    DeleteTime = "delete_time", |it| it.delete_time, None;
}
