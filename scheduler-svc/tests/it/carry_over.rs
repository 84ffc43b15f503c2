//! A task's reminders go on with its next occurrence.

use mesh_events::Envelope;
use mesh_proto::{
    scheduler::v1::{Reminder, ReminderAnchor, ReminderState},
    task::v1::{Task, TaskTime},
};
use mesh_testkit::{TestDatabase, eventually};
use mesh_types::{Clock, SystemClock, derived_id, new_id};
use tonic::Code;
use uuid::Uuid;

use crate::{
    follow::event_of,
    schedules_world::{ScheduleWorld, at as instant, local, shown},
    support::{
        HOUR, at, creation, deletion, dismissal, get, list_all, offset, refused, remind, seconds, snooze, titled,
        update,
    },
    told::Log,
};

mesh_testkit::on_both_databases!(
    a_relative_reminder_goes_on_across_the_change_of_the_clocks_and_a_fixed_one_does_not,
    whatever_became_of_it_it_goes_on_unless_it_is_deleted_or_not_wanted,
    completed_twice_at_once_and_heard_of_again_later_it_goes_on_once,
    a_paused_schedule_carries_over_when_it_is_resumed_and_an_ended_one_never,
    a_planned_task_that_is_asked_for_too_early_gets_its_reminders,
);

/// The reminders of a task, deleted ones included.
async fn of_task(world: &ScheduleWorld, task: &str) -> Vec<Reminder> {
    let mut reminders = list_all(&mut world.schedules()).await;
    reminders.retain(|reminder| reminder.task_id == task);
    reminders
}

/// The reminders of a task, once there are so many that know when they fire.
async fn scheduled(world: &ScheduleWorld, task: &str, count: usize) -> Vec<Reminder> {
    eventually(async || {
        let reminders = of_task(world, task).await;
        let ready = reminders.iter().filter(|reminder| reminder.state() == ReminderState::Scheduled).count();
        if ready == count && reminders.len() == count { Ok(reminders) } else { Err(reminders) }
    })
    .await
}

async fn fired(world: &ScheduleWorld, reminder: &Reminder) -> Reminder {
    eventually(async || {
        let now = get(&mut world.schedules(), &reminder.id).await;
        if now.fire_count > 0 { Ok(now) } else { Err(now.state()) }
    })
    .await
}

/// The id of the copy that the next task gets.
fn copy_of(reminder: &Reminder, next: &str) -> String {
    derived_id("reminder", &format!("{}/{next}", reminder.id)).to_string()
}

async fn a_relative_reminder_goes_on_across_the_change_of_the_clocks_and_a_fixed_one_does_not(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let task = world.task_due("2026-10-19T09:00:00").await;
    let schedule = world.scheduled(&task, "FREQ=WEEKLY").await;
    let relative = remind(&mut world.schedules(), &task, offset(-900)).await;
    remind(&mut world.schedules(), &task, at(instant("2026-12-01T00:00:00Z"))).await;
    assert_eq!(shown(relative.fire_time.as_ref()), "2026-10-19T06:45:00Z");
    world.complete(&task.id).await;
    let next = world.tasks_when(&schedule.id, 2).await.remove(1);
    let copy = scheduled(&world, &next.id, 1).await.remove(0);
    assert_eq!(shown(copy.fire_time.as_ref()), "2026-10-26T07:45:00Z", "the clocks have changed");
    assert_eq!((copy.id.clone(), copy.version), (copy_of(&relative, &next.id), 2));
    assert_eq!((&copy.user_id, &copy.workspace_id), (&relative.user_id, &relative.workspace_id));
    let log = Log::of(&world).await;
    let told = log.told(&copy.id).await;
    let verbs: Vec<&str> = told.iter().map(|told| told.verb.as_str()).collect();
    assert_eq!((verbs, told[0].version), (vec!["created", "rescheduled"], 1));
    assert!(told[0].actor.contains("scheduler-svc") && told[0].actor.contains(&copy.user_id), "{}", told[0].actor);
    assert_eq!(told[0].changed(), ["offset", "anchor", "state"]);

    world.set_clock("2026-10-26T07:45:00Z");
    assert!(!fired(&world, &copy).await.late);
    world.complete(&next.id).await;
    let third = world.tasks_when(&schedule.id, 3).await.remove(2);
    let again = scheduled(&world, &third.id, 1).await.remove(0);
    assert_eq!((again.id, again.fire_count), (copy_of(&copy, &third.id), 0));
    assert_eq!(shown(again.fire_time.as_ref()), "2026-11-02T07:45:00Z");
}

async fn whatever_became_of_it_it_goes_on_unless_it_is_deleted_or_not_wanted(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let (start, due) = (Some(local("2026-10-19T08:30:00")), Some(local("2026-10-19T09:00:00")));
    let task = world.create_task(Task { start, due, ..titled("water the plants") }).await;
    let schedule = world.scheduled(&task, "FREQ=DAILY").await;
    let mut client = world.schedules();
    let dismissed = remind(&mut client, &task, offset(-60)).await;
    client.dismiss_reminder(dismissal(&dismissed)).await.expect("it is dismissed");
    let put_off = remind(&mut client, &task, offset(-120)).await;
    client.snooze_reminder(snooze(&put_off, 10 * HOUR)).await.expect("it is put off");
    let told = remind(&mut client, &task, offset(-3_600)).await;
    fired(&world, &told).await;
    let deleted = remind(&mut client, &task, offset(-240)).await;
    client.delete_reminder(deletion(&deleted)).await.expect("it is deleted");
    remind(&mut client, &task, Reminder { carry_over: Some(false), ..offset(-300) }).await;
    let rich = Reminder {
        anchor: Some(ReminderAnchor::Start.into()),
        repeat_interval: Some(seconds(90)),
        repeat_limit: Some(3),
        channel_ids: vec![Uuid::from_u128(7).to_string()],
        carry_over: Some(true),
        ..offset(-360)
    };
    let rich = remind(&mut client, &task, rich).await;

    world.complete(&task.id).await;
    let next = world.tasks_when(&schedule.id, 2).await.remove(1);
    let copies = scheduled(&world, &next.id, 4).await;
    for original in [&dismissed, &put_off, &told, &rich] {
        let copy = copies.iter().find(|copy| copy.id == copy_of(original, &next.id)).expect("it goes on");
        assert_eq!(
            (copy.offset, copy.anchor, copy.carry_over),
            (original.offset, original.anchor, original.carry_over)
        );
        assert_eq!((copy.repeat_interval, copy.repeat_limit), (original.repeat_interval, original.repeat_limit));
        assert_eq!(copy.channel_ids, original.channel_ids);
        assert_eq!((copy.fire_count, copy.last_fire_time, copy.snooze_until), (0, None, None));
    }
    let of_start = get(&mut client, &copy_of(&rich, &next.id)).await;
    assert_eq!(shown(of_start.fire_time.as_ref()), "2026-10-20T06:24:00Z");
}

async fn completed_twice_at_once_and_heard_of_again_later_it_goes_on_once(database: TestDatabase) {
    let world = ScheduleWorld::with_replicas(database, 2).await;
    let task = world.task_due("2026-10-19T09:00:00").await;
    let schedule = world.scheduled(&task, "FREQ=DAILY").await;
    let reminder = remind(&mut world.schedules(), &task, offset(-60)).await;
    tokio::join!(world.complete(&task.id), world.complete(&task.id));
    // Closed once more: two events, which two replicas may hear of at once.
    world.delete(&task.id).await;
    let next = world.tasks_when(&schedule.id, 2).await.remove(1);
    let copy = scheduled(&world, &next.id, 1).await.remove(0);
    let old = event_of(&world, &task, "completed").await;
    world.clock.advance(HOUR);
    // Under another id, as if nobody remembered that it was applied.
    let again = Envelope { id: new_id(SystemClock.now()), ..old };
    assert_eq!(world.bus.publish(&[again]).await.expect("the bus takes it"), 1);
    world.quiet().await;
    assert_eq!(of_task(&world, &next.id).await, std::slice::from_ref(&copy));
    let log = Log::of(&world).await;
    assert_eq!(log.verbs(&copy.id).await, ["created", "rescheduled"]);
    assert_eq!(log.verbs(&reminder.id).await, ["created", "withdrawn"]);
    assert_eq!(list_all(&mut world.schedules()).await.len(), 2);
}

async fn a_paused_schedule_carries_over_when_it_is_resumed_and_an_ended_one_never(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let task = world.task_due("2026-10-19T09:00:00").await;
    let schedule = world.scheduled(&task, "FREQ=DAILY").await;
    remind(&mut world.schedules(), &task, offset(-60)).await;
    world.pause(&schedule.id).await;
    world.complete(&task.id).await;
    world.quiet().await;
    assert_eq!(list_all(&mut world.schedules()).await.len(), 1, "nothing is planned yet");
    world.resume(&schedule.id).await;
    let next = world.tasks_when(&schedule.id, 2).await.remove(1);
    let copy = scheduled(&world, &next.id, 1).await.remove(0);
    assert_eq!(shown(copy.fire_time.as_ref()), "2026-10-20T06:59:00Z");
    assert!(Log::of(&world).await.told(&copy.id).await[0].actor.contains("scheduler-svc"));
    world.pause(&schedule.id).await;
    world.complete(&next.id).await;
    world.quiet().await;
    world.end(&schedule.id).await;
    world.quiet().await;
    assert_eq!(list_all(&mut world.schedules()).await.len(), 2);
}

async fn a_planned_task_that_is_asked_for_too_early_gets_its_reminders(database: TestDatabase) {
    let mut world = ScheduleWorld::on(database).await;
    let task = world.task_due("2026-10-19T09:00:00").await;
    let schedule = world.scheduled(&task, "FREQ=DAILY").await;
    let reminder = remind(&mut world.schedules(), &task, offset(-60)).await;
    world.cut_off().await;
    world.complete(&task.id).await;
    world.tried(&schedule.id).await;
    world.restart().await;
    let next = derived_id("occurrence", &format!("{}/2026-10-20T09:00:00", schedule.id)).to_string();
    let copy = get(&mut world.schedules(), &copy_of(&reminder, &next)).await;
    assert_eq!((copy.task_id.as_str(), copy.state()), (next.as_str(), ReminderState::Unanchored));
    let asked = creation(&Task { id: next.clone(), ..Task::default() }, offset(0));
    refused(world.schedules().create_reminder(asked).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    let earlier = Reminder { id: copy.id, ..offset(-120) };
    world.schedules().update_reminder(update(earlier, &["offset"])).await.expect("it is the person's to change");
    world.wait_out();
    let copy = scheduled(&world, &next, 1).await.remove(0);
    assert_eq!(shown(copy.fire_time.as_ref()), "2026-10-20T06:58:00Z");
    let due: Option<TaskTime> = Some(local("2026-10-20T12:00:00"));
    world.update_task(Task { id: next.clone(), due, ..Task::default() }, &["due"]).await;
    eventually(async || {
        let moved = of_task(&world, &next).await.remove(0);
        (shown(moved.fire_time.as_ref()) == "2026-10-20T09:58:00Z").then_some(())
    })
    .await;
}
