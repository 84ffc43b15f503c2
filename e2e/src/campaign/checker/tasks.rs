//! Tasks: every acknowledged change is there, with every field as it was answered, none was done twice, and nothing is
//! there that nobody made. What schedules did to them in the user's name was done once, and is all that was done.

use std::collections::BTreeSet;

use mesh_proto::task::v1::{Task, TaskStatus};

use super::{Findings, Sight};
use crate::campaign::record::{Closing, Errands, Step, UNCHANGED};

pub(super) fn check(sight: &Sight, findings: &mut Findings) {
    let nothing = Errands::default();
    for (id, steps) in &sight.ledger.tasks {
        let errands = sight.ledger.errands.get(id).unwrap_or(&nothing);
        steps.all().iter().for_each(|step| meant(findings, id, step));
        for two in steps.all().windows(2) {
            continuous(findings, errands, &two[0], &two[1]);
        }
        let (Some(last), listed) = (steps.last(), sight.world.tasks.get(id)) else { continue };
        match listed {
            None => findings.add("task", id, format!("it is gone; it was {} at {}", last.verb, last.answer.version)),
            Some(listed) => same(findings, errands, &last.answer, listed),
        }
    }
    let planned = sight.world.occurrences.values().flatten().filter_map(|occurrence| occurrence.task_id.as_deref());
    let known: BTreeSet<&str> = sight.ledger.tasks.keys().map(String::as_str).chain(planned).collect();
    for id in sight.world.tasks.keys().filter(|id| !known.contains(id.as_str())) {
        findings.add("task", id, "nobody made it");
    }
}

/// One change, one version; and each schedule that takes the task makes one of its own. What changes nothing makes none.
fn continuous(findings: &mut Findings, errands: &Errands, before: &Step<Task>, after: &Step<Task>) {
    let (one, other) = (&before.answer, &after.answer);
    let own = i64::from(after.verb != UNCHANGED);
    let right = taken(errands, one, other).is_some_and(|taken| {
        let kept = own == 1 || taken_over(one, other, taken) == *other;
        other.version - one.version == own + taken && kept
    });
    findings.expect(right, "task", &one.id, || {
        format!(
            "it was {} at version {} and next {} at version {}",
            before.verb, one.version, after.verb, other.version
        )
    });
}

/// How many schedules took the task between the two; `None` if it is one's that never did. The one that made it took it
/// from the beginning.
fn taken(errands: &Errands, before: &Task, after: &Task) -> Option<i64> {
    if before.schedule_id == after.schedule_id {
        return Some(0);
    }
    let place = |task: &Task| match &task.schedule_id {
        None => Some(0),
        Some(id) => errands.schedules.iter().position(|schedule| schedule == id).map(|place| place as i64 + 1),
    };
    Some(place(after)? - place(before)?)
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

/// Field for field. Only what schedules were asked to do may have come after the last answer, and must have.
fn same(findings: &mut Findings, errands: &Errands, answered: &Task, listed: &Task) {
    let listed = Task { change_id: String::new(), ..listed.clone() };
    let Some(taken) = taken(errands, answered, &listed) else {
        let schedule = listed.schedule_id();
        return findings.add("task", &listed.id, format!("it is of schedule {schedule}, which nobody gave it to"));
    };
    let expected = taken_over(answered, &listed, taken);
    let expected = errands.closing.map_or(expected.clone(), |how| closed(expected, &listed, how));
    let told = || format!("it was acknowledged as {expected:?} and is {listed:?}");
    findings.expect(expected == listed, "task", &listed.id, told);
}

/// What a task becomes when it becomes an occurrence of so many schedules, one after the other. The first one only notes
/// that; each other one writes it anew. (Whether it is right is the check of series.)
fn taken_over(before: &Task, after: &Task, taken: i64) -> Task {
    if taken == 0 {
        return before.clone();
    }
    let anew = if taken == 1 && before.schedule_id.is_none() { before } else { after };
    let linked = Task {
        schedule_id: after.schedule_id.clone(),
        occurrence: after.occurrence.clone(),
        title: anew.title.clone(),
        due: anew.due.clone(),
        ..before.clone()
    };
    changed(linked, after, taken)
}

/// What a task becomes when it is closed.
fn closed(before: Task, after: &Task, how: Closing) -> Task {
    let closed = match how {
        Closing::Cancel => Task { status: Some(TaskStatus::Cancelled.into()), ..before },
        Closing::Delete => {
            Task { delete_time: after.delete_time.or(Some(prost_types::Timestamp::default())), ..before }
        }
    };
    changed(closed, after, 1)
}

/// The same by so many changes more.
fn changed(task: Task, after: &Task, changes: i64) -> Task {
    let (etag, update_time) = (after.etag.clone(), after.update_time);
    Task { version: task.version + changes, etag, update_time, ..task }
}

#[cfg(test)]
mod tests {
    use mesh_proto::task::v1::TaskTime;

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
        both.ledger.errands.insert(TASK.to_owned(), Errands { schedules: vec!["s".to_owned()], closing: None });
        both.task().schedule_id = Some("s".to_owned());
        both.task().version += 1;
        assert!(both.differences("tasks").is_empty());
        both.task().due = Some(TaskTime::default());
        assert_eq!(both.differences("tasks").len(), 1);
    }

    #[test]
    fn a_link_to_a_schedule_that_never_took_it_is_a_difference() {
        let mut both = Both::agreeing();
        both.task().schedule_id = Some("s".to_owned());
        both.task().version += 1;
        assert!(both.differences("tasks")[0].what.contains("nobody gave it to"));
    }

    #[test]
    fn a_task_that_was_written_anew_twice_is_a_difference() {
        let mut both = Both::agreeing();
        let schedules = vec!["s".to_owned(), "t".to_owned()];
        both.ledger.errands.insert(TASK.to_owned(), Errands { schedules, closing: None });
        let task = both.task();
        (task.schedule_id, task.title, task.version) =
            (Some("t".to_owned()), Some("anew".to_owned()), task.version + 2);
        assert!(both.differences("tasks").is_empty());
        both.task().version += 1;
        assert_eq!(both.differences("tasks").len(), 1);
    }

    #[test]
    fn a_task_that_was_to_be_closed_and_was_not_is_a_difference() {
        for how in [Closing::Cancel, Closing::Delete] {
            let mut both = Both::agreeing();
            both.ledger.errands.insert(TASK.to_owned(), Errands { closing: Some(how), ..Errands::default() });
            assert_eq!(both.differences("tasks").len(), 1);
            let task = both.task();
            match how {
                Closing::Cancel => task.set_status(TaskStatus::Cancelled),
                Closing::Delete => task.delete_time = Some(prost_types::Timestamp { seconds: 1, nanos: 0 }),
            }
            task.version += 1;
            assert!(both.differences("tasks").is_empty());
            both.task().version += 1;
            assert_eq!(both.differences("tasks").len(), 1, "it was closed twice");
        }
    }

    #[test]
    fn a_task_that_nobody_made_is_a_difference() {
        let mut both = Both::agreeing();
        let task = both.task().clone();
        both.world.tasks.insert("other".to_owned(), task);
        assert!(both.differences("tasks")[0].what.contains("nobody"));
    }
}
