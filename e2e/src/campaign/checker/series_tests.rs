//! What the check of schedules finds in worlds that are wrong.

use mesh_proto::{
    scheduler::v1::{OccurrenceState, ScheduleState},
    task::v1::{Task, TaskStatus},
};

use super::worlds::{Both, SCHEDULE, SUCCESSOR, TITLE};
use super::worlds_changed::{NEW, THIRD};
use crate::campaign::record::Closing;

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
fn one_successor_is_enough_when_nobody_knows_its_time() {
    let mut both = Both::agreeing();
    let series = both.ledger.series.get_mut(SCHEDULE).expect("the series");
    series.unnamed = series.occurrences.pop_last().map(|(_, successor)| successor.title);
    assert!(both.differences("series").is_empty());
    both.occurrences().pop();
    assert!(told(&both, "the successor is missing"));
}

#[test]
fn an_occurrence_without_its_task_is_a_difference() {
    let mut both = Both::agreeing();
    both.world.tasks.remove(SUCCESSOR);
    assert!(told(&both, "has no task"));
}

#[test]
fn a_wrong_due_or_title_is_a_difference() {
    let mut both = Both::agreeing();
    both.successor().due = None;
    assert!(told(&both, "it is due"));
    both.successor().title = None;
    assert!(told(&both, "it is called"));
}

#[test]
fn a_state_that_is_not_the_tasks_is_a_difference() {
    let mut both = Both::agreeing();
    both.occurrences()[0].set_state(OccurrenceState::Cancelled);
    assert!(told(&both, "it is Completed"));
    both.occurrences()[0].set_state(OccurrenceState::Open);
    assert!(told(&both, "was left Finished"));
}

#[test]
fn a_schedule_that_is_gone_or_stands_otherwise_is_a_difference() {
    let mut both = Both::agreeing();
    both.schedule().set_state(ScheduleState::Ended);
    assert!(told(&both, "is (Ended"));
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

#[test]
fn a_skipped_occurrence_whose_task_is_open_is_a_difference() {
    let mut both = Both::skipped();
    both.successor().status = None;
    assert!(told(&both, "it is Open"));
    both.occurrences()[1].set_state(OccurrenceState::Open);
    assert!(told(&both, "was left Skipped"));
}

#[test]
fn a_skipped_occurrence_without_a_successor_is_a_difference() {
    let mut both = Both::skipped();
    both.occurrences().pop();
    assert!(told(&both, "is missing"));
}

#[test]
fn a_task_of_an_occurrence_that_was_left_out_is_a_difference() {
    let mut both = Both::left_out();
    let third = both.occurrences().last_mut().expect("the third");
    third.task_id = Some(SUCCESSOR.to_owned());
    assert!(told(&both, "was left out, and has it"));
    both.occurrences().pop();
    assert!(told(&both, "is missing"));
}

#[test]
fn a_change_that_was_made_twice_is_a_difference() {
    let mut both = Both::skipped();
    both.schedule().version += 1;
    both.record("schedule", SCHEDULE, 3, "skipped");
    assert!(told(&both, "it was skipped 2 times, and 1 were acknowledged"));
}

#[test]
fn an_open_task_that_was_not_closed_with_its_schedule_is_a_difference() {
    for (how, what) in [(Closing::Cancel, "Cancelled"), (Closing::Delete, "Deleted")] {
        let mut both = Both::deleted(Some(how));
        let task = both.successor();
        (task.status, task.delete_time) = (None, None);
        assert!(told(&both, &format!("and occurrence 2030-01-02T09:00:00 of {SCHEDULE} {what}")));
        both.occurrences()[1].set_state(OccurrenceState::Open);
        assert!(told(&both, &format!("was left Closed({how:?})")));
    }
}

#[test]
fn an_open_task_that_was_closed_with_its_schedule_though_it_was_to_stay_is_a_difference() {
    let mut both = Both::deleted(None);
    both.occurrences()[1].set_state(OccurrenceState::Cancelled);
    both.successor().set_status(TaskStatus::Cancelled);
    assert!(told(&both, "was left Open"));
}

#[test]
fn a_deletion_that_was_forgotten_is_a_difference() {
    let mut both = Both::deleted(None);
    both.schedule().delete_time = None;
    assert!(told(&both, "is (Active, false"));
}

#[test]
fn a_deleted_schedule_that_plans_is_a_difference() {
    let mut both = Both::deleted(Some(Closing::Cancel));
    let (_, third) = both.third();
    both.occurrences().push(third);
    assert!(told(&both, "nobody's successor"));
}

#[test]
fn a_split_schedule_that_keeps_what_it_gave_away_is_a_difference() {
    let mut both = Both::split();
    let moved = both.world.occurrences[NEW][0].clone();
    both.occurrences().push(moved);
    assert!(told(&both, "nobody's successor"));
    let mut both = Both::split();
    both.schedule().set_state(ScheduleState::Active);
    assert!(told(&both, "is (Active"));
    both.schedule().ends_before = None;
    assert!(told(&both, "false, None"));
}

#[test]
fn a_task_that_a_split_did_not_write_anew_is_a_difference() {
    let mut both = Both::split();
    both.successor().title = Some(TITLE.to_owned());
    assert!(told(&both, "it is called"));
    both.successor().schedule_id = Some(SCHEDULE.to_owned());
    assert!(told(&both, "it is occurrence"));
    both.successor().delete_time = Some(prost_types::Timestamp::default());
    both.world.occurrences.get_mut(NEW).expect("the new one")[0].set_state(OccurrenceState::Deleted);
    assert!(!told(&both, "it is occurrence"), "it may have been deleted before it could be");
}

#[test]
fn a_split_that_was_done_twice_is_a_difference() {
    let mut both = Both::split();
    both.schedule().version += 1;
    both.record("schedule", SCHEDULE, 3, "split");
    assert!(told(&both, "it was split 2 times"));
    let task = Task { id: THIRD.to_owned(), ..both.successor().clone() };
    both.world.tasks.insert(THIRD.to_owned(), task);
    assert!(told(&both, "does not know it"));
}
