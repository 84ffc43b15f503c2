//! What comes out of the bin with a reminder.

use mesh_types::Timestamp;

use super::{
    Draft, Reminder, State, Verb,
    reminder_tests::{at, done, draft, fire, make, task},
};

fn deleted(reminder: &Reminder, now: i64) -> Reminder {
    reminder.delete(at(now)).expect("fine").expect("a change").after
}

/// Deleted at 50 and taken out of the bin then; due is 100.
fn back(reminder: &Reminder, now: i64) -> (State, Option<Timestamp>) {
    let event = deleted(reminder, 50).undelete(&task(Some(100)), at(now)).expect("fine").expect("a change");
    assert_eq!((event.verb, event.after.delete_time), (Verb::Undeleted, None));
    assert_eq!(event.after.undelete(&task(Some(100)), at(now)), Ok(None), "it is not deleted any more");
    (event.after.state, event.after.fire_time)
}

#[test]
fn what_is_still_to_come_comes_back_and_what_has_passed_does_not_fire() {
    let waiting = make(draft(0));
    assert_eq!(back(&waiting, 60), (State::Scheduled, Some(at(100))));
    assert_eq!(back(&waiting, 160), (State::Withdrawn, None));
    let snoozed = waiting.snooze(at(500), at(1)).expect("fine").expect("a change").after;
    assert_eq!(back(&snoozed, 160), (State::Snoozed, Some(at(500))));
    assert_eq!(back(&snoozed, 600), (State::Withdrawn, None));
    let repeating = make(Draft { repeat_micros: Some(60_000_000), ..draft(0) });
    assert_eq!(back(&repeating, 170), (State::Scheduled, Some(at(220))));
    let dismissed = waiting.dismiss(at(1)).expect("fine").expect("a change").after;
    assert_eq!(back(&dismissed, 60), (State::Dismissed, None));
    assert_eq!(back(&fire(&waiting, 100).after, 160), (State::Dismissed, None));
}

#[test]
fn what_has_passed_comes_back_once_its_task_moves_ahead() {
    let passed = deleted(&make(draft(0)), 50).undelete(&task(Some(100)), at(160)).expect("fine").expect("a change");
    let event = passed.after.follow(&task(Some(300)), at(170)).expect("it comes back");
    assert_eq!((event.verb, event.after.fire_time), (Verb::Restored, Some(at(300))));
}

#[test]
fn one_of_a_task_that_is_over_is_withdrawn_until_the_task_comes_back() {
    let waiting = make(draft(0));
    let snoozed = waiting.snooze(at(500), at(1)).expect("fine").expect("a change").after;
    for (reminder, time) in [(waiting, 100), (snoozed, 500)] {
        let over = done(task(Some(100)));
        let event = deleted(&reminder, 50).undelete(&over, at(60)).expect("fine").expect("a change");
        assert_eq!((event.after.state, event.after.timer()), (State::Withdrawn, None));
        let event = event.after.follow(&task(Some(100)), at(70)).expect("it comes back");
        assert_eq!(event.after.fire_time, Some(at(time)));
    }
}

#[test]
fn a_deleted_one_does_not_tell_until_when_it_was_snoozed() {
    let snoozed = make(draft(0)).snooze(at(500), at(1)).expect("fine").expect("a change").after;
    assert_eq!((snoozed.told_snooze(), deleted(&snoozed, 50).told_snooze()), (Some(at(500)), None));
}
