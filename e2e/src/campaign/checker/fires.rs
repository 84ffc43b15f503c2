//! When reminders fired, read from the record of what happened.

use mesh_proto::audit::v1::AuditEvent;
use mesh_types::Timestamp;
use prost_types::value::Kind;

use super::history::Histories;
use crate::campaign::instants;

/// A reminder fired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fire {
    /// Which one.
    pub reminder: String,
    /// The reminder's version by it.
    pub version: i64,
    /// The instant it was due.
    pub due: Timestamp,
    /// The instant from which it could fire: when it was due, or later when it was told only then.
    pub ready: Timestamp,
    /// The instant it fired.
    pub at: Timestamp,
    /// Whether what it told was withdrawn by a later change.
    pub withdrawn: bool,
}

/// Every time this reminder fired, in order. Where its record lacks entries, its history is a difference, and what is
/// told here does not matter.
pub(super) fn of(histories: &Histories, reminder: &str) -> Vec<Fire> {
    let (mut fires, mut armed, mut told) = (Vec::<Fire>::new(), None, Timestamp::default());
    for entry in histories.entries("reminder", reminder) {
        let at = entry.event_time.as_ref().and_then(instants::read).unwrap_or_default();
        if entry.action == "fired" {
            let (reminder, due, version) = (reminder.to_owned(), armed.unwrap_or_default(), entry.entity_version);
            fires.push(Fire { reminder, version, due, ready: told.max(due), at, withdrawn: false });
        } else if entry.changed_fields.iter().any(|field| field == "state" || field == "fireTime") {
            fires.iter_mut().for_each(|fire| fire.withdrawn = true);
        }
        (armed, told) = (fire_time(entry), at);
    }
    fires
}

/// When the reminder is to fire after that.
fn fire_time(entry: &AuditEvent) -> Option<Timestamp> {
    match entry.after.as_ref()?.fields.get("fireTime")?.kind.as_ref()? {
        Kind::StringValue(text) => instants::parse(text),
        _ => None,
    }
}
