//! Tasks: every acknowledged change is there, with every field as it was answered, none was done twice, and nothing is
//! there that nobody made.

use std::collections::BTreeSet;

use mesh_proto::task::v1::{Task, TaskStatus};

use super::{Findings, Sight};
use crate::campaign::record::{Step, UNCHANGED};

pub(super) fn check(sight: &Sight, findings: &mut Findings) {
    for (id, steps) in &sight.ledger.tasks {
        steps.all().iter().for_each(|step| meant(findings, id, step));
        for two in steps.all().windows(2) {
            continuous(findings, id, &two[0], &two[1]);
        }
        let (Some(last), listed) = (steps.last(), sight.world.tasks.get(id)) else { continue };
        match listed {
            None => findings.add("task", id, format!("it is gone; it was {} at {}", last.verb, last.answer.version)),
            Some(listed) => same(findings, id, &last.answer, listed),
        }
    }
    let planned = sight.world.occurrences.values().flatten().filter_map(|occurrence| occurrence.task_id.as_deref());
    let known: BTreeSet<&str> = sight.ledger.tasks.keys().map(String::as_str).chain(planned).collect();
    for id in sight.world.tasks.keys().filter(|id| !known.contains(id.as_str())) {
        findings.add("task", id, "nobody made it");
    }
}

/// One change, one version; and the link to a schedule has one of its own. What changes nothing has none.
fn continuous(findings: &mut Findings, id: &str, before: &Step<Task>, after: &Step<Task>) {
    let link = i64::from(before.answer.schedule_id.is_none() && after.answer.schedule_id.is_some());
    let versions = after.answer.version - before.answer.version;
    let right = match after.verb {
        UNCHANGED => versions == link && linked(&before.answer, &after.answer) == after.answer,
        _ => versions == 1 + link,
    };
    findings.expect(right, "task", id, || {
        let (from, to) = (before.answer.version, after.answer.version);
        format!("it was {} at version {from} and next {} at version {to}", before.verb, after.verb)
    });
}

/// What the verb says has come about.
fn meant(findings: &mut Findings, id: &str, step: &Step<Task>) {
    let (status, deleted) = (step.answer.status(), step.answer.delete_time.is_some());
    let right = match step.verb {
        "completed" => status == TaskStatus::Completed,
        "cancelled" => status == TaskStatus::Cancelled,
        "reopened" => !matches!(status, TaskStatus::Completed | TaskStatus::Cancelled),
        UNCHANGED => return,
        _ => true,
    };
    findings.expect(right && deleted == (step.verb == "deleted"), "task", id, || {
        format!("it was acknowledged as {} and was {:?}", step.verb, step.answer)
    });
}

/// Field for field. Only the link to a schedule may have come after the last answer.
fn same(findings: &mut Findings, id: &str, answered: &Task, listed: &Task) {
    let listed = Task { change_id: String::new(), ..listed.clone() };
    let expected = linked(answered, &listed);
    findings
        .expect(expected == listed, "task", id, || format!("it was acknowledged as {expected:?} and is {listed:?}"));
}

/// What a task becomes when it is linked to its schedule, if it was between the two.
fn linked(before: &Task, after: &Task) -> Task {
    if before.schedule_id.is_some() || after.schedule_id.is_none() {
        return before.clone();
    }
    Task {
        schedule_id: after.schedule_id.clone(),
        occurrence: after.occurrence.clone(),
        version: before.version + 1,
        etag: after.etag.clone(),
        update_time: after.update_time,
        ..before.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::worlds::{Both, TASK},
        *,
    };

    #[test]
    fn a_lost_task_is_a_difference() {
        let mut both = Both::agreeing();
        both.world.tasks.remove(TASK);
        assert!(both.differences("tasks")[0].what.contains("gone"));
    }

    #[test]
    fn a_lost_update_is_a_difference() {
        let mut both = Both::agreeing();
        both.task().title = Some("as before".to_owned());
        assert_eq!(both.differences("tasks").len(), 1);
    }

    #[test]
    fn a_change_done_twice_is_a_difference() {
        let mut both = Both::agreeing();
        both.acknowledge_task("updated", |task| task.version += 2);
        assert!(both.differences("tasks").iter().any(|one| one.what.contains("next updated at version 4")));
    }

    #[test]
    fn a_change_that_was_acknowledged_and_not_done_is_a_difference() {
        let mut both = Both::agreeing();
        both.acknowledge_task("reopened", |task| task.version += 1);
        assert!(both.differences("tasks").iter().any(|one| one.what.contains("acknowledged as reopened")));
    }

    #[test]
    fn what_is_done_already_changes_nothing() {
        let mut both = Both::agreeing();
        let mut last = both.ledger.tasks[TASK].last().cloned().expect("a step");
        last.verb = UNCHANGED;
        both.ledger.tasks.entry(TASK.to_owned()).or_default().push(last.clone());
        assert!(both.differences("tasks").is_empty() && both.differences("history").is_empty());
        last.answer.version += 1;
        both.ledger.tasks.entry(TASK.to_owned()).or_default().push(last);
        assert!(!both.differences("tasks").is_empty());
    }

    #[test]
    fn a_link_to_a_schedule_is_no_difference_but_a_field_with_it_is() {
        let mut both = Both::agreeing();
        both.task().schedule_id = Some("s".to_owned());
        both.task().version += 1;
        assert!(both.differences("tasks").is_empty());
        both.task().description = Some("d".to_owned());
        assert_eq!(both.differences("tasks").len(), 1);
    }

    #[test]
    fn a_task_that_nobody_made_is_a_difference() {
        let mut both = Both::agreeing();
        let task = both.task().clone();
        both.world.tasks.insert("other".to_owned(), task);
        assert!(both.differences("tasks")[0].what.contains("nobody"));
    }
}
