//! Reminders that exist in a test only, and what the scheduler would tell of them.

use mesh_events::Envelope;
use mesh_proto::{
    event::v1::{ReminderChanged, ReminderFired},
    scheduler::v1::Reminder as ProtoReminder,
};
use mesh_testkit::TestUser;
use mesh_types::{Actor, Clock, SystemClock, Timestamp, UserId, WorkspaceId, new_id};
use prost::Message;
use uuid::Uuid;

/// When every reminder here is due, but for the generation in seconds: 2026-01-01T00:00:00Z.
pub(crate) const DUE: Timestamp = Timestamp::from_micros(1_767_225_600_000_000);

/// Somebody's reminder of a task.
#[derive(Clone, Debug)]
pub(crate) struct Reminder {
    pub(crate) id: Uuid,
    pub(crate) task_id: Uuid,
    pub(crate) workspace: WorkspaceId,
    pub(crate) user: UserId,
    pub(crate) title: String,
    /// The channels that it names.
    pub(crate) channels: Vec<String>,
}

impl Reminder {
    /// Of a task with this title in the user's personal workspace.
    pub(crate) fn of(user: &TestUser, title: &str) -> Self {
        let (workspace, user) = (user.workspace(), user.id());
        let (title, channels) = (title.to_owned(), Vec::new());
        Self { id: fresh_id(), task_id: fresh_id(), workspace, user, title, channels }
    }

    /// It fires: this version of it, the first of its generation.
    pub(crate) fn fires(&self, version: i64) -> Envelope {
        self.fired(version, false)
    }

    /// It fires after a time in which nobody was there to fire it.
    pub(crate) fn fires_late(&self, version: i64) -> Envelope {
        self.fired(version, true)
    }

    fn fired(&self, version: i64, late: bool) -> Envelope {
        let due = DUE.plus(std::time::Duration::from_secs(version.unsigned_abs()));
        let (seconds, nanos) = due.to_parts();
        let body = ReminderFired {
            after: Some(self.proto(version)),
            generation: version,
            due_time: Some(prost_types::Timestamp { seconds, nanos }),
            lateness: Some(prost_types::Duration { seconds: 0, nanos: 1_000_000 }),
            late,
            task_title: self.title.clone(),
        };
        self.envelope(version, "fired", "taskmesh.event.v1.ReminderFired", body.encode_to_vec())
    }

    /// Its task is completed: what it told is void.
    pub(crate) fn is_withdrawn(&self, version: i64) -> Envelope {
        self.changes(version, "withdrawn", &["state", "fire_time"])
    }

    /// Its task is reopened.
    pub(crate) fn is_restored(&self, version: i64) -> Envelope {
        self.changes(version, "restored", &["state", "fire_time"])
    }

    /// These fields of it change.
    pub(crate) fn changes(&self, version: i64, verb: &str, paths: &[&str]) -> Envelope {
        let paths = paths.iter().map(|&path| path.to_owned()).collect();
        let body = ReminderChanged {
            after: Some(self.proto(version)),
            before: Some(ProtoReminder::default()),
            changed: Some(prost_types::FieldMask { paths }),
        };
        self.envelope(version, verb, "taskmesh.event.v1.ReminderChanged", body.encode_to_vec())
    }

    fn proto(&self, version: i64) -> ProtoReminder {
        ProtoReminder {
            id: self.id.to_string(),
            workspace_id: self.workspace.to_string(),
            task_id: self.task_id.to_string(),
            user_id: self.user.to_string(),
            channel_ids: self.channels.clone(),
            version,
            ..ProtoReminder::default()
        }
    }

    fn envelope(&self, version: i64, verb: &str, event_type: &str, payload: Vec<u8>) -> Envelope {
        let actor = Actor {
            user_id: self.user,
            service: Some("scheduler-svc".to_owned()),
            token_id: None,
            client_address: None,
            user_agent: None,
        };
        Envelope {
            id: fresh_id(),
            source: "scheduler-svc".to_owned(),
            time: DUE,
            workspace_id: self.workspace,
            entity: "reminder".to_owned(),
            aggregate_id: self.id,
            epoch: 1,
            version,
            verb: verb.to_owned(),
            event_type: event_type.to_owned(),
            actor,
            trace_parent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
            payload: payload.into(),
        }
    }
}

/// The same event under another id: as if it were told again.
pub(crate) fn again(event: &Envelope) -> Envelope {
    Envelope { id: fresh_id(), ..event.clone() }
}

/// An id that nothing else has.
pub(crate) fn fresh_id() -> Uuid {
    new_id(SystemClock.now())
}
