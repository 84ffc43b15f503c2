//! What is not to come does not come: not after a split, not from a worker that was too late.

use mesh_proto::{
    scheduler::v1::{
        CreateScheduleRequest, ListOccurrencesRequest, OccurrenceState, Schedule, ScheduleAdvance, ScheduleGeneration,
        SchedulePolicies, SkipOccurrenceRequest, SplitScheduleRequest, TaskTemplate,
    },
    task::v1::{Task, TaskStatus},
};
use mesh_testkit::{TestDatabase, eventually};

use crate::{
    schedules_world::{BERLIN, ScheduleWorld, changed, creation, due_of, local, occurrences},
    support::{create_task, titled},
};

mesh_testkit::on_both_databases!(
    what_was_done_or_skipped_does_not_come_again_after_a_split,
    counted_from_completion_one_before_the_newest_can_be_skipped,
    what_is_skipped_before_it_has_a_task_never_has_an_open_one,
);

fn day(day: u8) -> String {
    format!("2026-10-{day}T09:00:00")
}

async fn skip(world: &ScheduleWorld, id: &str, occurrence: &str) -> Schedule {
    let (id, occurrence) = (id.to_owned(), occurrence.to_owned());
    let request = SkipOccurrenceRequest { id, occurrence, ..SkipOccurrenceRequest::default() };
    world.schedules().skip_occurrence(request).await.expect("it is skipped").into_inner()
}

async fn what_was_done_or_skipped_does_not_come_again_after_a_split(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let task = world.task_due(&day(19)).await;
    let ahead = changed(creation(&task, "FREQ=DAILY"), |schedule| {
        let generation = Some(ScheduleGeneration::Ahead.into());
        schedule.policies = Some(SchedulePolicies { generation, ahead_count: Some(3), ..SchedulePolicies::default() });
    });
    let schedule = world.create(ahead).await;
    let tasks = world.tasks_when(&schedule.id, 3).await;
    world.complete(&tasks[1].id).await;
    world.tasks_when(&schedule.id, 4).await;
    skip(&world, &schedule.id, &day(23)).await;
    let template = TaskTemplate { title: Some("feed the cat".to_owned()), ..TaskTemplate::default() };
    let request = SplitScheduleRequest {
        id: schedule.id.clone(),
        occurrence: day(19),
        schedule: Some(Schedule { template: Some(template), ..Schedule::default() }),
        ..SplitScheduleRequest::default()
    };
    let split = async || world.schedules().split_schedule(request.clone()).await.ok();
    let created = eventually(split).await.into_inner().created.expect("the new one");
    let tasks = world.tasks_when(&created.id, 3).await;
    assert_eq!(occurrences(&tasks), [day(19), day(21), day(22)]);
    assert!(tasks.iter().all(|task| due_of(task) == task.occurrence() && task.title() == "feed the cat"), "{tasks:?}");
    world.complete(&tasks[0].id).await;
    let tasks = world.tasks_when(&created.id, 4).await;
    assert_eq!(due_of(&tasks[3]), day(24));
    use OccurrenceState::{Completed, Open, Skipped};
    let expected = [(19, Completed), (20, Skipped), (21, Open), (22, Open), (23, Skipped), (24, Open)];
    eventually(async || {
        let states = world.states(&created.id).await;
        if states == expected.map(|(number, state)| (day(number), state)) { Ok(()) } else { Err(states) }
    })
    .await;
}

async fn counted_from_completion_one_before_the_newest_can_be_skipped(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let task = world.task_due(&day(22)).await;
    let from_completion = changed(creation(&task, "FREQ=DAILY"), |schedule| {
        let advance = Some(ScheduleAdvance::FromCompletion.into());
        schedule.policies = Some(SchedulePolicies { advance, ..SchedulePolicies::default() });
    });
    let schedule = world.create(from_completion).await;
    world.complete(&task.id).await;
    world.tasks_when(&schedule.id, 2).await;
    for (skipped, count) in [(20, 3), (21, 4)] {
        skip(&world, &schedule.id, &day(skipped)).await;
        world.tasks_when(&schedule.id, count).await;
    }
    let expected = [day(20), day(21), day(22), day(23)];
    assert_eq!(occurrences(&world.tasks_of(&schedule.id).await), expected, "the 22nd is done");
}

/// A daily schedule of a template, whose first task is being made by a call that nobody answers.
async fn in_the_making(world: &ScheduleWorld) -> Schedule {
    let template = TaskTemplate { title: Some("feed the cat".to_owned()), ..TaskTemplate::default() };
    let schedule = Schedule {
        template: Some(template),
        rrule: Some("FREQ=DAILY".to_owned()),
        start: Some(day(19)),
        time_zone: Some(BERLIN.to_owned()),
        ..Schedule::default()
    };
    let request = CreateScheduleRequest { schedule: Some(schedule), ..CreateScheduleRequest::default() };
    let schedule = world.schedules().create_schedule(request).await.expect("it is created").into_inner();
    world.tried(&schedule.id).await;
    schedule
}

async fn what_is_skipped_before_it_has_a_task_never_has_an_open_one(database: TestDatabase) {
    let mut world = ScheduleWorld::on(database).await;
    let nobody = world.put_on_hold().await;
    let schedule = in_the_making(&world).await;
    skip(&world, &schedule.id, &day(19)).await;
    drop(nobody);
    world.restart().await;
    world.wait_out();
    let next = world.tasks_when(&schedule.id, 1).await.remove(0);
    assert_eq!(next.occurrence(), day(20));
    let request = ListOccurrencesRequest { id: schedule.id.clone(), page_size: 1, ..ListOccurrencesRequest::default() };
    let first = async || world.occurrences(request.clone()).await.0.remove(0);
    let skipped = eventually(async || Some(first().await).filter(|first| first.task_id.is_none())).await;
    assert_eq!(skipped.state(), OccurrenceState::Skipped);

    // That call comes to be answered after all.
    let late = Task {
        due: Some(local(&day(19))),
        schedule_id: Some(schedule.id.clone()),
        occurrence: Some(day(19)),
        ..titled("feed the cat")
    };
    let worker = world.user.clone().through("scheduler-svc");
    let late = create_task(&mut world.tasks_as(&worker), late).await;
    eventually(async || world.task(&late.id).await.status() == TaskStatus::Cancelled).await;
    world.quiet().await;
    let skipped = first().await;
    assert_eq!((skipped.state(), skipped.task_id()), (OccurrenceState::Skipped, late.id.as_str()));
    assert_eq!(world.tasks_of(&schedule.id).await.len(), 2);
}
