//! Streams: who followed through every break knows in the end what a fresh list shows.

use std::{collections::BTreeMap, fmt::Debug};

use mesh_proto::{notify::v1::Notification, task::v1::Task};

use super::{Findings, Sight};
use crate::campaign::{record::Versioned, users::Known};

pub(super) fn check(sight: &Sight, findings: &mut Findings) {
    let world = sight.world;
    let tasks = world.tasks.values().map(|task| Task { change_id: String::new(), ..task.clone() });
    let tasks = tasks.map(|task| (task.id.clone(), (task.version, Some(task)))).collect();
    compare(findings, &world.watched, &tasks);
    let notifications = world.notifications.values().map(|one| {
        let shown = one.withdraw_time.is_none();
        let known = shown.then(|| Notification { change_id: String::new(), ..one.clone() });
        (one.id.clone(), (one.version, known))
    });
    compare(findings, &world.streamed, &notifications.collect());
}

fn compare<T: Versioned + PartialEq + Debug>(
    findings: &mut Findings,
    known: &Known<T>,
    listed: &BTreeMap<String, (i64, Option<T>)>,
) {
    for oddity in &known.oddities {
        findings.add(T::KIND, "stream", oddity.clone());
    }
    for (id, listed) in listed {
        let told = known.items.get(id);
        findings.expect(told == Some(listed), T::KIND, id, || format!("the stream told {told:?}, the list {listed:?}"));
    }
    for id in known.items.keys().filter(|id| !listed.contains_key(*id)) {
        findings.add(T::KIND, id, "the stream told of it, and no list does");
    }
}

#[cfg(test)]
mod tests {
    use super::super::worlds::{Both, NOTIFICATION, TASK};

    #[test]
    fn a_change_that_was_never_told_is_a_difference() {
        let mut both = Both::agreeing();
        both.world.watched.items.remove(TASK);
        both.world.streamed.items.remove(NOTIFICATION);
        assert_eq!(both.differences("streams").len(), 2);
    }

    #[test]
    fn an_old_state_is_a_difference() {
        let mut both = Both::agreeing();
        both.task().title = Some("newer".to_owned());
        assert_eq!(both.differences("streams").len(), 1);
    }

    #[test]
    fn what_no_list_shows_is_a_difference() {
        let mut both = Both::agreeing();
        both.world.streamed.items.insert("ghost".to_owned(), (1, None));
        assert!(both.differences("streams")[0].what.contains("no list"));
    }
}
