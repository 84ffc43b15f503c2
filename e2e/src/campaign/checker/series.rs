//! Schedules: exactly the occurrences that follow from what was done, each with its one task, due at the right wall time,
//! and in the state it was left in; none for what was skipped, nor from where a schedule was paused, deleted or split.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::DateTime;
use mesh_proto::{
    scheduler::v1::{Occurrence, OccurrenceState, Schedule, ScheduleState},
    task::v1::{Task, TaskStatus},
};

use super::{Findings, Sight};
use crate::campaign::{
    record::{Closing, Expected, Fate, Series, Standing},
    users::wall_time,
};

pub(super) fn check(sight: &Sight, findings: &mut Findings) {
    for (id, series) in &sight.ledger.series {
        match sight.world.schedules.get(id) {
            None => findings.add("schedule", id, "it is gone"),
            Some(schedule) => stands(findings, series, schedule),
        }
        done_once(sight, findings, id, series);
        let planned = sight.world.occurrences.get(id).map(Vec::as_slice).unwrap_or_default();
        one_each(sight, findings, (id, series), planned);
        for occurrence in planned {
            one_occurrence(sight, findings, series, occurrence);
        }
        tasks_once(sight, findings, id, planned);
    }
    for id in sight.world.schedules.keys().filter(|id| !sight.ledger.series.contains_key(*id)) {
        findings.add("schedule", id, "nobody made it");
    }
}

/// It says of itself what was done to it.
fn stands(findings: &mut Findings, series: &Series, schedule: &Schedule) {
    let state = match series.standing {
        Standing::Active => ScheduleState::Active,
        Standing::Paused => ScheduleState::Paused,
        Standing::Ended => ScheduleState::Ended,
    };
    let ends_before = series.ends_before.map(Series::spelled);
    let expected = (state, series.deleted, ends_before.as_deref(), series.split_from.as_deref());
    let is = (
        schedule.state(),
        schedule.delete_time.is_some(),
        schedule.ends_before.as_deref(),
        schedule.split_from_id.as_deref(),
    );
    findings.expect(is == expected, "schedule", &schedule.id, || {
        format!("(state, deleted, ends before, split from) is {is:?}, not {expected:?}")
    });
}

/// Each acknowledged change of it is there once. (Where it is in the record is the check of the history.)
fn done_once(sight: &Sight, findings: &mut Findings, id: &str, series: &Series) {
    let entries = sight.histories.entries("schedule", id);
    for verb in ["updated", "paused", "resumed", "skipped", "deleted", "undeleted", "split"] {
        let acknowledged = match verb {
            // The answer to a call that was made again does not tell which version it made.
            "split" => usize::from(series.ends_before.is_some()),
            _ => series.steps.all().iter().filter(|step| step.verb == verb).count(),
        };
        let done = entries.iter().filter(|entry| entry.action == verb).count();
        findings.expect(done == acknowledged, "schedule", id, || {
            format!("it was {verb} {done} times, and {acknowledged} were acknowledged")
        });
    }
}

fn one_each(sight: &Sight, findings: &mut Findings, (id, series): (&str, &Series), planned: &[Occurrence]) {
    let there: BTreeSet<DateTime> = planned.iter().filter_map(nominal).collect();
    findings.expect(there.len() == planned.len(), "schedule", id, || format!("occurrences come twice: {planned:?}"));
    let expected: BTreeSet<DateTime> = series.occurrences.keys().copied().collect();
    for lost in expected.difference(&there) {
        findings.add("schedule", id, format!("occurrence {lost} is missing: {}", story(sight, id, series, planned)));
    }
    let (extra, unnamed) = (there.difference(&expected), usize::from(series.unnamed.is_some()));
    findings.expect(extra.clone().count() >= unnamed, "schedule", id, || "the successor is missing".to_owned());
    for extra in extra.skip(unnamed) {
        let story = story(sight, id, series, planned);
        findings.add("schedule", id, format!("occurrence {extra} is nobody's successor: {story}"));
    }
}

/// What is there, what must be, and what was done; to what it was split from, too.
fn story(sight: &Sight, id: &str, series: &Series, planned: &[Occurrence]) -> String {
    let fates: Vec<_> = series.occurrences.iter().map(|(nominal, one)| (Series::spelled(*nominal), one.fate)).collect();
    let there = there(sight, id, planned);
    let before = series.split_from.as_deref().map(|from| {
        let planned = sight.world.occurrences.get(from).map(Vec::as_slice).unwrap_or_default();
        format!("; before it there was {}", self::there(sight, from, planned))
    });
    let before = before.unwrap_or_default();
    format!("{there} is not {fates:?} of {:?} by {:?}{before}", series.times, series.plan)
}

/// The occurrences of a schedule, what was done to it, and how it reads its rules.
fn there(sight: &Sight, id: &str, planned: &[Occurrence]) -> String {
    let states: Vec<_> = planned.iter().map(|one| (one.occurrence.as_str(), one.state())).collect();
    let done: Vec<_> = sight.histories.entries("schedule", id).iter().map(|entry| entry.action.as_str()).collect();
    let policies = sight.world.schedules.get(id).and_then(|schedule| schedule.policies.as_ref());
    format!("{states:?} after {done:?} with {policies:?}")
}

fn nominal(occurrence: &Occurrence) -> Option<DateTime> {
    occurrence.occurrence.parse().ok()
}

/// It has the state that it was left in, and its task has it, too.
fn one_occurrence(sight: &Sight, findings: &mut Findings, series: &Series, occurrence: &Occurrence) {
    let (id, name) = (occurrence.schedule_id.as_str(), occurrence.occurrence.as_str());
    let Some(expected) = nominal(occurrence).and_then(|nominal| expected(series, nominal)) else { return };
    let task = occurrence.task_id.as_ref().and_then(|task| sight.world.tasks.get(task));
    let states: &[OccurrenceState] = match expected.fate {
        Fate::Open => &[OccurrenceState::Open],
        Fate::Finished => &[OccurrenceState::Completed, OccurrenceState::Cancelled, OccurrenceState::Deleted],
        Fate::Skipped | Fate::SkippedEarly | Fate::LeftOut => &[OccurrenceState::Skipped],
        Fate::Closed(Closing::Cancel) => &[OccurrenceState::Cancelled],
        Fate::Closed(Closing::Delete) => &[OccurrenceState::Deleted],
    };
    findings.expect(states.contains(&occurrence.state()), "schedule", id, || {
        format!("occurrence {name} is {:?}, and was left {:?}", occurrence.state(), expected.fate)
    });
    match (task, expected.fate) {
        (None, Fate::LeftOut) => {}
        // It may have been closed before it had a task, which it says then.
        (None, Fate::SkippedEarly | Fate::Closed(_)) if occurrence.task_id.is_none() => {}
        (None, _) => findings.add("schedule", id, format!("occurrence {name} has no task: {occurrence:?}")),
        (Some(task), Fate::LeftOut) => {
            findings.add("task", &task.id, format!("occurrence {name} of {id} was left out, and has it"));
        }
        (Some(task), _) => its_task(sight, findings, (series, &expected), (occurrence, task)),
    }
}

/// What there must be; of the one whose time nobody knew, everything but the time.
fn expected(series: &Series, nominal: DateTime) -> Option<Expected> {
    let unnamed = || Some(Expected { due: nominal, title: series.unnamed.clone()?, fate: Fate::Open });
    series.occurrences.get(&nominal).cloned().or_else(unnamed)
}

/// It stands as its occurrence does, knows which one that is, is due when the schedule says and called what it says.
fn its_task(
    sight: &Sight,
    findings: &mut Findings,
    (series, expected): (&Series, &Expected),
    (occurrence, task): (&Occurrence, &Task),
) {
    let (id, name) = (occurrence.schedule_id.as_str(), occurrence.occurrence.as_str());
    let (is, state) = (state_by(task), occurrence.state());
    let state = if state == OccurrenceState::Skipped { OccurrenceState::Cancelled } else { state };
    findings.expect(is == state, "task", &task.id, || format!("it is {is:?}, and occurrence {name} of {id} {state:?}"));
    let is_linked = task.schedule_id.as_deref() == Some(id) && task.occurrence.as_deref() == Some(name);
    if !is_linked && was_closed_first(sight, expected.fate, task) {
        return;
    }
    findings.expect(is_linked, "task", &task.id, || {
        format!("it is occurrence {:?} of {:?}, not {name} of {id}", task.occurrence, task.schedule_id)
    });
    let due = Some(wall_time(expected.due, &series.time_zone));
    findings.expect(task.due == due, "task", &task.id, || format!("it is due {:?}, not {due:?}", task.due));
    let title = expected.title.as_str();
    findings.expect(task.title() == title, "task", &task.id, || format!("it is called {}, not {title}", task.title()));
}

/// Nothing can be changed in a deleted task, and what its schedule closes has nothing else done to it any more: so one that
/// was there before this schedule took it may not have been told.
fn was_closed_first(sight: &Sight, fate: Fate, task: &Task) -> bool {
    let by_schedule = matches!(fate, Fate::Skipped | Fate::Closed(_));
    let was_there = sight.ledger.errands.get(&task.id).is_some_and(|errands| !errands.schedules.is_empty());
    was_there && (by_schedule || task.delete_time.is_some())
}

fn state_by(task: &Task) -> OccurrenceState {
    match task.status() {
        _ if task.delete_time.is_some() => OccurrenceState::Deleted,
        TaskStatus::Completed => OccurrenceState::Completed,
        TaskStatus::Cancelled => OccurrenceState::Cancelled,
        _ => OccurrenceState::Open,
    }
}

/// No task of the schedule besides those of its occurrences, and those that another one took over.
fn tasks_once(sight: &Sight, findings: &mut Findings, id: &str, planned: &[Occurrence]) {
    let mut tasks: BTreeMap<&str, usize> = BTreeMap::new();
    for task in planned.iter().filter_map(|occurrence| occurrence.task_id.as_deref()) {
        *tasks.entry(task).or_default() += 1;
    }
    for (task, count) in tasks.iter().filter(|(_, count)| **count > 1) {
        findings.add("task", task, format!("it is {count} occurrences of schedule {id}"));
    }
    let taken_over = |task: &Task| {
        let errands = sight.ledger.errands.get(&task.id);
        errands.and_then(|errands| errands.schedules.last()).is_some_and(|last| last != id)
    };
    let own = sight.world.tasks.values().filter(|task| task.schedule_id.as_deref() == Some(id) && !taken_over(task));
    for task in own.filter(|task| !tasks.contains_key(task.id.as_str())) {
        findings.add("task", &task.id, format!("it is of schedule {id}, which does not know it"));
    }
}
