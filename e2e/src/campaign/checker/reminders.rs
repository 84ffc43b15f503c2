//! Reminders: each fires once at its time and never at a time that it no longer has; it ends as its user left it.

use mesh_proto::{
    scheduler::v1::{Reminder, ReminderState},
    task::v1::{Task, TaskStatus, task_time},
};
use mesh_types::Timestamp;

use super::{Findings, Fire, Sight, fires};
use crate::campaign::{
    instants,
    record::{Step, Steps},
};

/// Clocks of processes of one machine are one, but an answer takes a while to be timed.
const MARGIN: std::time::Duration = std::time::Duration::from_millis(250);

pub(super) fn check(sight: &Sight, findings: &mut Findings) {
    for (id, steps) in &sight.ledger.reminders {
        let Some(listed) = sight.world.reminders.get(id) else {
            findings.add("reminder", id, "it is gone");
            continue;
        };
        let fires = fires::of(&sight.histories, id);
        for fire in &fires {
            one_fire(sight, findings, steps, fire);
        }
        once_each(findings, id, steps, &fires);
        let count = fires.len() as i32;
        findings.expect(listed.fire_count == count, "reminder", id, || {
            format!("it says that it fired {} times, and its record says {count}", listed.fire_count)
        });
        ends(sight, findings, steps, listed);
    }
    for id in sight.world.reminders.keys().filter(|id| !sight.ledger.reminders.contains_key(*id)) {
        findings.add("reminder", id, "nobody made it");
    }
}

/// Fired no earlier than due, at a time that it had, and not after somebody was told that it has another.
fn one_fire(sight: &Sight, findings: &mut Findings, steps: &Steps<Reminder>, fire: &Fire) {
    let id = fire.reminder.as_str();
    let told = |what: String| format!("{what} (due {}, fired {})", fire.due.as_micros(), fire.at.as_micros());
    findings.expect(fire.at >= fire.due, "reminder", id, || told("it fired early".to_owned()));
    let before = steps.all().iter().rfind(|step| step.answer.version < fire.version);
    let after = steps.all().iter().find(|step| step.answer.version > fire.version);
    let Some(before) = before else {
        findings.add("reminder", id, told("it fired before it was made".to_owned()));
        return;
    };
    let answered = before.answer.fire_time.as_ref().and_then(instants::read);
    let had = answered == Some(fire.due) || by_task(sight, &before.answer).contains(&fire.due);
    findings.expect(had, "reminder", id, || {
        told(format!("it fired at a time it did not have after it was {} at {answered:?}", before.verb))
    });
    if let Some(after) = after {
        findings.expect(fire.at <= after.acked.plus(MARGIN), "reminder", id, || {
            told(format!("it fired at its old time though it was {} by {}", after.verb, after.acked.as_micros()))
        });
    }
}

/// Never twice at one time, and never once it is deleted.
fn once_each(findings: &mut Findings, id: &str, steps: &Steps<Reminder>, fires: &[Fire]) {
    let mut dues: Vec<_> = fires.iter().map(|fire| fire.due).collect();
    dues.sort();
    let twice = dues.windows(2).find(|two| two[0] == two[1]);
    findings.expect(twice.is_none(), "reminder", id, || format!("it fired twice at {twice:?}"));
    if steps.last().is_some_and(|step| step.answer.delete_time.is_some()) {
        let late = fires.last().filter(|fire| steps.last().is_some_and(|step| fire.version > step.answer.version));
        findings.expect(late.is_none(), "reminder", id, || format!("it fired after it was deleted: {late:?}"));
    }
}

/// The times that an offset gives, by every due that the task ever had.
fn by_task(sight: &Sight, reminder: &Reminder) -> Vec<Timestamp> {
    let Some(offset) = &reminder.offset else { return Vec::new() };
    let dues = sight.ledger.tasks.get(&reminder.task_id).map(Steps::all).unwrap_or_default();
    let instant = |step: &Step<Task>| match step.answer.due.as_ref()?.value.as_ref()? {
        task_time::Value::Time(time) => instants::read(time),
        _ => None,
    };
    let micros = offset.seconds * 1_000_000 + i64::from(offset.nanos / 1_000);
    dues.iter().filter_map(instant).map(|due| Timestamp::from_micros(due.as_micros() + micros)).collect()
}

/// How it stands in the end.
fn ends(sight: &Sight, findings: &mut Findings, steps: &Steps<Reminder>, listed: &Reminder) {
    let (Some(last), id) = (steps.last(), listed.id.as_str()) else { return };
    let state = listed.state();
    let deleted = listed.delete_time.is_some();
    findings.expect(deleted == (last.verb == "deleted"), "reminder", id, || {
        format!("it was last {}, and delete_time is {:?}", last.verb, listed.delete_time)
    });
    let same = (&last.answer.at, &last.answer.offset) == (&listed.at, &listed.offset);
    findings.expect(same, "reminder", id, || format!("it was acknowledged as {:?} and is {listed:?}", last.answer));
    if deleted {
        return;
    }
    let allowed = allowed(sight, last);
    findings.expect(allowed.contains(&state), "reminder", id, || {
        format!("it was last {}, and is {state:?}, not one of {allowed:?}: {listed:?}", last.verb)
    });
}

/// The states that it may have in the end, when every time has come.
fn allowed(sight: &Sight, last: &Step<Reminder>) -> &'static [ReminderState] {
    let task = sight.ledger.tasks.get(&last.answer.task_id).map(Steps::all).unwrap_or_default();
    let closed = task.last().is_some_and(|step| is_closed(&step.answer));
    let was_closed = task.iter().any(|step| is_closed(&step.answer));
    match last.verb {
        "dismissed" if closed || was_closed => &[ReminderState::Dismissed, ReminderState::Withdrawn],
        "dismissed" => &[ReminderState::Dismissed],
        _ if closed => &[ReminderState::Withdrawn],
        // Whether it was brought back depends on whether its time had come by then.
        _ if was_closed => &[ReminderState::Fired, ReminderState::Withdrawn],
        _ => &[ReminderState::Fired],
    }
}

fn is_closed(task: &Task) -> bool {
    task.delete_time.is_some() || matches!(task.status(), TaskStatus::Completed | TaskStatus::Cancelled)
}

#[cfg(test)]
mod tests {
    use super::super::worlds::{Both, DUE, REMINDER};
    use super::*;

    fn told(both: &Both, what: &str) -> bool {
        both.differences("reminders").iter().any(|difference| difference.what.contains(what))
    }

    #[test]
    fn a_lost_reminder_is_a_difference() {
        let mut both = Both::agreeing();
        both.world.reminders.remove(REMINDER);
        assert!(told(&both, "gone"));
    }

    #[test]
    fn a_reminder_that_did_not_fire_is_a_difference() {
        let mut both = Both::agreeing();
        both.reminder().set_state(ReminderState::Scheduled);
        assert!(told(&both, "Scheduled"));
    }

    #[test]
    fn a_reminder_that_fired_twice_is_a_difference() {
        let mut both = Both::agreeing();
        both.fire(3, DUE, DUE);
        assert!(told(&both, "twice"));
    }

    #[test]
    fn a_reminder_that_fired_early_is_a_difference() {
        let mut both = Both::agreeing();
        both.entry("reminder", REMINDER, 2).event_time = Some(instants::write(Timestamp::from_micros(DUE - 1)));
        assert!(told(&both, "early"));
    }

    #[test]
    fn a_fire_at_the_old_time_is_a_difference() {
        let mut both = Both::agreeing();
        // Moved, and told so, long before it fired; yet the record has the fire first.
        both.acknowledge_reminder("updated", 3, DUE - 5_000_000);
        assert!(told(&both, "old time"));
    }

    #[test]
    fn a_fire_at_a_time_it_never_had_is_a_difference() {
        let mut both = Both::agreeing();
        both.arm(DUE + 1);
        assert!(told(&both, "did not have"));
    }

    #[test]
    fn a_reminder_of_a_task_that_is_done_must_be_withdrawn() {
        let mut both = Both::agreeing();
        both.finish_the_task_of_the_reminder();
        assert!(told(&both, "not one of [Withdrawn]"));
    }

    #[test]
    fn a_deletion_that_was_forgotten_is_a_difference() {
        let mut both = Both::agreeing();
        both.acknowledge_reminder("deleted", 3, DUE + 1_000_000);
        assert!(told(&both, "delete_time"));
    }
}
