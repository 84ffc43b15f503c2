//! What follows when the task of an occurrence is closed: one successor, whatever happens.

use mesh_proto::{
    scheduler::v1::{OccurrenceState, ScheduleState},
    task::v1::{Task, TaskPriority, TaskTime, task_time::Value},
};
use mesh_testkit::{TestDatabase, eventually};

use crate::{
    schedules_world::{ScheduleWorld, changed, creation, due_of, local, occurrences},
    support::titled,
};

mesh_testkit::on_both_databases!(
    a_weekly_task_keeps_its_wall_time_when_the_clocks_change,
    completing_twice_at_once_gives_one_successor,
    a_crash_between_planning_and_making_gives_one_successor,
    cancelling_and_deleting_plan_a_successor_too,
    reopening_and_completing_again_makes_no_second_one,
    a_paused_schedule_plans_when_it_is_resumed,
    an_ended_schedule_plans_nothing,
    the_series_ends_by_count_and_by_until,
    from_completion_the_next_is_counted_from_the_day_of_completion,
    what_was_missed_is_skipped_or_made_up_for,
    the_successor_is_like_the_task,
    whole_days_come_back_as_whole_days,
    a_successor_whose_parent_is_gone_stands_alone,
);

async fn a_weekly_task_keeps_its_wall_time_when_the_clocks_change(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let task = world.task_due("2026-10-19T09:00:00").await;
    let schedule = world.scheduled(&task, "FREQ=WEEKLY").await;
    world.complete(&task.id).await;
    let next = world.tasks_when(&schedule.id, 2).await.remove(1);
    assert_eq!(next.due, Some(local("2026-10-26T09:00:00")));
    assert_eq!(next.occurrence(), "2026-10-26T09:00:00");
    assert_eq!(next.created_by, world.user.id().to_string());
    let after = world.get(&schedule.id).await;
    assert_eq!((after.version, after.planned_count, after.next_occurrence()), (2, 2, "2026-11-02T09:00:00"));
}

async fn completing_twice_at_once_gives_one_successor(database: TestDatabase) {
    let world = ScheduleWorld::with_replicas(database, 2).await;
    let task = world.task_due("2026-10-19T09:00:00").await;
    let schedule = world.scheduled(&task, "FREQ=DAILY").await;
    for step in 1..=4 {
        let open = world.tasks_when(&schedule.id, step).await.remove(step - 1);
        tokio::join!(world.complete(&open.id), world.complete(&open.id));
        // Closed once more: two events, which two replicas may hear of at once.
        world.delete(&open.id).await;
    }
    world.tasks_when(&schedule.id, 5).await;
    world.quiet().await;
    let all = occurrences(&world.tasks_of(&schedule.id).await);
    let expected = ["19", "20", "21", "22", "23"].map(|day| format!("2026-10-{day}T09:00:00"));
    assert_eq!(all, expected);
}

async fn a_crash_between_planning_and_making_gives_one_successor(database: TestDatabase) {
    let mut world = ScheduleWorld::on(database).await;
    let task = world.task_due("2026-10-19T09:00:00").await;
    let schedule = world.scheduled(&task, "FREQ=DAILY").await;
    world.cut_off().await;
    world.complete(&task.id).await;
    let planned = ("2026-10-20T09:00:00".to_owned(), OccurrenceState::Planned);
    eventually(async || world.states(&schedule.id).await.last() == Some(&planned)).await;
    assert_eq!(world.tasks_of(&schedule.id).await.len(), 1);
    world.restart().await;
    world.wait_out();
    world.tasks_when(&schedule.id, 2).await;
    world.restart().await;
    world.quiet().await;
    assert_eq!(world.tasks_of(&schedule.id).await.len(), 2);
}

async fn cancelling_and_deleting_plan_a_successor_too(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let task = world.task_due("2026-10-19T09:00:00").await;
    let schedule = world.scheduled(&task, "FREQ=DAILY").await;
    world.cancel(&task.id).await;
    let second = world.tasks_when(&schedule.id, 2).await.remove(1);
    world.delete(&second.id).await;
    world.tasks_when(&schedule.id, 3).await;
    use OccurrenceState::{Cancelled, Deleted, Open};
    let expected = [Cancelled, Deleted, Open];
    eventually(async || {
        let states: Vec<_> = world.states(&schedule.id).await.into_iter().map(|(_, state)| state).collect();
        if states == expected { Ok(()) } else { Err(states) }
    })
    .await;
}

async fn reopening_and_completing_again_makes_no_second_one(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let task = world.task_due("2026-10-19T09:00:00").await;
    let schedule = world.scheduled(&task, "FREQ=DAILY").await;
    world.complete(&task.id).await;
    world.tasks_when(&schedule.id, 2).await;
    world.reopen(&task.id).await;
    let reopened = ("2026-10-19T09:00:00".to_owned(), OccurrenceState::Open);
    eventually(async || world.states(&schedule.id).await.first() == Some(&reopened)).await;
    world.complete(&task.id).await;
    world.delete(&task.id).await;
    world.quiet().await;
    assert_eq!(world.tasks_of(&schedule.id).await.len(), 2);
    assert_eq!(world.get(&schedule.id).await.version, 2);
}

async fn a_paused_schedule_plans_when_it_is_resumed(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let task = world.task_due("2026-10-19T09:00:00").await;
    let schedule = world.scheduled(&task, "FREQ=DAILY").await;
    world.pause(&schedule.id).await;
    world.complete(&task.id).await;
    world.quiet().await;
    assert_eq!(world.tasks_of(&schedule.id).await.len(), 1);
    world.set_clock("2026-10-22T12:00:00Z");
    let resumed = world.resume(&schedule.id).await;
    assert_eq!((resumed.planned_count, resumed.next_occurrence()), (2, "2026-10-24T09:00:00"));
    let tasks = world.tasks_when(&schedule.id, 2).await;
    assert_eq!(due_of(&tasks[1]), "2026-10-23T09:00:00", "what passed meanwhile is skipped");
    // What was reopened while it was paused is owed nothing.
    world.pause(&schedule.id).await;
    world.complete(&tasks[1].id).await;
    world.reopen(&tasks[1].id).await;
    world.quiet().await;
    world.resume(&schedule.id).await;
    world.quiet().await;
    assert_eq!(world.tasks_of(&schedule.id).await.len(), 2);
    world.complete(&tasks[1].id).await;
    world.tasks_when(&schedule.id, 3).await;
}

async fn an_ended_schedule_plans_nothing(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let task = world.task_due("2026-10-19T09:00:00").await;
    let schedule = world.scheduled(&task, "FREQ=DAILY").await;
    world.end(&schedule.id).await;
    world.complete(&task.id).await;
    world.quiet().await;
    assert_eq!(world.tasks_of(&schedule.id).await.len(), 1);
    let closed = [("2026-10-19T09:00:00".to_owned(), OccurrenceState::Completed)];
    assert_eq!(world.states(&schedule.id).await, closed);
}

async fn the_series_ends_by_count_and_by_until(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    for rrule in ["FREQ=DAILY;COUNT=2", "FREQ=DAILY;UNTIL=20261020T070000Z"] {
        let task = world.task_due("2026-10-19T09:00:00").await;
        let schedule = world.scheduled(&task, rrule).await;
        world.complete(&task.id).await;
        let second = world.tasks_when(&schedule.id, 2).await.remove(1);
        assert_eq!(world.get(&schedule.id).await.next_time, None, "{rrule}");
        world.complete(&second.id).await;
        eventually(async || world.get(&schedule.id).await.state() == ScheduleState::Ended).await;
        assert_eq!(world.tasks_of(&schedule.id).await.len(), 2, "{rrule}");
    }
}

async fn from_completion_the_next_is_counted_from_the_day_of_completion(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let task = world.task_due("2026-10-19T09:00:00").await;
    let request = changed(creation(&task, "FREQ=DAILY;INTERVAL=3"), |schedule| {
        schedule.policies.get_or_insert_default().advance = Some(20);
    });
    let schedule = world.create(request).await;
    assert_eq!(schedule.next_time, None);
    world.set_clock("2026-10-24T20:00:00Z");
    world.complete(&task.id).await;
    let second = world.tasks_when(&schedule.id, 2).await.remove(1);
    assert_eq!(due_of(&second), "2026-10-27T09:00:00");
    world.reopen(&task.id).await;
    world.set_clock("2026-10-25T20:00:00Z");
    world.complete(&task.id).await;
    world.quiet().await;
    assert_eq!(world.tasks_of(&schedule.id).await.len(), 2, "one successor for each predecessor");
}

async fn what_was_missed_is_skipped_or_made_up_for(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let skipping = world.task_due("2026-10-19T09:00:00").await;
    let skipped = world.scheduled(&skipping, "FREQ=DAILY").await;
    let making_up = world.task_due("2026-10-19T09:00:00").await;
    let request = changed(creation(&making_up, "FREQ=DAILY"), |schedule| {
        schedule.policies.get_or_insert_default().missed = Some(20);
    });
    let made_up = world.create(request).await;
    world.set_clock("2026-10-21T12:00:00Z");
    world.complete(&skipping.id).await;
    world.complete(&making_up.id).await;
    assert_eq!(due_of(&world.tasks_when(&skipped.id, 2).await[1]), "2026-10-22T09:00:00");
    let tasks = world.tasks_when(&made_up.id, 3).await;
    assert_eq!([&tasks[1], &tasks[2]].map(due_of), ["2026-10-20T09:00:00", "2026-10-21T09:00:00"]);
}

async fn the_successor_is_like_the_task(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let parent = world.create_task(titled("the garden")).await;
    let task = Task {
        description: Some("twice *as much* in summer".to_owned()),
        priority: Some(TaskPriority::High.into()),
        tags: vec!["garden".to_owned(), "water".to_owned()],
        parent_id: Some(parent.id.clone()),
        start: Some(local("2026-10-18T20:00:00")),
        due: Some(local("2026-10-19T09:00:00")),
        ..titled("water the plants")
    };
    let task = world.create_task(task).await;
    let schedule = world.scheduled(&task, "FREQ=WEEKLY").await;
    world.complete(&task.id).await;
    let next = world.tasks_when(&schedule.id, 2).await.remove(1);
    assert_eq!((next.title(), next.description()), (task.title(), task.description()));
    assert_eq!((next.priority(), &next.tags, &next.parent_id), (task.priority(), &task.tags, &task.parent_id));
    assert_eq!(next.start, Some(local("2026-10-25T20:00:00")));
}

async fn whole_days_come_back_as_whole_days(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let due =
        Some(TaskTime { value: Some(Value::Date("2026-10-18".to_owned())), time_zone: "Europe/Berlin".to_owned() });
    let task = world.create_task(Task { due, ..titled("bins out") }).await;
    let schedule = world.scheduled(&task, "FREQ=DAILY").await;
    assert_eq!(schedule.start(), "2026-10-18");
    world.complete(&task.id).await;
    let next = world.tasks_when(&schedule.id, 2).await.remove(1);
    assert_eq!((next.occurrence(), due_of(&next).as_str()), ("2026-10-19", "2026-10-19"), "today is not over");
}

async fn a_successor_whose_parent_is_gone_stands_alone(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let parent = world.create_task(titled("the garden")).await;
    let due = Some(local("2026-10-19T09:00:00"));
    let task = world.create_task(Task { parent_id: Some(parent.id.clone()), due, ..titled("water") }).await;
    let schedule = world.scheduled(&task, "FREQ=DAILY").await;
    world.delete(&parent.id).await;
    world.complete(&task.id).await;
    let next = world.tasks_when(&schedule.id, 2).await.remove(1);
    assert_eq!(next.parent_id, None);
}
