//! What a user did in the inbox.

use mesh_proto::notify::v1::Notification;

use super::{Step, Steps, Versioned};

/// What a user did in the inbox.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    read: Vec<Step<Notification>>,
    seen: Vec<String>,
}

impl Marks {
    /// A notification was marked as read.
    pub fn read(&mut self, step: Step<Notification>) {
        self.read.push(step);
    }

    /// Notifications were marked as seen.
    pub fn seen(&mut self, ids: impl IntoIterator<Item = String>) {
        self.seen.extend(ids);
    }

    /// The ids of those marked as read.
    pub fn all_read(&self) -> impl Iterator<Item = &str> {
        self.read.iter().map(|step| step.answer.id())
    }

    /// The ids of those marked as seen.
    pub fn all_seen(&self) -> impl Iterator<Item = &str> {
        self.seen.iter().map(String::as_str)
    }

    /// What happened to one of them.
    pub fn of(&self, id: &str) -> Steps<Notification> {
        let mut steps = Steps::default();
        self.read.iter().filter(|step| step.answer.id() == id).for_each(|step| steps.push(step.clone()));
        steps
    }

    /// How many marks were set.
    pub fn len(&self) -> usize {
        self.read.len() + self.seen.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn take_in(&mut self, other: Self) {
        self.read.extend(other.read);
        self.seen.extend(other.seen);
    }
}
