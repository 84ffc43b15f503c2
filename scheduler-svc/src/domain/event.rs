//! What happened to a reminder. One mutation is one version and one event; firing is one of them.

use std::time::Duration;

use mesh_types::Timestamp;

use super::{Reminder, State, When};

/// Something that happened to a reminder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReminderEvent {
    /// What happened.
    pub verb: Verb,
    /// The reminder before it; `None` when it is new.
    pub before: Option<Reminder>,
    /// The reminder after it.
    pub after: Reminder,
    /// What is to be said of its firing; set exactly when it fired.
    pub firing: Option<Firing>,
}

/// How a reminder fired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firing {
    /// The instant it was due.
    pub due: Timestamp,
    /// How long after that it fired.
    pub lateness: Duration,
    /// How long it could have fired and did not; shorter than the lateness when it was due before anybody wanted it.
    pub waited: Duration,
    /// Whether nobody was there to fire it.
    pub late: bool,
    /// What its task is called.
    pub task_title: String,
}

/// What can happen to a reminder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verb {
    /// It was made.
    Created,
    /// Its owner changed some of its fields.
    Updated,
    /// It was put off.
    Snoozed,
    /// It is not wanted any more.
    Dismissed,
    /// The time of its task, or its person's zone or day, moved it.
    Rescheduled,
    /// Its task is over.
    Withdrawn,
    /// Its task came back.
    Restored,
    /// It was put into the bin.
    Deleted,
    /// It came out of the bin.
    Undeleted,
    /// It came due.
    Fired,
}

impl Verb {
    /// The verb as subjects and the audit trail spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Snoozed => "snoozed",
            Self::Dismissed => "dismissed",
            Self::Rescheduled => "rescheduled",
            Self::Withdrawn => "withdrawn",
            Self::Restored => "restored",
            Self::Deleted => "deleted",
            Self::Undeleted => "undeleted",
            Self::Fired => "fired",
        }
    }
}

impl ReminderEvent {
    /// The fields that are different now; of a new reminder, those that are set.
    pub fn changed(&self) -> Vec<Field> {
        let differs = |field: &Field| match &self.before {
            Some(before) => field.differs(before, &self.after),
            None => field.is_set(&self.after),
        };
        Field::ALL.iter().copied().filter(differs).collect()
    }
}

macro_rules! fields {
    ($($name:ident = $path:literal, $get:expr, $unset:expr;)*) => {
        /// A field whose change is told. (Version, etag and update time change every time, so they are not.)
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "documented in the contract, message Reminder")]
        pub enum Field { $($name,)* }

        impl Field {
            /// Every such field, in the order of the contract.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its path in a field mask.
            pub fn path(self) -> &'static str {
                match self { $(Self::$name => $path,)* }
            }

            /// Whether two states of a reminder differ in it.
            fn differs(self, one: &Reminder, other: &Reminder) -> bool {
                match self { $(Self::$name => { let get: fn(&Reminder) -> _ = $get; get(one) != get(other) })* }
            }

            /// Whether a new reminder says something about it.
            fn is_set(self, reminder: &Reminder) -> bool {
                match self { $(Self::$name => { let get: fn(&Reminder) -> _ = $get; get(reminder) != $unset })* }
            }
        }
    };
}

fields! {
    Offset = "offset", |reminder| reminder.offset(), None;
    Anchor = "anchor", |reminder| reminder.anchor(), None;
    At = "at", |reminder| reminder.at(), None;
    RepeatInterval = "repeat_interval", |reminder| reminder.repeat_micros, None;
    RepeatLimit = "repeat_limit", |reminder| reminder.repeat_limit, None;
    ChannelIds = "channel_ids", |reminder| reminder.channel_ids.clone(), Vec::<uuid::Uuid>::new();
    CarryOver = "carry_over", |reminder| reminder.carry_over, None;
    State = "state", |reminder| Some(reminder.state), None;
    FireTime = "fire_time", |reminder| reminder.fire_time, None;
    LastFireTime = "last_fire_time", |reminder| reminder.last_fire_time, None;
    FireCount = "fire_count", |reminder| reminder.fire_count, 0;
    Late = "late", |reminder| reminder.late, false;
    SnoozeUntil = "snooze_until", |reminder| reminder.told_snooze(), None;
    DeleteTime = "delete_time", |reminder| reminder.delete_time, None;
}

impl Reminder {
    /// Microseconds after the anchor, unless it is for a fixed instant.
    pub fn offset(&self) -> Option<i64> {
        match self.when {
            When::Offset(micros, _) => Some(micros),
            When::At(_) => None,
        }
    }

    /// What the offset is counted from, where there is one.
    pub fn anchor(&self) -> Option<super::Anchor> {
        match self.when {
            When::Offset(_, anchor) => Some(anchor),
            When::At(_) => None,
        }
    }

    /// The fixed instant, where there is one.
    pub fn at(&self) -> Option<Timestamp> {
        match self.when {
            When::Offset(..) => None,
            When::At(instant) => Some(instant),
        }
    }

    /// Until when it is snoozed, while it is.
    pub fn told_snooze(&self) -> Option<Timestamp> {
        self.snooze_until.filter(|_| self.state == State::Snoozed && self.delete_time.is_none())
    }
}
