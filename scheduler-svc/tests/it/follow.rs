//! Reminders follow their tasks.

use futures::StreamExt;
use mesh_events::{Envelope, Filter, TailFrom};
use mesh_proto::{
    scheduler::v1::{Reminder, ReminderState},
    task::v1::{CompleteTaskRequest, DeleteTaskRequest, ReopenTaskRequest, Task, UndeleteTaskRequest},
};
use mesh_testkit::{TestDatabase, eventually};
use mesh_types::{Clock, SystemClock, new_id};

use crate::{
    support::{HOUR, MINUTE, SECOND, World, at, dismissal, get, instant, offset, proto_time, remind, snooze},
    timers::fired,
    told::Log,
};

mesh_testkit::on_both_databases!(
    a_due_that_moves_takes_relative_reminders_along,
    a_due_that_moves_into_the_past_fires_at_once,
    a_reminder_without_a_due_waits_for_one,
    what_fired_fires_again_when_the_due_moves_ahead,
    a_task_that_is_completed_withdraws_what_was_told_and_what_was_to_come,
    a_task_that_comes_back_brings_back_what_is_still_to_come,
    a_dismissed_reminder_stays_dismissed,
    an_old_event_that_comes_again_changes_nothing,
);

/// Waits until a reminder stands there, and returns it.
pub(crate) async fn comes_to(world: &World, reminder: &Reminder, state: ReminderState) -> Reminder {
    until(world, reminder, |now| now.state() == state).await
}

/// Waits until a reminder is like that, and returns it.
pub(crate) async fn until(world: &World, reminder: &Reminder, there: impl Fn(&Reminder) -> bool) -> Reminder {
    let client = world.client();
    eventually(async || {
        let now = get(&mut client.clone(), &reminder.id).await;
        if there(&now) { Ok(now) } else { Err((now.state(), now.fire_time)) }
    })
    .await
}

pub(crate) async fn complete(world: &World, task: &Task) {
    let request = CompleteTaskRequest { id: task.id.clone(), ..CompleteTaskRequest::default() };
    world.tasks().complete_task(request).await.expect("it is completed");
}

pub(crate) async fn reopen(world: &World, task: &Task) {
    let request = ReopenTaskRequest { id: task.id.clone(), ..ReopenTaskRequest::default() };
    world.tasks().reopen_task(request).await.expect("it is reopened");
}

async fn a_due_that_moves_takes_relative_reminders_along(database: TestDatabase) {
    let world = World::on(database).await;
    let task = world.task_due_in(HOUR).await;
    let relative = remind(&mut world.client(), &task, offset(-60)).await;
    let fixed = remind(&mut world.client(), &task, at(world.after(HOUR))).await;
    let due = world.after(5 * HOUR);
    world.move_due(&task, Some(instant(due))).await;
    let moved = until(&world, &relative, |now| now.version == 2).await;
    assert_eq!((moved.state(), moved.fire_time), (ReminderState::Scheduled, Some(proto_time(due.minus(MINUTE)))));
    let log = Log::of(&world).await;
    let told = log.told(&relative.id).await;
    assert_eq!((told[1].verb.as_str(), told[1].changed()), ("rescheduled", vec!["fire_time".to_owned()]));
    assert_eq!(log.verbs(&fixed.id).await, ["created"]);
    world.clock.advance(2 * HOUR);
    fired(&world, &fixed.id, 1).await;
    assert_eq!(get(&mut world.client(), &relative.id).await.fire_count, 0);
    world.clock.set(due);
    assert!(fired(&world, &relative.id, 1).await.late);
}

async fn a_due_that_moves_into_the_past_fires_at_once(database: TestDatabase) {
    let world = World::on(database).await;
    let task = world.task_due_in(HOUR).await;
    let reminder = remind(&mut world.client(), &task, offset(-60)).await;
    world.move_due(&task, Some(instant(world.clock.now()))).await;
    assert_eq!(fired(&world, &reminder.id, 1).await.state(), ReminderState::Fired);
}

async fn a_reminder_without_a_due_waits_for_one(database: TestDatabase) {
    let world = World::on(database).await;
    let task = world.task_due_in(HOUR).await;
    let reminder = remind(&mut world.client(), &task, offset(-60)).await;
    world.move_due(&task, None).await;
    assert_eq!(comes_to(&world, &reminder, ReminderState::Unanchored).await.fire_time, None);
    world.move_due(&task, Some(instant(world.after(2 * HOUR)))).await;
    let back = comes_to(&world, &reminder, ReminderState::Scheduled).await;
    assert_eq!(back.fire_time, Some(proto_time(world.after(2 * HOUR).minus(MINUTE))));
}

async fn what_fired_fires_again_when_the_due_moves_ahead(database: TestDatabase) {
    let world = World::on(database).await;
    let task = world.task_due_in(MINUTE).await;
    let reminder = remind(&mut world.client(), &task, offset(0)).await;
    world.clock.advance(MINUTE);
    fired(&world, &reminder.id, 1).await;
    world.move_due(&task, Some(instant(world.after(MINUTE)))).await;
    comes_to(&world, &reminder, ReminderState::Scheduled).await;
    world.clock.advance(MINUTE);
    fired(&world, &reminder.id, 2).await;
    let log = Log::of(&world).await;
    assert_eq!(log.verbs(&reminder.id).await, ["created", "fired", "rescheduled", "fired"]);
}

async fn a_task_that_is_completed_withdraws_what_was_told_and_what_was_to_come(database: TestDatabase) {
    let world = World::on(database).await;
    let task = world.task_due_in(HOUR).await;
    let told = remind(&mut world.client(), &task, at(world.clock.now())).await;
    fired(&world, &told.id, 1).await;
    let to_come = remind(&mut world.client(), &task, offset(0)).await;
    complete(&world, &task).await;
    for reminder in [&told, &to_come] {
        assert_eq!(comes_to(&world, reminder, ReminderState::Withdrawn).await.fire_time, None);
    }
    let log = Log::of(&world).await;
    let last = log.told(&told.id).await.pop().expect("something was told");
    assert_eq!((last.verb.as_str(), last.changed()), ("withdrawn", vec!["state".to_owned()]));
    // Due after the one that was withdrawn, so that it had its chance when this has fired.
    world.clock.advance(HOUR);
    let other = world.task_due_in(SECOND).await;
    let last = remind(&mut world.client(), &other, offset(0)).await;
    world.clock.advance(SECOND);
    fired(&world, &last.id, 1).await;
    assert_eq!(log.verbs(&to_come.id).await, ["created", "withdrawn"]);
}

async fn a_task_that_comes_back_brings_back_what_is_still_to_come(database: TestDatabase) {
    let world = World::on(database).await;
    let task = world.task_due_in(2 * HOUR).await;
    let mut client = world.client();
    let [soon, later, put_off] = [
        remind(&mut client, &task, offset(-5_400)).await,
        remind(&mut client, &task, offset(0)).await,
        remind(&mut client, &task, offset(-3_600)).await,
    ];
    client.snooze_reminder(snooze(&put_off, 3 * HOUR)).await.expect("it is put off");
    complete(&world, &task).await;
    comes_to(&world, &put_off, ReminderState::Withdrawn).await;
    world.clock.advance(HOUR);
    reopen(&world, &task).await;
    let back = comes_to(&world, &later, ReminderState::Scheduled).await;
    assert_eq!(back.fire_time, Some(proto_time(world.after(HOUR))));
    let back = comes_to(&world, &put_off, ReminderState::Snoozed).await;
    assert_eq!((back.fire_time, back.snooze_until), (back.snooze_until, Some(proto_time(world.after(2 * HOUR)))));
    assert_eq!(get(&mut client, &soon.id).await.state(), ReminderState::Withdrawn, "its time has passed");

    let delete = DeleteTaskRequest { id: task.id.clone(), ..DeleteTaskRequest::default() };
    world.tasks().delete_task(delete).await.expect("it is deleted");
    comes_to(&world, &later, ReminderState::Withdrawn).await;
    let undelete = UndeleteTaskRequest { id: task.id.clone(), ..UndeleteTaskRequest::default() };
    world.tasks().undelete_task(undelete).await.expect("it is restored");
    comes_to(&world, &later, ReminderState::Scheduled).await;
    let log = Log::of(&world).await;
    assert_eq!(log.verbs(&later.id).await, ["created", "withdrawn", "restored", "withdrawn", "restored"]);
}

async fn a_dismissed_reminder_stays_dismissed(database: TestDatabase) {
    let world = World::on(database).await;
    let task = world.task_due_in(HOUR).await;
    let dismissed = remind(&mut world.client(), &task, offset(0)).await;
    world.client().dismiss_reminder(dismissal(&dismissed)).await.expect("it is dismissed");
    let other = remind(&mut world.client(), &task, offset(0)).await;
    complete(&world, &task).await;
    comes_to(&world, &other, ReminderState::Withdrawn).await;
    reopen(&world, &task).await;
    comes_to(&world, &other, ReminderState::Scheduled).await;
    assert_eq!(get(&mut world.client(), &dismissed.id).await.version, 2);
}

/// The event of this verb that the task service has told of a task.
pub(crate) async fn event_of(world: &World, task: &Task, verb: &str) -> Envelope {
    let filter = Filter { entities: vec!["task".to_owned()] };
    let mut tail = world.bus.tail(filter, TailFrom::Last(1_000)).await.expect("a tail");
    loop {
        let event = tail.next().await.expect("the tail goes on").expect("an event").event;
        if event.aggregate_id.to_string() == task.id && event.verb == verb {
            return event.as_ref().clone();
        }
    }
}

async fn an_old_event_that_comes_again_changes_nothing(database: TestDatabase) {
    let world = World::on(database).await;
    let task = world.task_due_in(240 * HOUR).await;
    let reminder = remind(&mut world.client(), &task, offset(0)).await;
    complete(&world, &task).await;
    comes_to(&world, &reminder, ReminderState::Withdrawn).await;
    reopen(&world, &task).await;
    let back = comes_to(&world, &reminder, ReminderState::Scheduled).await;
    let old = event_of(&world, &task, "completed").await;
    world.clock.advance(168 * HOUR);
    // Under another id, as if nobody remembered that it was applied.
    let again = Envelope { id: new_id(SystemClock.now()), ..old };
    assert_eq!(world.bus.publish(&[again]).await.expect("the bus takes it"), 1);
    let marker = world.task_due_in(HOUR).await;
    let after_it = remind(&mut world.client(), &marker, offset(0)).await;
    complete(&world, &marker).await;
    comes_to(&world, &after_it, ReminderState::Withdrawn).await;
    assert_eq!(get(&mut world.client(), &reminder.id).await, back);
}
