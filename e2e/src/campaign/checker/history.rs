//! The record of what happened: exactly one entry for every version of everything, without a gap, and with the verb of
//! what was acknowledged.

use std::collections::BTreeMap;

use mesh_proto::audit::v1::AuditEvent;

use super::{Findings, Sight};
use crate::campaign::record::{Steps, UNCHANGED, Versioned};

/// The entries of each thing, in order of versions.
pub(super) struct Histories<'a>(BTreeMap<&'a str, BTreeMap<&'a str, Vec<&'a AuditEvent>>>);

impl<'a> Histories<'a> {
    pub(super) fn of(events: &'a [AuditEvent]) -> Self {
        let mut histories: BTreeMap<_, BTreeMap<_, Vec<_>>> = BTreeMap::new();
        // Entries without a version tell of what changed nothing.
        for event in events.iter().filter(|event| event.entity_version > 0) {
            let of_kind = histories.entry(event.entity_type.as_str()).or_default();
            of_kind.entry(event.entity_id.as_str()).or_default().push(event);
        }
        histories
            .values_mut()
            .flat_map(BTreeMap::values_mut)
            .for_each(|events| events.sort_by_key(|event| event.entity_version));
        Self(histories)
    }

    /// What happened to one thing.
    pub(super) fn entries(&self, kind: &str, id: &str) -> &[&'a AuditEvent] {
        self.0.get(kind).and_then(|of_kind| of_kind.get(id)).map(Vec::as_slice).unwrap_or_default()
    }
}

pub(super) fn check(sight: &Sight, findings: &mut Findings) {
    let things =
        sight.histories.0.iter().flat_map(|(kind, of)| of.iter().map(move |(id, entries)| (kind, id, entries)));
    for (kind, id, entries) in things {
        let versions: Vec<_> = entries.iter().map(|entry| entry.entity_version).collect();
        let dense = versions.iter().copied().eq(1..=versions.len() as i64);
        findings.expect(dense, kind, id, || format!("its entries have the versions {versions:?}"));
    }
    whole(sight, findings);
    for (id, steps) in &sight.ledger.tasks {
        verbs(sight, findings, id, steps);
    }
    for (id, steps) in &sight.ledger.reminders {
        verbs(sight, findings, id, steps);
    }
    for (id, series) in &sight.ledger.series {
        verbs(sight, findings, id, &series.steps);
    }
}

/// Everything that is there is in the record, up to its newest version.
fn whole(sight: &Sight, findings: &mut Findings) {
    let world = sight.world;
    let tasks = world.tasks.iter().map(|(id, task)| ("task", id, task.version));
    let reminders = world.reminders.iter().map(|(id, reminder)| ("reminder", id, reminder.version));
    let schedules = world.schedules.iter().map(|(id, schedule)| ("schedule", id, schedule.version));
    let notifications = world.notifications.iter().map(|(id, one)| ("notification", id, one.version));
    let channels = world.channels.iter().map(|(id, channel)| ("channel", id, channel.version));
    let deliveries = world.deliveries.iter().map(|(id, delivery)| ("delivery", id, delivery.version));
    let all = tasks.chain(reminders).chain(schedules).chain(notifications).chain(channels).chain(deliveries);
    for (kind, id, version) in all {
        let recorded = sight.histories.entries(kind, id).last().map_or(0, |entry| entry.entity_version);
        findings.expect(recorded == version, kind, id, || format!("it is at {version}, its record at {recorded}"));
    }
}

/// What was acknowledged is in the record as that.
fn verbs<T: Versioned>(sight: &Sight, findings: &mut Findings, id: &str, steps: &Steps<T>) {
    let entries = sight.histories.entries(T::KIND, id);
    // What changed nothing has no version of its own.
    for step in steps.all().iter().filter(|step| step.verb != UNCHANGED) {
        let version = step.answer.version();
        let entry = entries.iter().find(|entry| entry.entity_version == version);
        let action = entry.map(|entry| entry.action.as_str());
        findings.expect(action == Some(step.verb), T::KIND, id, || {
            format!("version {version} was acknowledged as {}, and is recorded as {action:?}", step.verb)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::super::worlds::{Both, TASK};

    #[test]
    fn a_missing_entry_is_a_difference() {
        let mut both = Both::agreeing();
        both.world.history.retain(|entry| (entry.entity_id.as_str(), entry.entity_version) != (TASK, 2));
        assert!(!both.differences("history").is_empty());
    }

    #[test]
    fn a_second_entry_of_one_version_is_a_difference() {
        let mut both = Both::agreeing();
        let again = both.world.history[0].clone();
        both.world.history.push(again);
        assert_eq!(both.differences("history").len(), 1);
    }

    #[test]
    fn another_verb_than_the_acknowledged_one_is_a_difference() {
        let mut both = Both::agreeing();
        both.entry("task", TASK, 2).action = "deleted".to_owned();
        assert!(both.differences("history")[0].what.contains("acknowledged as completed"));
    }

    #[test]
    fn what_is_newer_than_its_record_is_a_difference() {
        let mut both = Both::agreeing();
        both.world.deliveries.values_mut().for_each(|delivery| delivery.version += 1);
        assert_eq!(both.differences("history").len(), 1);
    }
}
