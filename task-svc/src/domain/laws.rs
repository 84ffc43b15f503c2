//! What holds of every task, whatever is done to it in whatever order.

use std::time::Duration;

use mesh_types::{Actor, TaskId, Timestamp, UserId, WorkspaceId, new_id};
use proptest::{collection::vec, prelude::*};

use super::*;

/// Something that somebody does to a task.
#[derive(Clone, Debug)]
enum Deed {
    Complete,
    Reopen,
    Cancel,
    Delete,
    Undelete,
    Edit(Vec<Edit>),
}

fn title() -> impl Strategy<Value = Title> {
    prop_oneof!["one", "two"].prop_map(Title::kept)
}

fn status() -> impl Strategy<Value = Status> {
    prop_oneof![Just(Status::NeedsAction), Just(Status::InProgress), Just(Status::Completed), Just(Status::Cancelled)]
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        title().prop_map(Edit::Title),
        status().prop_map(Edit::Status),
        prop_oneof![Just(Priority::None), Just(Priority::High)].prop_map(Edit::Priority),
        prop_oneof![Just(None), Just(Some(Description::kept("more".to_owned())))].prop_map(Edit::Description),
    ]
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        2 => Just(Deed::Complete),
        2 => Just(Deed::Reopen),
        2 => Just(Deed::Cancel),
        1 => Just(Deed::Delete),
        1 => Just(Deed::Undelete),
        4 => vec(edit(), 0..4).prop_map(Deed::Edit),
    ]
}

fn somebody() -> Actor {
    let user_id = UserId(new_id(Timestamp::default()));
    Actor { user_id, service: None, token_id: None, client_address: None, user_agent: None }
}

fn decide(task: &Task, deed: Deed, actor: &Actor, now: Timestamp) -> Decision {
    match deed {
        Deed::Complete => task.complete(now),
        Deed::Reopen => task.reopen(now),
        Deed::Cancel => task.cancel(now),
        Deed::Delete => task.delete(now),
        Deed::Undelete => task.undelete(now),
        Deed::Edit(edits) => task.edit(edits, actor, now),
    }
}

fn newborn(actor: &Actor, now: Timestamp) -> Task {
    let draft = Draft {
        list_id: None,
        parent_id: None,
        title: Title::kept("one".to_owned()),
        description: None,
        status: Status::NeedsAction,
        priority: Priority::None,
        tags: Tags::default(),
        start: None,
        due: None,
        series: None,
    };
    let born = Task::create(TaskId(new_id(now)), WorkspaceId(new_id(now)), draft, actor, now);
    born.expect("people may make tasks").after
}

/// What an event says must fit together, and with the task before it.
fn assert_lawful(before: &Task, event: &TaskEvent) {
    let after = &event.after;
    assert_eq!(event.before.as_ref(), Some(before));
    assert_eq!(after.version, before.version + 1);
    assert!(after.update_time >= before.update_time);
    assert_ne!(after.etag(), before.etag());
    assert!(!event.changed().is_empty(), "an event tells of some change");
    assert_eq!(after.completed_time.is_some(), after.status == Status::Completed);
    assert_eq!(before.delete_time.is_some(), event.verb == Verb::Undeleted);
    assert_eq!(after.delete_time.is_some(), event.verb == Verb::Deleted);
    let closes = !after.status.is_open() && after.status != before.status;
    assert_eq!(closes, matches!(event.verb, Verb::Completed | Verb::Cancelled));
    assert_eq!(after.status.is_open() && !before.status.is_open(), event.verb == Verb::Reopened);
}

proptest! {
    #[test]
    fn every_event_is_one_version_that_fits_the_one_before(deeds in vec((deed(), -1_000i64..1_000), 0..40)) {
        let (actor, mut now) = (somebody(), Timestamp::from_micros(1_800_000_000_000_000));
        let mut task = newborn(&actor, now);
        for (deed, step) in deeds {
            // Clocks also go backwards.
            now = Timestamp::from_micros(now.as_micros() + step);
            if let Ok(Some(event)) = decide(&task, deed, &actor, now) {
                assert_lawful(&task, &event);
                task = event.after;
            }
        }
    }

    #[test]
    fn doing_the_same_again_changes_nothing(deeds in vec(deed(), 0..10), last in deed()) {
        let (actor, now) = (somebody(), Timestamp::from_micros(1_800_000_000_000_000));
        let mut task = newborn(&actor, now);
        for deed in deeds {
            if let Ok(Some(event)) = decide(&task, deed, &actor, now) {
                task = event.after;
            }
        }
        let later = now.plus(Duration::from_secs(1));
        if let Ok(Some(event)) = decide(&task, last.clone(), &actor, now) {
            let again = decide(&event.after, last, &actor, later);
            prop_assert!(matches!(again, Ok(None)), "{again:?}");
        }
    }
}
