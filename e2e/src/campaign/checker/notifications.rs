//! The inbox: one notification for each time a reminder fired, withdrawn where a later change says so, and no other.

use std::collections::BTreeMap;

use mesh_proto::{
    notify::v1::Notification,
    task::v1::{Task, TaskStatus},
};
use mesh_types::Timestamp;

use super::{Findings, Fire, Sight, fires};
use crate::campaign::instants;

pub(super) fn check(sight: &Sight, findings: &mut Findings) {
    let mut told: BTreeMap<(&str, Timestamp), Vec<&Notification>> = BTreeMap::new();
    for notification in sight.world.notifications.values() {
        let reminder = notification.reminder_id.as_deref().unwrap_or_default();
        let due = notification.event_time.as_ref().and_then(instants::read).unwrap_or_default();
        told.entry((reminder, due)).or_default().push(notification);
    }
    for reminder in sight.world.reminders.keys() {
        for fire in fires::of(&sight.histories, reminder) {
            let found = told.remove(&(reminder.as_str(), fire.due)).unwrap_or_default();
            one_each(findings, &fire, &found);
        }
    }
    for notification in told.into_values().flatten() {
        findings.add("notification", &notification.id, format!("nothing fired for it: {notification:?}"));
    }
    done_is_withdrawn(sight, findings);
}

fn one_each(findings: &mut Findings, fire: &Fire, found: &[&Notification]) {
    let [notification] = found else {
        let ids: Vec<_> = found.iter().map(|notification| notification.id.as_str()).collect();
        let due = fire.due.as_micros();
        let what = format!("it fired (version {}, due {due}) and was told {} times: {ids:?}", fire.version, ids.len());
        findings.add("reminder", &fire.reminder, what);
        return;
    };
    let withdrawn = notification.withdraw_time.is_some();
    findings.expect(withdrawn == fire.withdrawn, "notification", &notification.id, || {
        let (is, must) = (word(withdrawn), word(fire.withdrawn));
        format!("it is {is} and must be {must}: reminder {} fired as version {}", fire.reminder, fire.version)
    });
}

fn word(withdrawn: bool) -> &'static str {
    if withdrawn { "withdrawn" } else { "shown" }
}

/// What is remembered suffices to know that nothing is told of a task that is done.
fn done_is_withdrawn(sight: &Sight, findings: &mut Findings) {
    for (id, steps) in &sight.ledger.tasks {
        if !steps.last().is_some_and(|step| is_done(&step.answer)) {
            continue;
        }
        let about = sight.world.notifications.values().filter(|one| one.task_id.as_deref() == Some(id));
        for notification in about.filter(|notification| notification.withdraw_time.is_none()) {
            findings.add("notification", &notification.id, format!("it is shown though task {id} is done"));
        }
    }
}

fn is_done(task: &Task) -> bool {
    task.delete_time.is_some() || matches!(task.status(), TaskStatus::Completed | TaskStatus::Cancelled)
}

#[cfg(test)]
mod tests {
    use super::super::worlds::{Both, DUE, NOTIFICATION};

    fn told(both: &Both, what: &str) -> bool {
        both.differences("notifications").iter().any(|difference| difference.what.contains(what))
    }

    #[test]
    fn a_lost_notification_is_a_difference() {
        let mut both = Both::agreeing();
        both.world.notifications.remove(NOTIFICATION);
        assert!(told(&both, "told 0 times"));
    }

    #[test]
    fn a_second_notification_of_one_fire_is_a_difference() {
        let mut both = Both::agreeing();
        let mut again = both.notification().clone();
        again.id = "again".to_owned();
        both.world.notifications.insert(again.id.clone(), again);
        assert!(told(&both, "told 2 times"));
    }

    #[test]
    fn a_notification_of_nothing_is_a_difference() {
        let mut both = Both::agreeing();
        both.notification().event_time = Some(prost_types::Timestamp { seconds: 1, nanos: 0 });
        assert!(told(&both, "nothing fired"));
    }

    #[test]
    fn a_notification_of_what_was_snoozed_must_be_withdrawn() {
        let mut both = Both::agreeing();
        both.acknowledge_reminder("snoozed", 3, DUE + 1_000_000);
        assert!(told(&both, "must be withdrawn"));
    }

    #[test]
    fn a_withdrawal_without_a_cause_is_a_difference() {
        let mut both = Both::agreeing();
        both.notification().withdraw_time = Some(prost_types::Timestamp::default());
        assert!(told(&both, "must be shown"));
    }

    #[test]
    fn a_notification_of_a_task_that_is_done_is_a_difference() {
        let mut both = Both::agreeing();
        both.finish_the_task_of_the_reminder();
        assert!(told(&both, "is done"));
    }
}
