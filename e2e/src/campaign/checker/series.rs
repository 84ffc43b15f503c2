//! Schedules: exactly one successor for each finished occurrence, at the right wall time, each with its own task.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::DateTime;
use mesh_proto::{
    scheduler::v1::{Occurrence, OccurrenceState},
    task::v1::{Task, TaskStatus},
};

use super::{Findings, Sight};
use crate::campaign::{record::Series, users::wall_time};

pub(super) fn check(sight: &Sight, findings: &mut Findings) {
    for (id, series) in &sight.ledger.series {
        findings.expect(sight.world.schedules.contains_key(id), "schedule", id, || "it is gone".to_owned());
        let planned = sight.world.occurrences.get(id).map(Vec::as_slice).unwrap_or_default();
        one_successor_each(findings, id, series, planned);
        for occurrence in planned {
            one_occurrence(sight, findings, series, occurrence);
        }
        tasks_once(sight, findings, id, planned);
    }
    for id in sight.world.schedules.keys().filter(|id| !sight.ledger.series.contains_key(*id)) {
        findings.add("schedule", id, "nobody made it");
    }
}

fn one_successor_each(findings: &mut Findings, id: &str, series: &Series, planned: &[Occurrence]) {
    let nominal: Vec<DateTime> = planned.iter().filter_map(|occurrence| occurrence.occurrence.parse().ok()).collect();
    let there: BTreeSet<DateTime> = nominal.iter().copied().collect();
    findings.expect(there.len() == planned.len(), "schedule", id, || format!("occurrences come twice: {planned:?}"));
    let count = series.expected_count();
    findings.expect(there.len() == count, "schedule", id, || format!("{} occurrences, not {count}", there.len()));
    let Some(expected) = series.expected() else { return };
    for lost in expected.difference(&there) {
        findings.add("schedule", id, format!("occurrence {lost} is missing: {} finished", series.finished.len()));
    }
    for extra in there.difference(&expected) {
        findings.add("schedule", id, format!("occurrence {extra} is nobody's successor"));
    }
}

/// Its task is there, due when the rule says, and stands as the occurrence says.
fn one_occurrence(sight: &Sight, findings: &mut Findings, series: &Series, occurrence: &Occurrence) {
    let (id, nominal) = (occurrence.schedule_id.as_str(), occurrence.occurrence.as_str());
    let Some(task) = occurrence.task_id.as_ref().and_then(|task| sight.world.tasks.get(task)) else {
        findings.add("schedule", id, format!("occurrence {nominal} has no task: {occurrence:?}"));
        return;
    };
    let due = nominal.parse().ok().map(|nominal| wall_time(nominal, &series.time_zone));
    findings.expect(task.due == due, "task", &task.id, || format!("it is due {:?}, not {due:?}", task.due));
    // Nothing can be changed in a deleted task, so the first one may have been deleted before it was linked.
    let unlinked = task.id == series.first_task && task.delete_time.is_some() && task.schedule_id.is_none();
    let linked = task.schedule_id.as_deref() == Some(id) && task.occurrence.as_deref() == Some(nominal);
    findings.expect(linked || unlinked, "task", &task.id, || {
        format!("it is occurrence {:?} of {:?}, not {nominal} of {id}", task.occurrence, task.schedule_id)
    });
    let state = state_by(task);
    findings.expect(occurrence.state() == state, "schedule", id, || {
        format!("occurrence {nominal} is {:?}, and its task makes it {state:?}", occurrence.state())
    });
}

fn state_by(task: &Task) -> OccurrenceState {
    match task.status() {
        _ if task.delete_time.is_some() => OccurrenceState::Deleted,
        TaskStatus::Completed => OccurrenceState::Completed,
        TaskStatus::Cancelled => OccurrenceState::Cancelled,
        _ => OccurrenceState::Open,
    }
}

/// No task of the schedule besides those of its occurrences.
fn tasks_once(sight: &Sight, findings: &mut Findings, id: &str, planned: &[Occurrence]) {
    let mut tasks: BTreeMap<&str, usize> = BTreeMap::new();
    for task in planned.iter().filter_map(|occurrence| occurrence.task_id.as_deref()) {
        *tasks.entry(task).or_default() += 1;
    }
    for (task, count) in tasks.iter().filter(|(_, count)| **count > 1) {
        findings.add("task", task, format!("it is {count} occurrences of schedule {id}"));
    }
    let own = sight.world.tasks.values().filter(|task| task.schedule_id.as_deref() == Some(id));
    for task in own.filter(|task| !tasks.contains_key(task.id.as_str())) {
        findings.add("task", &task.id, format!("it is of schedule {id}, which does not know it"));
    }
}

#[cfg(test)]
mod tests {
    use super::super::worlds::{Both, SCHEDULE, SUCCESSOR};
    use super::*;

    fn told(both: &Both, what: &str) -> bool {
        both.differences("series").iter().any(|difference| difference.what.contains(what))
    }

    #[test]
    fn a_missing_successor_is_a_difference() {
        let mut both = Both::agreeing();
        both.occurrences().pop();
        assert!(told(&both, "is missing"));
    }

    #[test]
    fn a_second_successor_is_a_difference() {
        let mut both = Both::agreeing();
        let mut extra = both.occurrences()[1].clone();
        extra.occurrence = "2030-01-03T09:00:00".to_owned();
        both.occurrences().push(extra);
        assert!(told(&both, "nobody's successor"));
        assert!(told(&both, "it is 2 occurrences"));
    }

    #[test]
    fn an_occurrence_without_its_task_is_a_difference() {
        let mut both = Both::agreeing();
        both.world.tasks.remove(SUCCESSOR);
        assert!(told(&both, "has no task"));
    }

    #[test]
    fn a_wrong_due_is_a_difference() {
        let mut both = Both::agreeing();
        both.successor().due = None;
        assert!(told(&both, "it is due"));
    }

    #[test]
    fn a_state_that_is_not_the_tasks_is_a_difference() {
        let mut both = Both::agreeing();
        both.occurrences()[0].set_state(OccurrenceState::Open);
        assert!(told(&both, "its task makes it Completed"));
    }

    #[test]
    fn a_schedule_that_is_gone_is_a_difference() {
        let mut both = Both::agreeing();
        both.world.schedules.remove(SCHEDULE);
        assert!(told(&both, "gone"));
    }

    #[test]
    fn a_task_that_its_schedule_does_not_know_is_a_difference() {
        let mut both = Both::agreeing();
        let stray = Task { id: "stray".to_owned(), ..both.successor().clone() };
        both.world.tasks.insert(stray.id.clone(), stray);
        assert!(told(&both, "does not know it"));
    }
}
