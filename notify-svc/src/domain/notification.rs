//! The notification and what becomes of it. A method looks at it as it is and returns what happens, if anything; the
//! store commits it.

use std::{fmt, str::FromStr};

use mesh_types::{Etag, TaskId, Timestamp, UserId, WorkspaceId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Cause, Firing, NotificationEvent, NotifyError, Verb};

/// A notification's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NotificationId(pub Uuid);

impl fmt::Display for NotificationId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for NotificationId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(Self)
    }
}

/// What kind of thing a notification tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Category {
    /// A reminder fired.
    Reminder,
    /// A task is overdue.
    Overdue,
    /// Somebody else changed a task.
    TaskChange,
    /// A schedule ended or could not plan a task.
    Schedule,
    /// A channel needs attention.
    Channel,
    /// Something happened to the account.
    Security,
}

impl Category {
    const ALL: [Self; 6] =
        [Self::Reminder, Self::Overdue, Self::TaskChange, Self::Schedule, Self::Channel, Self::Security];

    /// Its number in the contract and in the database.
    pub fn code(self) -> i16 {
        match self {
            Self::Reminder => 10,
            Self::Overdue => 20,
            Self::TaskChange => 30,
            Self::Schedule => 40,
            Self::Channel => 50,
            Self::Security => 60,
        }
    }

    /// The category with this number.
    pub fn coded(code: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.code() == code)
    }
}

/// One entry of a person's inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// Its id.
    pub id: NotificationId,
    /// The workspace it is about.
    pub workspace_id: WorkspaceId,
    /// The person it is for.
    pub user_id: UserId,
    /// What kind of thing it tells.
    pub category: Category,
    /// One line of text.
    pub title: String,
    /// More text, without markup; may be empty.
    pub body: String,
    /// The task it is about.
    pub task_id: Option<TaskId>,
    /// The reminder that caused it.
    pub reminder_id: Option<Uuid>,
    /// When what it tells was meant to happen.
    pub event_time: Timestamp,
    /// Whether it comes late, after a time in which nothing could be told.
    pub late: bool,
    /// Whether it is told at once, quiet hours or not.
    pub urgent: bool,
    /// When it was first shown to the person; set when it is read.
    pub seen_time: Option<Timestamp>,
    /// When the person read it.
    pub read_time: Option<Timestamp>,
    /// When it was withdrawn because its cause was gone.
    pub withdraw_time: Option<Timestamp>,
    /// When it was created.
    pub create_time: Timestamp,
    /// When it was last changed.
    pub update_time: Timestamp,
    /// Counts its changes from 1, without a gap.
    pub version: i64,
    /// Whose doing caused it.
    pub created_by: UserId,
}

impl Notification {
    /// What tells of a reminder that fired. One that was void before it came is kept all the same, as withdrawn, so
    /// that it is not told when it comes again.
    pub fn of(firing: &Firing, void: bool, now: Timestamp) -> NotificationEvent {
        let after = Self {
            id: firing.notification_id(),
            workspace_id: firing.workspace_id,
            user_id: firing.user_id,
            category: Category::Reminder,
            title: firing.task_title.clone(),
            body: String::new(),
            task_id: firing.task_id,
            reminder_id: Some(firing.reminder_id),
            event_time: firing.due,
            late: firing.late,
            urgent: false,
            seen_time: None,
            read_time: None,
            withdraw_time: void.then_some(now),
            create_time: now,
            update_time: now,
            version: 1,
            created_by: firing.cause.actor.user_id,
        };
        NotificationEvent { verb: Verb::Created, before: None, after, cause: firing.cause.clone() }
    }

    /// The person reads it, and so has seen it.
    pub fn read(&self, cause: Cause, now: Timestamp) -> Option<NotificationEvent> {
        let seen_time = self.seen_time.or(Some(now));
        let after = Self { read_time: Some(now), seen_time, ..self.clone() };
        self.read_time.is_none().then(|| self.event(after, Verb::Read, cause, now))
    }

    /// It is shown to the person.
    pub fn see(&self, cause: Cause, now: Timestamp) -> Option<NotificationEvent> {
        let after = Self { seen_time: Some(now), ..self.clone() };
        self.seen_time.is_none().then(|| self.event(after, Verb::Seen, cause, now))
    }

    /// Its cause is gone.
    pub fn withdraw(&self, cause: Cause, now: Timestamp) -> Option<NotificationEvent> {
        let after = Self { withdraw_time: Some(now), ..self.clone() };
        self.withdraw_time.is_none().then(|| self.event(after, Verb::Withdrawn, cause, now))
    }

    /// Identifies this version of it.
    pub fn etag(&self) -> Etag {
        Etag::of(self.id.0, self.version)
    }

    /// Checks that the caller has read this version, if they said which one they have read.
    ///
    /// # Errors
    /// When they have read another one.
    pub fn matches(&self, etag: Option<&Etag>) -> Result<(), NotifyError> {
        match etag {
            Some(read) if *read != self.etag() => {
                Err(NotifyError::EtagStale { kind: "notification", id: self.id.0, current: self.etag() })
            }
            _ => Ok(()),
        }
    }

    /// About how many bytes it takes to tell it.
    pub fn weight(&self) -> usize {
        self.title.len() + self.body.len() + 512
    }

    fn event(&self, after: Self, verb: Verb, cause: Cause, now: Timestamp) -> NotificationEvent {
        let (version, update_time) = (self.version + 1, self.update_time.max(now));
        NotificationEvent { verb, before: Some(self.clone()), after: Self { version, update_time, ..after }, cause }
    }
}
