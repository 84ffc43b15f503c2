//! Whatever happens to a task, and in whatever order it is heard of: one successor, and the newest state.

use jiff::tz::TimeZone;
use mesh_types::{TaskId, Timestamp, WorkspaceId};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

/// When the task became an occurrence: its version then, and no later than this.
const SINCE: Since = Since { version: 3, time: Timestamp::from_micros(1_000) };

fn occurrence() -> Occurrence {
    let nominal = "2026-10-19T09:00:00".parse().expect("a nominal start");
    Occurrence {
        schedule_id: Uuid::nil(),
        nominal,
        place: Place::of(nominal, &TimeZone::UTC).expect("a place"),
        task_id: TaskId(Uuid::nil()),
        state: OccurrenceState::Open,
        successor_planned: false,
        plan_time: Timestamp::default(),
        close_time: None,
        since: SINCE,
        newest: (1, SINCE.version),
        to_do: None,
    }
}

/// A change of the task: after it became an occurrence, unless the version is an earlier one.
fn change(version: i64, status: TaskStatus, deleted: bool) -> TaskChange {
    let task = TaskRef {
        id: TaskId(Uuid::nil()),
        workspace_id: WorkspaceId(Uuid::nil()),
        epoch: 1,
        version,
        title: String::new(),
        status,
        deleted,
        start: None,
        due: None,
    };
    let time = Timestamp::from_micros(version * 300);
    TaskChange { task, opens: false, cause: Cause::acting_for(mesh_types::UserId(Uuid::nil())), time }
}

fn statuses() -> impl Strategy<Value = (TaskStatus, bool)> {
    let status = prop_oneof![Just(TaskStatus::Open), Just(TaskStatus::Completed), Just(TaskStatus::Cancelled)];
    (status, any::<bool>())
}

/// A history of the task from version 1 on, and an order in which it is heard of, with repetitions.
fn histories() -> impl Strategy<Value = (Vec<TaskChange>, Vec<usize>)> {
    proptest::collection::vec(statuses(), 4..12).prop_flat_map(|states| {
        let changes: Vec<TaskChange> =
            (1..).zip(states).map(|(version, (status, deleted))| change(version, status, deleted)).collect();
        let places: Vec<usize> = (0..changes.len()).chain(0..changes.len()).collect();
        (Just(changes), Just(places).prop_shuffle())
    })
}

proptest! {
    #[test]
    fn an_occurrence_has_one_successor_and_the_newest_state((changes, order) in histories()) {
        let (mut known, mut successors) = (occurrence(), 0);
        for place in order {
            let Some(heard) = known.hear(&changes[place]) else { continue };
            known = heard.after;
            if heard.owes.is_some() {
                successors += 1;
                known.successor_planned = true;
            }
        }
        let since = changes.iter().filter(|change| change.task.version > SINCE.version);
        let closed = since.filter(|change| change.task.is_over()).count();
        prop_assert_eq!(successors, usize::from(closed > 0));
        let newest = changes.last().expect("there are some");
        prop_assert_eq!(known.newest, (1, newest.task.version));
        prop_assert_eq!(known.close_time.is_some(), newest.task.is_over());
        prop_assert_eq!(known.state == OccurrenceState::Open, !newest.task.is_over());
    }
}

#[test]
fn versions_that_start_again_after_a_restored_backup_are_news() {
    let restored = TaskChange { time: Timestamp::from_micros(9_000), ..change(2, TaskStatus::Completed, false) };
    let restored = TaskChange { task: TaskRef { epoch: 2, ..restored.task.clone() }, ..restored };
    let heard = occurrence().hear(&restored).expect("it matters");
    assert!(heard.owes.is_some());
    assert_eq!(heard.after.state, OccurrenceState::Completed);
}
