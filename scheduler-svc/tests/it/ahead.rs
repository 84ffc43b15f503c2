//! Tasks made ahead, by number and by horizon; missed ones; and schedules without a first task.

use mesh_proto::scheduler::v1::{
    CreateScheduleRequest, ListOccurrencesRequest, MissedPolicy, OccurrenceState, Schedule, ScheduleAdvance,
    ScheduleGeneration, SchedulePolicies, ScheduleState, TaskTemplate,
};
use mesh_store::Sql;
use mesh_testkit::{TestDatabase, eventually};
use tonic::Code;
use uuid::Uuid;

use crate::{
    schedules_world::{BERLIN, ScheduleWorld, changed, complaints, creation, due_of, occurrences},
    support::refused,
};

mesh_testkit::on_both_databases!(
    so_many_tasks_are_open_at_any_time,
    tasks_are_made_as_their_time_comes_within_the_horizon,
    no_more_are_open_than_the_horizon_allows,
    one_that_cannot_be_read_keeps_no_other_waiting,
    what_was_missed_is_listed_and_the_next_is_in_the_future,
    what_was_missed_is_made_up_for_at_once,
    a_schedule_from_a_template_makes_its_first_task,
    a_template_that_starts_in_the_past_begins_with_what_is_to_come,
    from_completion_a_template_begins_with_its_start,
    ahead_goes_with_due_dates_only,
);

const DAY: i64 = 86_400;

fn ahead(count: i32) -> SchedulePolicies {
    let generation = Some(ScheduleGeneration::Ahead.into());
    SchedulePolicies { generation, ahead_count: Some(count), ..SchedulePolicies::default() }
}

fn within(days: i64) -> SchedulePolicies {
    let ahead_horizon = Some(prost_types::Duration { seconds: days * DAY, nanos: 0 });
    let generation = Some(ScheduleGeneration::Ahead.into());
    SchedulePolicies { generation, ahead_horizon, ..SchedulePolicies::default() }
}

fn from_template(rrule: &str, start: &str, policies: SchedulePolicies) -> CreateScheduleRequest {
    let template = TaskTemplate { title: Some("pay the rent".to_owned()), ..TaskTemplate::default() };
    let schedule = Schedule {
        template: Some(template),
        rrule: Some(rrule.to_owned()),
        start: Some(start.to_owned()),
        time_zone: Some(BERLIN.to_owned()),
        policies: Some(policies),
        ..Schedule::default()
    };
    CreateScheduleRequest { schedule: Some(schedule), ..CreateScheduleRequest::default() }
}

async fn of_task(world: &ScheduleWorld, rrule: &str, policies: SchedulePolicies) -> Schedule {
    let task = world.task_due("2026-10-19T09:00:00").await;
    world.create(changed(creation(&task, rrule), |schedule| schedule.policies = Some(policies))).await
}

async fn made(world: &ScheduleWorld, request: CreateScheduleRequest) -> Schedule {
    world.schedules().create_schedule(request).await.expect("it is created").into_inner()
}

async fn so_many_tasks_are_open_at_any_time(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let schedule = of_task(&world, "FREQ=DAILY", ahead(3)).await;
    assert_eq!((schedule.planned_count, schedule.next_occurrence()), (3, "2026-10-22T09:00:00"));
    let tasks = world.tasks_when(&schedule.id, 3).await;
    assert_eq!(occurrences(&tasks), ["2026-10-19T09:00:00", "2026-10-20T09:00:00", "2026-10-21T09:00:00"]);
    // One that is reopened has its successor already.
    for id in [&tasks[1].id, &tasks[1].id] {
        world.complete(id).await;
        world.tasks_when(&schedule.id, 4).await;
        world.reopen(id).await;
    }
    world.complete(&tasks[0].id).await;
    let tasks = world.tasks_when(&schedule.id, 5).await;
    assert_eq!(tasks.last().map(due_of).as_deref(), Some("2026-10-23T09:00:00"));
    world.quiet().await;
    assert_eq!(world.tasks_of(&schedule.id).await.len(), 5);
}

async fn tasks_are_made_as_their_time_comes_within_the_horizon(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let schedule = made(&world, from_template("FREQ=DAILY", "2026-10-20T09:00:00", within(2))).await;
    let tasks = world.tasks_when(&schedule.id, 1).await;
    assert_eq!(occurrences(&tasks), ["2026-10-20T09:00:00"]);
    world.complete(&tasks[0].id).await;
    world.quiet().await;
    assert_eq!(world.tasks_of(&schedule.id).await.len(), 1, "done or not has no bearing");
    world.set_clock("2026-10-21T06:00:00Z");
    let tasks = world.tasks_when(&schedule.id, 3).await;
    assert_eq!(tasks.last().map(due_of).as_deref(), Some("2026-10-22T09:00:00"));
    let schedule = world.get(&schedule.id).await;
    assert_eq!((schedule.planned_count, schedule.next_occurrence()), (3, "2026-10-23T09:00:00"));
}

async fn no_more_are_open_than_the_horizon_allows(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let policies = SchedulePolicies { ahead_count: Some(2), ..within(30) };
    let schedule = made(&world, from_template("FREQ=DAILY", "2026-10-20T09:00:00", policies)).await;
    let tasks = world.tasks_when(&schedule.id, 2).await;
    world.complete(&tasks[0].id).await;
    let tasks = world.tasks_when(&schedule.id, 3).await;
    assert_eq!(tasks.last().map(due_of).as_deref(), Some("2026-10-22T09:00:00"));
}

async fn one_that_cannot_be_read_keeps_no_other_waiting(database: TestDatabase) {
    let mut world = ScheduleWorld::on(database).await;
    let broken = made(&world, from_template("FREQ=DAILY", "2026-10-20T09:00:00", within(2))).await;
    let sound = made(&world, from_template("FREQ=DAILY", "2026-10-20T09:00:00", within(2))).await;
    world.tasks_when(&sound.id, 1).await;
    world.stop().await;
    let database = world.database().await;
    let id: Uuid = broken.id.parse().expect("an id");
    const BREAK: Sql = Sql::both("UPDATE schedule SET rrule = 'nonsense' WHERE id = $1");
    assert_eq!(BREAK.run(database.writer(), [id.into()]).await.expect("it is broken"), 1);
    // Everything is worked out anew at the start, too.
    const AGE: Sql = Sql::both("UPDATE zone_data SET version = '1999a'");
    assert_eq!(AGE.run(database.writer(), []).await.expect("it is older"), 1);
    world.restart().await;
    world.set_clock("2026-10-21T06:00:00Z");
    world.tasks_when(&sound.id, 3).await;
}

async fn what_was_missed_is_listed_and_the_next_is_in_the_future(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let schedule = of_task(&world, "FREQ=DAILY", SchedulePolicies::default()).await;
    world.set_clock("2026-10-22T12:00:00Z");
    world.complete(schedule.task_id()).await;
    let expected = [
        ("2026-10-19T09:00:00", OccurrenceState::Completed),
        ("2026-10-20T09:00:00", OccurrenceState::Missed),
        ("2026-10-21T09:00:00", OccurrenceState::Missed),
        ("2026-10-22T09:00:00", OccurrenceState::Missed),
        ("2026-10-23T09:00:00", OccurrenceState::Open),
    ];
    let expected = expected.map(|(nominal, state)| (nominal.to_owned(), state));
    eventually(async || {
        let states = world.states(&schedule.id).await;
        if states == expected { Ok(()) } else { Err(states) }
    })
    .await;
    let request = ListOccurrencesRequest { id: schedule.id.clone(), page_size: 2, ..ListOccurrencesRequest::default() };
    let (page, more) = world.occurrences(request).await;
    assert_eq!((page[1].task_id.as_deref(), more.is_empty()), (None, false), "a missed one has no task");
    assert_eq!(world.get(&schedule.id).await.planned_count, 2, "missed ones do not count");
}

async fn what_was_missed_is_made_up_for_at_once(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let policies = SchedulePolicies { missed: Some(MissedPolicy::CreateAll.into()), ..SchedulePolicies::default() };
    let schedule = of_task(&world, "FREQ=DAILY", policies).await;
    world.set_clock("2026-10-22T12:00:00Z");
    world.complete(schedule.task_id()).await;
    let tasks = world.tasks_when(&schedule.id, 4).await;
    assert_eq!(tasks.last().map(due_of).as_deref(), Some("2026-10-22T09:00:00"));
    for task in &tasks[1..3] {
        world.complete(&task.id).await;
    }
    world.quiet().await;
    assert_eq!(world.tasks_of(&schedule.id).await.len(), 4, "one is still open");
    world.complete(&tasks[3].id).await;
    let tasks = world.tasks_when(&schedule.id, 5).await;
    assert_eq!(tasks.last().map(due_of).as_deref(), Some("2026-10-23T09:00:00"));
}

async fn a_schedule_from_a_template_makes_its_first_task(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let policies = SchedulePolicies::default;
    let schedule = made(&world, from_template("FREQ=MONTHLY;BYMONTHDAY=1", "2026-10-20T09:00:00", policies())).await;
    assert_eq!((schedule.task_id.as_deref(), schedule.planned_count), (None, 1));
    let tasks = world.tasks_when(&schedule.id, 1).await;
    assert_eq!((tasks[0].title(), due_of(&tasks[0]).as_str()), ("pay the rent", "2026-11-01T09:00:00"));
    world.complete(&tasks[0].id).await;
    let tasks = world.tasks_when(&schedule.id, 2).await;
    assert_eq!(due_of(&tasks[1]), "2026-12-01T09:00:00");

    let mut untitled = from_template("FREQ=DAILY", "2026-10-20", policies());
    untitled.schedule.as_mut().expect("a schedule").template = Some(TaskTemplate::default());
    let status = refused(world.schedules().create_schedule(untitled).await, Code::InvalidArgument, "FIELDS_INVALID");
    assert_eq!(complaints(&status)[0].0, "schedule.template.title");
    let mut unstarted = from_template("FREQ=DAILY", "2026-10-20", policies());
    unstarted.schedule.as_mut().expect("a schedule").start = None;
    let status = refused(world.schedules().create_schedule(unstarted).await, Code::InvalidArgument, "FIELDS_INVALID");
    assert_eq!(complaints(&status)[0].0, "schedule.start");
}

async fn a_template_that_starts_in_the_past_begins_with_what_is_to_come(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let request = from_template("FREQ=DAILY;COUNT=3", "2020-01-01T09:00:00", SchedulePolicies::default());
    let schedule = made(&world, request).await;
    assert_eq!(schedule.state(), ScheduleState::Ended, "all of it is past");
    let schedule = made(&world, from_template("FREQ=DAILY", "2026-10-17", SchedulePolicies::default())).await;
    let tasks = world.tasks_when(&schedule.id, 1).await;
    assert_eq!(due_of(&tasks[0]), "2026-10-19", "today is not over");
    assert_eq!(world.states(&schedule.id).await.len(), 3, "two were missed");
}

async fn from_completion_a_template_begins_with_its_start(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let advance = Some(ScheduleAdvance::FromCompletion.into());
    let policies = SchedulePolicies { advance, ..SchedulePolicies::default() };
    let schedule = made(&world, from_template("FREQ=DAILY;INTERVAL=3", "2026-10-20", policies)).await;
    let tasks = world.tasks_when(&schedule.id, 1).await;
    assert_eq!(due_of(&tasks[0]), "2026-10-20");
    world.set_clock("2026-10-25T12:00:00Z");
    world.complete(&tasks[0].id).await;
    let tasks = world.tasks_when(&schedule.id, 2).await;
    assert_eq!(due_of(&tasks[1]), "2026-10-28");
}

async fn ahead_goes_with_due_dates_only(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let create = async |policies| {
        let request = from_template("FREQ=DAILY", "2026-10-20", policies);
        refused(world.schedules().create_schedule(request).await, Code::InvalidArgument, "FIELDS_INVALID")
    };
    let advance = Some(ScheduleAdvance::FromCompletion.into());
    let status = create(SchedulePolicies { advance, ..ahead(3) }).await;
    assert_eq!(complaints(&status)[0].0, "schedule.policies.generation");
    let status = create(SchedulePolicies { ahead_count: Some(3), ..SchedulePolicies::default() }).await;
    assert_eq!(complaints(&status)[0].0, "schedule.policies.generation");
    let status = create(ahead(101)).await;
    assert_eq!(complaints(&status)[0].0, "schedule.policies.ahead_count");
}
