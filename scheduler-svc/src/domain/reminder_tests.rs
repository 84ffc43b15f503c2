//! What becomes of reminders, step by step.

use std::time::Duration;

use mesh_types::{TaskId, Timestamp, UserId, WorkspaceId};
use uuid::Uuid;

use super::{
    Anchor, Draft, Edit, PersonDay, PlannedTime, Reminder, ReminderError, ReminderEvent, State, TaskRef, TaskStatus,
    Verb, When,
};

const LATE_AFTER: Duration = Duration::from_secs(5);

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(seconds * 1_000_000)
}

pub(super) fn task(due: Option<i64>) -> TaskRef {
    TaskRef {
        id: TaskId(Uuid::from_u128(1)),
        workspace_id: WorkspaceId(Uuid::from_u128(2)),
        epoch: 1,
        version: 1,
        title: "a task".to_owned(),
        status: TaskStatus::Open,
        deleted: false,
        start: None,
        due: due.map(|seconds| PlannedTime::Instant(at(seconds), None)),
    }
}

pub(super) fn done(task: TaskRef) -> TaskRef {
    TaskRef { status: TaskStatus::Completed, ..task }
}

pub(super) fn draft(offset_seconds: i64) -> Draft {
    Draft {
        when: When::Offset(offset_seconds * 1_000_000, Anchor::Due),
        repeat_micros: None,
        repeat_limit: None,
        channel_ids: Vec::new(),
        carry_over: None,
    }
}

/// One that was made at 0, and is due at 100 with the task.
fn reminder() -> Reminder {
    make(draft(0))
}

pub(super) fn make(draft: Draft) -> Reminder {
    let person = (UserId(Uuid::from_u128(3)), PersonDay::default());
    Reminder::create(Uuid::from_u128(4), &task(Some(100)), person, draft, at(0)).expect("an open task").after
}

pub(super) fn fire(reminder: &Reminder, now: i64) -> ReminderEvent {
    let timer = reminder.timer().expect("it is set");
    reminder.fire(&timer, at(now), LATE_AFTER, String::new()).expect("it fires")
}

fn follow(reminder: &Reminder, task: &TaskRef, now: i64) -> Option<(Verb, State, Option<Timestamp>)> {
    let event = reminder.follow(task, at(now))?;
    assert_eq!(event.after.follow(task, at(now)), None, "to ask twice changes nothing more");
    Some((event.verb, event.after.state, event.after.fire_time))
}

#[test]
fn a_time_beyond_the_calendar_is_its_end() {
    let years = 315_360_000;
    let person = || (UserId(Uuid::from_u128(3)), PersonDay::default());
    let made = |due, offset| Reminder::create(Uuid::from_u128(4), &task(Some(due)), person(), draft(offset), at(0));
    let fires = |due, offset| made(due, offset).expect("an open task").after.fire_time.map(Timestamp::to_parts);
    assert_eq!(fires(253_402_300_799, years), Some((253_402_300_799, 999_999_000)));
    assert_eq!(fires(-62_135_596_800, -years), Some((-62_135_596_800, 0)));
}

#[test]
fn a_timer_of_another_generation_fires_nothing() {
    let reminder = reminder();
    let timer = reminder.timer().expect("it is set");
    let moved = reminder.edit(vec![Edit::CarryOver(Some(false))], &task(Some(100)), at(1)).expect("fine");
    let moved = moved.expect("a change").after;
    assert_eq!(moved.fire(&timer, at(100), LATE_AFTER, String::new()), None);
    assert_eq!(reminder.fire(&timer, at(99), LATE_AFTER, String::new()), None, "too early");
    assert_eq!(fire(&moved, 100).after.state, State::Fired);
}

#[test]
fn it_is_late_when_it_could_have_fired_and_did_not() {
    let reminder = reminder();
    let lateness = |now| fire(&reminder, now).firing.map(|firing| (firing.late, firing.lateness.as_secs()));
    assert_eq!((lateness(105), lateness(106)), (Some((false, 5)), Some((true, 6))));
    let overdue = reminder.edit(vec![Edit::At(Some(at(-50)))], &task(None), at(10)).expect("fine").expect("a change");
    let firing = fire(&overdue.after, 11).firing.expect("it fired");
    assert_eq!((firing.late, firing.lateness.as_secs(), firing.waited.as_secs()), (false, 61, 1));
}

#[test]
fn what_repeats_goes_on_from_its_own_time() {
    let reminder = make(Draft { repeat_micros: Some(60_000_000), repeat_limit: Some(3), ..draft(0) });
    let first = fire(&reminder, 101).after;
    assert_eq!((first.state, first.fire_time), (State::Scheduled, Some(at(160))));
    let second = fire(&first, 300).after;
    assert_eq!(second.fire_time, Some(at(340)), "what was missed is made up for once");
    let enough = second.edit(vec![Edit::Repeat(None)], &task(Some(100)), at(301)).expect("fine").expect("a change");
    assert_eq!((enough.after.state, enough.after.fire_time), (State::Fired, None));
    let third = fire(&second, 340).after;
    assert_eq!((third.state, third.fire_time, third.fire_count), (State::Fired, None, 3));
}

#[test]
fn a_due_that_moves_takes_along_what_waits_for_it() {
    let (waiting, fired) = (reminder(), fire(&reminder(), 100).after);
    let snoozed = fired.snooze(at(500), at(101)).expect("fine").expect("a change").after;
    let dismissed = waiting.dismiss(at(1)).expect("fine").expect("a change").after;
    let (ahead, past) = (task(Some(1_000)), task(Some(150)));
    let moved = |time| Some((Verb::Rescheduled, State::Scheduled, Some(at(time))));
    assert_eq!((follow(&waiting, &ahead, 200), follow(&waiting, &past, 200)), (moved(1_000), moved(150)));
    assert_eq!((follow(&fired, &ahead, 200), follow(&fired, &past, 200)), (moved(1_000), None));
    assert_eq!((follow(&snoozed, &ahead, 200), follow(&snoozed, &past, 200)), (moved(1_000), None));
    assert_eq!((follow(&dismissed, &ahead, 200), follow(&dismissed, &past, 200)), (None, None));
}

#[test]
fn without_a_due_only_what_waits_for_it_stops() {
    let (waiting, fired) = (reminder(), fire(&reminder(), 100).after);
    let unanchored = Some((Verb::Rescheduled, State::Unanchored, None));
    assert_eq!((follow(&waiting, &task(None), 50), follow(&fired, &task(None), 150)), (unanchored, None));
    let fixed = make(Draft { when: When::At(at(70)), ..draft(0) });
    assert_eq!(follow(&fixed, &task(None), 50), None);
}

#[test]
fn a_task_that_is_over_withdraws_and_one_that_is_back_restores_what_is_to_come() {
    let over = done(task(Some(100)));
    let withdrawn = |reminder: &Reminder, now| {
        let event = reminder.follow(&over, at(now)).expect("it is withdrawn");
        assert_eq!((event.verb, event.after.state, event.after.fire_time), (Verb::Withdrawn, State::Withdrawn, None));
        event.after
    };
    let waiting = withdrawn(&reminder(), 10);
    let back = |time| Some((Verb::Restored, State::Scheduled, Some(at(time))));
    assert_eq!((follow(&waiting, &task(Some(100)), 50), follow(&waiting, &task(Some(100)), 150)), (back(100), None));
    let fired = withdrawn(&fire(&reminder(), 100).after, 110);
    assert_eq!((follow(&fired, &task(Some(100)), 150), follow(&fired, &task(Some(200)), 150)), (None, back(200)));
    let snoozed = reminder().snooze(at(500), at(1)).expect("fine").expect("a change").after;
    let snoozed = withdrawn(&snoozed, 10);
    let put_off = Some((Verb::Restored, State::Snoozed, Some(at(500))));
    assert_eq!((follow(&snoozed, &task(Some(100)), 50), follow(&snoozed, &task(Some(100)), 600)), (put_off, None));
    let repeating = make(Draft { repeat_micros: Some(60_000_000), ..draft(0) });
    let repeating = withdrawn(&fire(&repeating, 100).after, 110);
    assert_eq!(follow(&repeating, &task(Some(100)), 200), back(220));
}

#[test]
fn an_edit_of_the_time_sets_it_anew_whatever_had_become_of_it() {
    let fired = fire(&reminder(), 100).after;
    let dismissed = fired.dismiss(at(101)).expect("fine").expect("a change").after;
    let sooner = vec![Edit::Offset(Some(-50_000_000))];
    for reminder in [fired, dismissed] {
        let event = reminder.edit(sooner.clone(), &task(Some(100)), at(110)).expect("fine").expect("a change");
        assert_eq!((event.after.state, event.after.fire_time), (State::Scheduled, Some(at(50))));
        assert_eq!(event.after.timer().map(|timer| timer.due), Some(at(110)), "it counts from now");
        let event = reminder.edit(sooner.clone(), &done(task(Some(100))), at(110)).expect("fine").expect("a change");
        assert_eq!((event.after.state, event.after.timer()), (State::Withdrawn, None));
    }
}

#[test]
fn an_edit_says_when() {
    let reminder = reminder();
    let edit = |edits| reminder.edit(edits, &task(Some(100)), at(1)).map(|event| event.map(|event| event.after.when));
    assert_eq!(edit(vec![Edit::Offset(None)]), Err(ReminderError::TimeMissing));
    assert_eq!(edit(vec![Edit::Offset(None), Edit::At(Some(at(9)))]), Ok(Some(When::At(at(9)))));
    assert_eq!(edit(vec![Edit::At(Some(at(9)))]), Ok(Some(When::At(at(9)))));
    assert_eq!(edit(vec![Edit::At(None)]), Ok(None));
    assert_eq!(edit(vec![Edit::Anchor(Some(Anchor::Start))]), Ok(Some(When::Offset(0, Anchor::Start))));
    let both = vec![Edit::At(Some(at(9))), Edit::Anchor(Some(Anchor::Start))];
    assert_eq!(edit(both), Err(ReminderError::AnchorAlone));
}

#[test]
fn what_was_told_counts_no_more_once_it_is_deleted() {
    let fired = fire(&reminder(), 100).after;
    let deleted = fired.delete(at(101)).expect("fine").expect("a change");
    assert_eq!((deleted.after.state, deleted.after.timer()), (State::Dismissed, None));
    let waiting = reminder().delete(at(1)).expect("fine").expect("a change").after;
    assert_eq!((waiting.timer(), waiting.follow(&done(task(None)), at(2))), (None, None));
    assert_eq!(waiting.snooze(at(9), at(2)), Err(ReminderError::Deleted(waiting.id)));
}

#[test]
fn what_goes_on_with_the_next_task_is_like_new() {
    let next = TaskId(Uuid::from_u128(9));
    let over = |reminder: &Reminder| reminder.carry_over(next, at(200));
    let fired = fire(&make(Draft { repeat_limit: Some(3), ..draft(0) }), 100).after;
    let event = over(&fired).expect("it goes on");
    let fresh =
        Reminder { id: event.after.id, task_id: next, create_time: at(200), update_time: at(200), ..make(draft(0)) };
    let fresh = Reminder { repeat_limit: Some(3), ..fresh.based(None) };
    assert_eq!((event.verb, event.before, event.after), (Verb::Created, None, fresh.clone()));
    assert_eq!(over(&fired).map(|event| event.after.id), Some(fresh.id), "always the same");
    assert!(over(&make(Draft { carry_over: Some(true), ..draft(0) })).is_some());
    assert_eq!(over(&make(Draft { carry_over: Some(false), ..draft(0) })), None);
    assert_eq!(over(&make(Draft { when: When::At(at(100)), carry_over: Some(true), ..draft(0) })), None);
    let deleted = reminder().delete(at(50)).expect("it can be deleted").expect("it was there").after;
    assert_eq!(over(&deleted), None);
}
