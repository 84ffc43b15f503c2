//! Timers: what is due fires once, in time, and never when it was moved.

use std::time::Duration;

use mesh_proto::scheduler::v1::{Reminder, ReminderState};
use mesh_testkit::{TestDatabase, eventually};
use mesh_types::Clock;

use crate::{
    support::{HOUR, MINUTE, SECOND, World, at, deletion, get, offset, proto_time, remind, seconds, snooze, update},
    told::Log,
};

mesh_testkit::on_both_databases!(
    a_reminder_fires_once_at_its_time,
    a_time_that_has_passed_fires_at_once_and_is_not_late,
    a_reminder_that_repeats_fires_until_it_is_enough,
    what_was_moved_snoozed_or_deleted_does_not_fire_at_the_old_time,
    a_thousand_missed_reminders_fire_once_each_marked_late,
    ten_thousand_at_once_fire_once_each,
    what_is_on_time_does_not_wait_for_a_backlog,
    a_far_reminder_is_found_when_its_time_comes,
    a_clock_that_is_set_back_fires_nothing_twice,
);

/// Waits until a reminder has fired so often, and returns it.
pub(crate) async fn fired(world: &World, id: &str, times: i32) -> Reminder {
    let client = world.client();
    eventually(async || {
        let reminder = get(&mut client.clone(), id).await;
        if reminder.fire_count >= times { Ok(reminder) } else { Err(reminder.fire_count) }
    })
    .await
}

async fn a_reminder_fires_once_at_its_time(database: TestDatabase) {
    let world = World::on(database).await;
    let task = world.task_due_in(10 * SECOND).await;
    let reminder = remind(&mut world.client(), &task, offset(-5)).await;
    let due = world.after(5 * SECOND);
    assert_eq!((reminder.state(), reminder.fire_time), (ReminderState::Scheduled, Some(proto_time(due))));
    let now = world.clock.advance(5 * SECOND + Duration::from_millis(3));
    let after = fired(&world, &reminder.id, 1).await;
    assert_eq!((after.state(), after.fire_time, after.version), (ReminderState::Fired, None, 2));
    assert_eq!((after.last_fire_time, after.late), (Some(proto_time(now)), false));

    let log = Log::of(&world).await;
    let told = log.told(&reminder.id).await;
    let verbs: Vec<_> = told.iter().map(|told| (told.verb.as_str(), told.version)).collect();
    assert_eq!(verbs, [("created", 1), ("fired", 2)]);
    let body = told[1].fired();
    assert_eq!((body.generation, body.due_time, body.late), (1, Some(proto_time(due)), false));
    assert_eq!(body.lateness, Some(prost_types::Duration { seconds: 0, nanos: 3_000_000 }));
    assert_eq!((body.task_title.as_str(), body.after), ("a task", Some(after)));
}

async fn a_time_that_has_passed_fires_at_once_and_is_not_late(database: TestDatabase) {
    let world = World::on(database).await;
    let task = world.task_due_in(10 * SECOND).await;
    let past = world.clock.now().minus(HOUR);
    let reminder = remind(&mut world.client(), &task, at(past)).await;
    let after = fired(&world, &reminder.id, 1).await;
    assert!(!after.late, "somebody was there all the time");
    let moved = Reminder { id: reminder.id.clone(), offset: Some(seconds(-60)), ..Reminder::default() };
    world.client().update_reminder(update(moved, &["offset"])).await.expect("it is moved");
    assert_eq!(fired(&world, &reminder.id, 2).await.state(), ReminderState::Fired);
    let log = Log::of(&world).await;
    assert_eq!(log.verbs(&reminder.id).await, ["created", "fired", "updated", "fired"]);
}

async fn a_reminder_that_repeats_fires_until_it_is_enough(database: TestDatabase) {
    let world = World::on(database).await;
    let task = world.task_due_in(SECOND).await;
    let repeated = Reminder { repeat_interval: Some(seconds(60)), repeat_limit: Some(3), ..offset(0) };
    let reminder = remind(&mut world.client(), &task, repeated).await;
    let due = world.clock.advance(SECOND);
    let after = fired(&world, &reminder.id, 1).await;
    assert_eq!((after.state(), after.fire_time), (ReminderState::Scheduled, Some(proto_time(due.plus(MINUTE)))));
    // What was missed is made up for once.
    world.clock.advance(5 * MINUTE + SECOND);
    let after = fired(&world, &reminder.id, 2).await;
    assert_eq!((after.late, after.fire_time), (true, Some(proto_time(due.plus(6 * MINUTE)))));
    world.clock.advance(MINUTE);
    let after = fired(&world, &reminder.id, 3).await;
    assert_eq!((after.state(), after.fire_time, after.late), (ReminderState::Fired, None, false));
}

async fn what_was_moved_snoozed_or_deleted_does_not_fire_at_the_old_time(database: TestDatabase) {
    let world = World::on(database).await;
    let (mut client, task) = (world.client(), world.task_due_in(10 * SECOND).await);
    let [moved, snoozed, deleted] = [
        remind(&mut client, &task, offset(0)).await,
        remind(&mut client, &task, offset(0)).await,
        remind(&mut client, &task, offset(0)).await,
    ];
    world.clock.advance(9 * SECOND);
    let later = Reminder { id: moved.id.clone(), ..at(world.after(HOUR)) };
    client.update_reminder(update(later, &["at"])).await.expect("it is moved");
    client.snooze_reminder(snooze(&snoozed, MINUTE)).await.expect("it is snoozed");
    client.delete_reminder(deletion(&deleted)).await.expect("it is deleted");
    // Due after the three, so that they had their chance when it has fired.
    let last = remind(&mut client, &task, at(world.after(2 * SECOND))).await;
    world.clock.advance(2 * SECOND);
    fired(&world, &last.id, 1).await;
    let log = Log::of(&world).await;
    assert_eq!(log.fired().await, (1, 1));
    world.clock.advance(MINUTE);
    let after = fired(&world, &snoozed.id, 1).await;
    assert_eq!((after.state(), after.snooze_until), (ReminderState::Fired, None));
    assert_eq!(log.fired().await, (2, 2));
}

async fn a_thousand_missed_reminders_fire_once_each_marked_late(database: TestDatabase) {
    let mut world = World::on(database).await;
    let log = Log::of(&world).await;
    let due = world.after(MINUTE);
    log.fill(&world, 1_000, due).await;
    world.stop().await;
    world.clock.advance(5 * MINUTE);
    world.resume().await;
    let all = async || Some(log.fired().await).filter(|(reminders, _)| *reminders == 1_000);
    assert_eq!(eventually(all).await, (1_000, 1_000));
    assert_eq!(log.late().await, 1_000);
}

async fn ten_thousand_at_once_fire_once_each(database: TestDatabase) {
    let world = World::on(database).await;
    let log = Log::of(&world).await;
    log.fill(&world, 10_000, world.after(20 * SECOND)).await;
    eventually(async || log.unheld().await == 0).await;
    world.clock.advance(20 * SECOND);
    let all = async || Some(log.fired().await).filter(|(reminders, _)| *reminders == 10_000);
    assert_eq!(eventually(all).await, (10_000, 10_000));
    assert_eq!(log.late().await, 0);
}

async fn what_is_on_time_does_not_wait_for_a_backlog(database: TestDatabase) {
    let mut world = World::on(database).await;
    let log = Log::of(&world).await;
    log.fill(&world, 20_000, world.after(MINUTE)).await;
    world.stop().await;
    world.clock.advance(HOUR);
    world.resume().await;
    let task = world.task_due_in(SECOND).await;
    let reminder = remind(&mut world.client(), &task, offset(0)).await;
    world.clock.advance(SECOND);
    assert!(!fired(&world, &reminder.id, 1).await.late);
    let (fired, _) = log.fired().await;
    assert!(fired < 20_001, "the backlog was gone before it could be in the way");
}

async fn a_far_reminder_is_found_when_its_time_comes(database: TestDatabase) {
    let world = World::on(database).await;
    let task = world.task_due_in(240 * HOUR).await;
    let reminder = remind(&mut world.client(), &task, offset(0)).await;
    world.clock.advance(240 * HOUR);
    assert_eq!(fired(&world, &reminder.id, 1).await.fire_count, 1);
}

async fn a_clock_that_is_set_back_fires_nothing_twice(database: TestDatabase) {
    let world = World::on(database).await;
    let task = world.task_due_in(10 * SECOND).await;
    let reminder = remind(&mut world.client(), &task, offset(0)).await;
    let before = world.clock.now();
    world.clock.advance(10 * SECOND);
    fired(&world, &reminder.id, 1).await;
    world.clock.set(before);
    let other = remind(&mut world.client(), &task, at(before)).await;
    fired(&world, &other.id, 1).await;
    world.clock.advance(10 * SECOND);
    let last = remind(&mut world.client(), &task, at(world.clock.now())).await;
    fired(&world, &last.id, 1).await;
    assert_eq!(get(&mut world.client(), &reminder.id).await.fire_count, 1);
}
