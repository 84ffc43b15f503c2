//! What is known here of reminders: that they fire, and that what they told of can be void.
//!
//! The two may come in any order, and more than once. So nothing depends on the order: a firing is told exactly once,
//! and it stands withdrawn exactly if some voiding is of a newer revision of the reminder.

use std::collections::HashSet;

use mesh_types::{TaskId, Timestamp, UserId, WorkspaceId, derived_id};
use uuid::Uuid;

use super::{Cause, NotificationId};

/// A state of a reminder. Later ones compare greater, also across a restored backup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision {
    /// The epoch of the database that the version was counted in.
    pub epoch: i64,
    /// The reminder's version.
    pub version: i64,
}

/// A reminder came due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firing {
    /// Which reminder.
    pub reminder_id: Uuid,
    /// Its state as it fired.
    pub revision: Revision,
    /// Grows with every edit of the reminder.
    pub generation: i64,
    /// The instant it was due.
    pub due: Timestamp,
    /// Whether it fired late because nobody was there to fire it.
    pub late: bool,
    /// The workspace of its task.
    pub workspace_id: WorkspaceId,
    /// Who is reminded.
    pub user_id: UserId,
    /// Of what.
    pub task_id: Option<TaskId>,
    /// What that is called.
    pub task_title: String,
    /// The only channels that it is told by, besides the inbox; `None` is all that the person uses. Any text can be named
    /// here, so it may hold what is no channel of theirs.
    pub channels: Option<HashSet<Uuid>>,
    /// Who made it fire.
    pub cause: Cause,
}

impl Firing {
    /// Whether it is told by this channel, if that is one of the person's.
    pub fn goes_to(&self, channel: Uuid) -> bool {
        self.channels.as_ref().is_none_or(|named| named.contains(&channel))
    }

    /// The notification that tells of it: the same one, whoever asks and however often it is told.
    pub fn notification_id(&self) -> NotificationId {
        let key = format!("{}/{}/{}", self.reminder_id, self.generation, self.due.as_micros());
        NotificationId(derived_id("notification", &key))
    }

    /// Whether what it tells is void, if `newest` is the newest revision that made void what was told before it.
    pub fn is_void(&self, newest: Revision) -> bool {
        self.revision < newest
    }
}

/// A reminder was moved, snoozed, dismissed, withdrawn…: what was told of earlier revisions is told no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voiding {
    /// Which reminder.
    pub reminder_id: Uuid,
    /// Its state from then on.
    pub revision: Revision,
    /// Who did it.
    pub cause: Cause,
}
