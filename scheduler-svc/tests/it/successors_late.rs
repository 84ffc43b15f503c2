//! What comes late, or again, plans nothing a second time.

use mesh_events::dead_letters::{self, DeadLetter, State};
use mesh_proto::scheduler::v1::{OccurrenceState, Schedule, ScheduleState};
use mesh_store::{Database, Sql};
use mesh_testkit::{TestDatabase, eventually};
use mesh_types::Clock;
use uuid::Uuid;

use crate::schedules_world::{ScheduleWorld, occurrences};

mesh_testkit::on_both_databases!(
    a_dead_letter_replayed_a_week_later_changes_nothing,
    a_dead_letter_replayed_when_the_rule_is_used_up_changes_nothing,
    a_dead_letter_that_nobody_made_up_for_plans_the_successor,
    a_task_whose_making_was_not_noted_is_not_made_again,
    what_cannot_be_read_keeps_no_other_task_from_being_made,
    a_call_that_nobody_answers_does_not_hold_up_the_end,
);

const DURABLE: &str = "scheduler-svc";

async fn letters(database: &Database) -> Vec<DeadLetter> {
    dead_letters::list(database, DURABLE, None, 10).await.expect("letters can be listed")
}

/// Makes the rules of a schedule unreadable, or readable again.
async fn write_rules(database: &Database, schedule: &Schedule, rrule: &str) {
    const WRITE: Sql = Sql::both("UPDATE schedule SET rrule = $2 WHERE id = $1");
    let id: Uuid = schedule.id.parse().expect("an id");
    WRITE.run(database.writer(), [id.into(), rrule.into()]).await.expect("the test may write");
}

/// A schedule whose first task is completed, and the event of that, which could not be applied and is parked.
async fn parked(world: &ScheduleWorld, rrule: &str) -> (Database, Schedule, Uuid) {
    let task = world.task_due("2026-10-19T09:00:00").await;
    let schedule = world.scheduled(&task, rrule).await;
    let database = world.database().await;
    write_rules(&database, &schedule, "no rule at all").await;
    world.complete(&task.id).await;
    let letter = eventually(async || {
        let letter = letters(&database).await.into_iter().next()?;
        world.clock.set(letter.next_attempt.max(world.clock.now()));
        (letter.state == State::Parked).then_some(letter)
    })
    .await;
    write_rules(&database, &schedule, rrule).await;
    (database, schedule, letter.letter.id())
}

async fn replay_a_week_later(world: &ScheduleWorld, database: &Database, letter: Uuid) {
    let week = std::time::Duration::from_secs(7 * 24 * 60 * 60);
    let now = world.clock.advance(week);
    assert!(dead_letters::replay(database, DURABLE, letter, now).await.expect("it can be replayed"));
    eventually(async || letters(database).await.is_empty()).await;
}

async fn a_dead_letter_replayed_a_week_later_changes_nothing(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let (database, schedule, letter) = parked(&world, "FREQ=DAILY").await;
    // News of the completed task that can be applied plans what the letter did not.
    world.retitle(schedule.task_id(), "watered").await;
    world.tasks_when(&schedule.id, 2).await;
    let before = world.get(&schedule.id).await;
    replay_a_week_later(&world, &database, letter).await;
    world.quiet().await;
    assert_eq!(world.get(&schedule.id).await, before);
    assert_eq!(world.tasks_of(&schedule.id).await.len(), 2);
}

async fn a_dead_letter_replayed_when_the_rule_is_used_up_changes_nothing(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let (database, schedule, letter) = parked(&world, "FREQ=DAILY;COUNT=2").await;
    world.retitle(schedule.task_id(), "watered").await;
    let second = world.tasks_when(&schedule.id, 2).await.remove(1);
    world.complete(&second.id).await;
    let ended = eventually(async || {
        let schedule = world.get(&schedule.id).await;
        (schedule.state() == ScheduleState::Ended).then_some(schedule)
    })
    .await;
    replay_a_week_later(&world, &database, letter).await;
    world.quiet().await;
    assert_eq!(world.get(&schedule.id).await, ended);
    assert_eq!(world.tasks_of(&schedule.id).await.len(), 2);
}

async fn a_dead_letter_that_nobody_made_up_for_plans_the_successor(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let (database, schedule, letter) = parked(&world, "FREQ=DAILY").await;
    world.reopen(schedule.task_id()).await;
    world.quiet().await;
    assert_eq!(world.tasks_of(&schedule.id).await.len(), 1);
    replay_a_week_later(&world, &database, letter).await;
    let tasks = world.tasks_when(&schedule.id, 2).await;
    assert_eq!(world.get(&schedule.id).await.planned_count, 2);
    world.complete(&tasks[0].id).await;
    world.quiet().await;
    assert_eq!(world.tasks_of(&schedule.id).await.len(), 2, "it was owed once");
}

async fn a_task_whose_making_was_not_noted_is_not_made_again(database: TestDatabase) {
    const FORGET: Sql =
        Sql::both("UPDATE occurrence SET state = 20, to_do = 10 WHERE schedule_id = $1 AND nominal > $2");
    let world = ScheduleWorld::on(database).await;
    let task = world.task_due("2026-10-19T09:00:00").await;
    let schedule = world.scheduled(&task, "FREQ=DAILY").await;
    world.complete(&task.id).await;
    let second = world.tasks_when(&schedule.id, 2).await.remove(1);
    let open = [OccurrenceState::Completed, OccurrenceState::Open];
    let states = async || world.states(&schedule.id).await.into_iter().map(|(_, state)| state).collect::<Vec<_>>();
    eventually(async || states().await == open).await;
    world.delete(&second.id).await;
    world.quiet().await;
    // So late that the request's id is forgotten, too.
    world.clock.advance(std::time::Duration::from_secs(25 * 60 * 60));
    let id: Uuid = schedule.id.parse().expect("an id");
    let values = [id.into(), schedule.start().into()];
    FORGET.run(world.database().await.writer(), values).await.expect("the test may write");
    let done = |states: &[OccurrenceState]| !states.contains(&OccurrenceState::Planned);
    eventually(async || done(&states().await)).await;
    let expected = occurrences(&world.tasks_of(&schedule.id).await);
    assert_eq!(expected, ["19", "20", "21"].map(|day| format!("2026-10-{day}T09:00:00")));
}

async fn what_cannot_be_read_keeps_no_other_task_from_being_made(database: TestDatabase) {
    const SPOIL: Sql =
        Sql::both("UPDATE occurrence SET to_do = 10, adjustments = 'none', attempt_us = 0 WHERE schedule_id = $1");
    let world = ScheduleWorld::on(database).await;
    let spoilt = world.task_due("2026-10-19T09:00:00").await;
    let spoilt: Uuid = world.scheduled(&spoilt, "FREQ=DAILY").await.id.parse().expect("an id");
    SPOIL.run(world.database().await.writer(), [spoilt.into()]).await.expect("the test may write");
    let task = world.task_due("2026-10-19T09:00:00").await;
    let schedule = world.scheduled(&task, "FREQ=DAILY").await;
    world.complete(&task.id).await;
    world.tasks_when(&schedule.id, 2).await;
}

async fn a_call_that_nobody_answers_does_not_hold_up_the_end(database: TestDatabase) {
    let mut world = ScheduleWorld::on(database).await;
    let task = world.task_due("2026-10-19T09:00:00").await;
    let schedule = world.scheduled(&task, "FREQ=DAILY").await;
    let nobody = world.put_on_hold().await;
    world.complete(&task.id).await;
    world.tried(&schedule.id).await;
    // Well within what a stage is given.
    let stopped = tokio::time::timeout(std::time::Duration::from_secs(10), world.stop()).await;
    assert!(stopped.is_ok());
    drop(nobody);
    world.restart().await;
    world.wait_out();
    world.tasks_when(&schedule.id, 2).await;
}
