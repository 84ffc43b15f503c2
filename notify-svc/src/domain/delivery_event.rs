//! What happened to a delivery. One mutation is one version and one event.

use super::{Cause, Delivery, event_fields::event_fields};

/// Something that happened to a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryEvent {
    /// What happened.
    pub verb: DeliveryVerb,
    /// The delivery before it; `None` when it is new.
    pub before: Option<Delivery>,
    /// The delivery after it.
    pub after: Delivery,
    /// Who did it.
    pub cause: Cause,
}

impl DeliveryEvent {
    /// The fields that are different now; of a new delivery, those that are set.
    pub fn changed(&self) -> Vec<DeliveryField> {
        DeliveryField::changed(self.before.as_ref(), &self.after)
    }

    /// Whether nothing more is tried after it, and something was to be before.
    pub fn ends(&self) -> bool {
        self.before.as_ref().is_some_and(|before| before.state.is_waiting()) && !self.after.state.is_waiting()
    }
}

/// What can happen to a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryVerb {
    /// It was planned.
    Created,
    /// It arrived.
    Delivered,
    /// An attempt failed, perhaps the last one.
    Failed,
    /// Somebody asked to try it again.
    Retried,
    /// It is not needed any more.
    Cancelled,
}

impl DeliveryVerb {
    /// The verb as subjects and the audit trail spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Retried => "retried",
            Self::Cancelled => "cancelled",
        }
    }
}

event_fields! {
    /// A field of a delivery whose change is told.
    DeliveryField of Delivery:
    NotificationIds = "notification_ids", |it| Some(it.notification_id), None;
    ChannelId = "channel_id", |it| Some(it.channel_id), None;
    ChannelKind = "channel_kind", |_| Some("webhook"), None;
    State = "state", |it| Some(it.state), None;
    NextAttemptTime = "next_attempt_time", |it| it.next_attempt_time, None;
    AttemptCount = "attempt_count", |it| it.attempt_count, 0;
    Attempts = "attempts", |it| it.attempts.clone(), Vec::new();
    DeliverTime = "deliver_time", |it| it.deliver_time, None;
}
