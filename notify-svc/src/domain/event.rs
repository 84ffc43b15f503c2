//! What happened to a notification. One mutation is one version and one event.

use super::{Cause, Notification, event_fields::event_fields};

/// Something that happened to a notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotificationEvent {
    /// What happened.
    pub verb: Verb,
    /// The notification before it; `None` when it is new.
    pub before: Option<Notification>,
    /// The notification after it.
    pub after: Notification,
    /// Who did it.
    pub cause: Cause,
}

impl NotificationEvent {
    /// The fields that are different now; of a new notification, those that are set.
    pub fn changed(&self) -> Vec<Field> {
        Field::changed(self.before.as_ref(), &self.after)
    }
}

/// What can happen to a notification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// It came.
    Created,
    /// It was read.
    Read,
    /// It was shown.
    Seen,
    /// Its cause is gone.
    Withdrawn,
}

impl Verb {
    /// The verb as subjects and the audit trail spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Read => "read",
            Self::Seen => "seen",
            Self::Withdrawn => "withdrawn",
        }
    }
}

event_fields! {
    /// A field of a notification whose change is told. (Version, etag and update time change every time, so they are
    /// not.)
    Field of Notification:
    Category = "category", |it| Some(it.category), None;
    Title = "title", |it| it.title.clone(), String::new();
    Body = "body", |it| it.body.clone(), String::new();
    TaskId = "task_id", |it| it.task_id, None;
    ReminderId = "reminder_id", |it| it.reminder_id, None;
    EventTime = "event_time", |it| Some(it.event_time), None;
    Late = "late", |it| it.late, false;
    Urgent = "urgent", |it| it.urgent, false;
    SeenTime = "seen_time", |it| it.seen_time, None;
    ReadTime = "read_time", |it| it.read_time, None;
    WithdrawTime = "withdraw_time", |it| it.withdraw_time, None;
}
