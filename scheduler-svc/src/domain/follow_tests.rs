//! What becomes of reminders when their people count their days in another way.

use mesh_types::Timestamp;

use super::{
    Draft, PersonDay, PlannedTime, Reminder, State, TaskRef, Verb,
    reminder_tests::{at, done, draft, fire, make, task},
};

/// Midnight at the beginning of 2026-03-02 in UTC.
const MIDNIGHT: i64 = 1_772_409_600;
const HOUR: i64 = 3_600;

fn day_task() -> TaskRef {
    TaskRef { due: PlannedTime::date("2026-03-02", None), ..task(None) }
}

fn lives(zone: &str, start: &str) -> PersonDay {
    PersonDay { zone: Some(zone.to_owned()), start: Some(start.to_owned()) }
}

/// One of a whole day, of somebody of whom nothing is known.
fn reminder() -> Reminder {
    let known = make(draft(0));
    known.follow(&day_task(), at(1)).expect("it moves to the day").after
}

fn moved(reminder: &Reminder, task: &TaskRef, day: &PersonDay, now: i64) -> Option<(Verb, State, Option<Timestamp>)> {
    let (after, event) = reminder.follow_person(task, day, at(now));
    assert_eq!(&after.day, day);
    assert_eq!(after.follow_person(task, day, at(now)), (after.clone(), None), "to ask twice changes nothing more");
    let event = event?;
    assert_eq!(event.after, after);
    Some((event.verb, after.state, after.fire_time))
}

#[test]
fn a_whole_day_follows_its_person_over_the_boundary_of_the_day() {
    let reminder = reminder();
    assert_eq!(reminder.fire_time, Some(at(MIDNIGHT + 9 * HOUR)), "nine in UTC");
    let to = |zone, start| moved(&reminder, &day_task(), &lives(zone, start), MIDNIGHT - 48 * HOUR);
    let rescheduled = |hours| Some((Verb::Rescheduled, State::Scheduled, Some(at(MIDNIGHT + hours * HOUR))));
    assert_eq!(to("Pacific/Kiritimati", "09:00"), rescheduled(-5));
    assert_eq!(to("Pacific/Pago_Pago", "21:00"), rescheduled(32));
    assert_eq!(to("UTC", "09:00"), None, "the same instant");
}

#[test]
fn what_waits_moves_into_the_past_and_is_due_at_once() {
    let (after, _) = reminder().follow_person(&day_task(), &lives("Asia/Tokyo", "09:00"), at(MIDNIGHT + HOUR));
    assert_eq!(after.timer().map(|timer| timer.due), Some(at(MIDNIGHT + HOUR)));
}

#[test]
fn what_fired_was_put_off_or_is_not_wanted_stays_as_it_is() {
    let (home, away) = (reminder(), lives("America/New_York", "09:00"));
    let now = MIDNIGHT + 9 * HOUR;
    let fired = fire(&home, now).after;
    let snoozed = home.snooze(at(now + HOUR), at(10)).expect("fine").expect("a change").after;
    let dismissed = home.dismiss(at(10)).expect("fine").expect("a change").after;
    let deleted = home.delete(at(10)).expect("fine").expect("a change").after;
    let withdrawn = home.follow(&done(day_task()), at(10)).expect("it is withdrawn").after;
    for reminder in [&fired, &snoozed, &dismissed, &deleted, &withdrawn] {
        assert_eq!(moved(reminder, &day_task(), &away, now), None, "{:?}", reminder.state);
    }
    let (fired, _) = fired.follow_person(&day_task(), &away, at(now));
    assert_eq!(
        fired.follow(&day_task(), at(now)),
        None,
        "nor does it fire again when its task changes in some other way"
    );
    let (withdrawn, _) = withdrawn.follow_person(&day_task(), &away, at(10));
    let back = withdrawn.follow(&day_task(), at(10)).expect("it comes back");
    assert_eq!(back.after.fire_time, Some(at(MIDNIGHT + 14 * HOUR)), "nine in New York");
}

#[test]
fn what_repeats_goes_on_as_it_began() {
    let made = make(Draft { repeat_micros: Some(HOUR * 1_000_000), ..draft(0) });
    let waiting = made.follow(&day_task(), at(1)).expect("it moves to the day").after;
    let begun = fire(&waiting, MIDNIGHT + 9 * HOUR).after;
    assert_eq!(moved(&begun, &day_task(), &lives("America/New_York", "09:00"), MIDNIGHT + 9 * HOUR), None);
}

#[test]
fn a_due_that_moved_at_the_same_time_is_still_followed() {
    let fired = fire(&reminder(), MIDNIGHT + 9 * HOUR).after;
    let later = TaskRef { due: PlannedTime::date("2026-03-05", None), version: 2, ..day_task() };
    // What is known of the task is ahead of its event.
    let (fired, event) = fired.follow_person(&later, &lives("UTC", "10:00"), at(MIDNIGHT + 10 * HOUR));
    assert_eq!(event, None);
    let event = fired.follow(&later, at(MIDNIGHT + 10 * HOUR)).expect("the due moved ahead");
    assert_eq!(event.after.fire_time, Some(at(MIDNIGHT + 82 * HOUR)));
}

#[test]
fn wall_times_and_instants_stay_where_they_are() {
    let reminder = make(draft(0));
    assert_eq!(moved(&reminder, &task(Some(100)), &lives("Asia/Tokyo", "07:00"), 1), None);
    let wall = PlannedTime::local_time("2026-03-02T09:00:00", "Europe/Berlin".to_owned());
    let wall = TaskRef { due: wall, ..task(None) };
    let reminder = reminder.follow(&wall, at(1)).expect("it moves").after;
    assert_eq!(moved(&reminder, &wall, &lives("Asia/Tokyo", "07:00"), 1), None);
}
