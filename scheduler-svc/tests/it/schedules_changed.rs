//! Schedules changed: updated, skipped, split, deleted and restored.

use mesh_proto::{
    scheduler::v1::{
        DeleteScheduleRequest, ListOccurrencesRequest, OccurrenceState, OpenTasksPolicy, Schedule, ScheduleGeneration,
        SchedulePolicies, ScheduleState, SkipOccurrenceRequest, SplitScheduleRequest, SplitScheduleResponse,
        TaskTemplate, UndeleteScheduleRequest, UpdateScheduleRequest, WeekendPolicy,
    },
    task::v1::{Task, TaskStatus},
};
use mesh_testkit::{TestDatabase, eventually};
use tonic::{Code, Status};

use crate::{
    schedules_world::{ScheduleWorld, changed, complaints, creation, due_of, occurrences},
    support::{refused, titled},
};

mesh_testkit::on_both_databases!(
    only_named_fields_change_and_from_the_next_on,
    another_time_of_day_does_not_make_a_second_one_on_a_day,
    more_ahead_is_planned_at_once_and_less_as_tasks_are_closed,
    what_makes_no_sense_changes_nothing,
    the_open_occurrence_is_skipped_and_the_next_one_comes,
    one_to_come_is_left_out,
    what_is_over_or_never_comes_cannot_be_skipped,
    a_paused_schedule_owes_the_successor_of_a_skipped_one,
    a_series_goes_on_differently_from_the_next_one_on,
    what_comes_before_a_split_still_comes,
    this_one_and_those_that_follow_go_on_differently,
    what_is_left_of_the_count_goes_to_the_new_series,
    a_repeated_split_is_answered_the_same,
    a_deleted_schedule_plans_nothing_until_it_is_restored,
    open_tasks_are_cancelled_or_deleted_with_it_if_asked,
);

fn update(schedule: Schedule, paths: &[&str]) -> UpdateScheduleRequest {
    let paths = paths.iter().map(|&path| path.to_owned()).collect();
    let update_mask = Some(prost_types::FieldMask { paths });
    UpdateScheduleRequest { schedule: Some(schedule), update_mask, ..UpdateScheduleRequest::default() }
}

fn named(id: &str) -> Schedule {
    Schedule { id: id.to_owned(), ..Schedule::default() }
}

async fn daily(world: &ScheduleWorld) -> (Schedule, Task) {
    let task = world.task_due("2026-10-19T09:00:00").await;
    (world.scheduled(&task, "FREQ=DAILY").await, task)
}

async fn updated(world: &ScheduleWorld, request: UpdateScheduleRequest) -> Schedule {
    world.schedules().update_schedule(request).await.expect("it is updated").into_inner()
}

async fn skip(world: &ScheduleWorld, id: &str, occurrence: &str) -> Result<Schedule, Status> {
    let (id, occurrence) = (id.to_owned(), occurrence.to_owned());
    let request = SkipOccurrenceRequest { id, occurrence, ..SkipOccurrenceRequest::default() };
    world.schedules().skip_occurrence(request).await.map(tonic::Response::into_inner)
}

async fn split(world: &ScheduleWorld, id: &str, occurrence: &str, schedule: Schedule) -> SplitScheduleResponse {
    world.schedules().split_schedule(cut(id, occurrence, schedule)).await.expect("it is split").into_inner()
}

fn cut(id: &str, occurrence: &str, schedule: Schedule) -> SplitScheduleRequest {
    let (id, occurrence) = (id.to_owned(), occurrence.to_owned());
    SplitScheduleRequest { id, occurrence, schedule: Some(schedule), ..SplitScheduleRequest::default() }
}

/// The task, once it is like this.
async fn becomes(world: &ScheduleWorld, id: &str, like: impl Fn(&Task) -> bool) -> Task {
    eventually(async || {
        let task = world.task(id).await;
        if like(&task) { Ok(task) } else { Err(task) }
    })
    .await
}

async fn only_named_fields_change_and_from_the_next_on(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let (schedule, task) = daily(&world).await;
    let template = TaskTemplate { title: Some("feed the cat".to_owned()), ..TaskTemplate::default() };
    let change = Schedule {
        template: Some(template),
        rrule: Some("FREQ=WEEKLY;BYDAY=FR".to_owned()),
        time_zone: Some("Asia/Tokyo".to_owned()),
        ..named(&schedule.id)
    };
    let after = updated(&world, update(change, &["rrule", "template.title"])).await;
    assert_eq!((after.version, after.text.as_str()), (2, "every week on Friday"));
    assert_eq!((after.time_zone(), after.start()), (schedule.time_zone(), schedule.start()), "these were not named");
    assert_eq!(after.next_occurrence(), "2026-10-23T09:00:00");
    assert_eq!(world.task(&task.id).await.title(), "water the plants", "open tasks stay as they are");
    world.complete(&task.id).await;
    let tasks = world.tasks_when(&schedule.id, 2).await;
    assert_eq!((tasks[1].title(), due_of(&tasks[1]).as_str()), ("feed the cat", "2026-10-23T09:00:00"));

    let weekend = Some(WeekendPolicy::NextWeekday.into());
    let policies = Some(SchedulePolicies { weekend, end_count: Some(2), ..SchedulePolicies::default() });
    let change = Schedule { policies, ..named(&schedule.id) };
    let after = updated(&world, update(change.clone(), &["policies.weekend"])).await.policies.expect("policies");
    assert_eq!((after.weekend(), after.end_count), (WeekendPolicy::NextWeekday, None));
    let again = updated(&world, update(change, &["policies.weekend"])).await;
    assert_eq!(again.change_id, "", "it is so already");
}

async fn another_time_of_day_does_not_make_a_second_one_on_a_day(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let (schedule, task) = daily(&world).await;
    let change = Schedule { start: Some("2026-10-19T18:00:00".to_owned()), ..named(&schedule.id) };
    let after = updated(&world, update(change, &["start"])).await;
    assert_eq!(after.next_occurrence(), "2026-10-20T18:00:00");
    world.complete(&task.id).await;
    let tasks = world.tasks_when(&schedule.id, 2).await;
    assert_eq!(due_of(&tasks[1]), "2026-10-20T18:00:00");
}

async fn more_ahead_is_planned_at_once_and_less_as_tasks_are_closed(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let (schedule, _) = daily(&world).await;
    let ahead = |count: i32| {
        let generation = Some(ScheduleGeneration::Ahead.into());
        let policies = SchedulePolicies { generation, ahead_count: Some(count), ..SchedulePolicies::default() };
        update(Schedule { policies: Some(policies), ..named(&schedule.id) }, &["policies"])
    };
    updated(&world, ahead(3)).await;
    let tasks = world.tasks_when(&schedule.id, 3).await;
    updated(&world, ahead(1)).await;
    world.complete(&tasks[0].id).await;
    world.complete(&tasks[1].id).await;
    world.quiet().await;
    assert_eq!(world.tasks_of(&schedule.id).await.len(), 3, "one is open");
    world.complete(&tasks[2].id).await;
    world.tasks_when(&schedule.id, 4).await;
}

async fn what_makes_no_sense_changes_nothing(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let (schedule, _) = daily(&world).await;
    let attempt = async |schedule: Schedule, paths: &[&str], code, reason| {
        refused(world.schedules().update_schedule(update(schedule, paths)).await, code, reason)
    };
    let rule = |rrule: &str| Schedule { rrule: Some(rrule.to_owned()), ..named(&schedule.id) };
    let invalid = (Code::InvalidArgument, "FIELDS_INVALID");
    let status = attempt(rule("FREQ=SOMETIMES"), &["rrule"], invalid.0, invalid.1).await;
    assert_eq!(complaints(&status)[0].0, "schedule.rrule");
    attempt(rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"), &["rrule"], invalid.0, invalid.1).await;
    attempt(named(&schedule.id), &["rrule"], invalid.0, invalid.1).await;
    attempt(named(&schedule.id), &["template"], invalid.0, invalid.1).await;
    attempt(named(&schedule.id), &["state"], Code::InvalidArgument, "UPDATE_MASK_INVALID").await;
    attempt(named(&schedule.id), &["policies.nonsense"], Code::InvalidArgument, "UPDATE_MASK_INVALID").await;
    let stale = Schedule { etag: "stale".to_owned(), ..rule("FREQ=WEEKLY") };
    attempt(stale, &["rrule"], Code::Aborted, "ETAG_MISMATCH").await;
    assert_eq!(world.get(&schedule.id).await.version, 1);
    world.end(&schedule.id).await;
    attempt(rule("FREQ=WEEKLY"), &["rrule"], Code::FailedPrecondition, "STATE_INVALID").await;
}

async fn the_open_occurrence_is_skipped_and_the_next_one_comes(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let (schedule, task) = daily(&world).await;
    let after = skip(&world, &schedule.id, "").await.expect("it is skipped");
    assert_eq!((after.planned_count, after.next_occurrence()), (2, "2026-10-21T09:00:00"));
    becomes(&world, &task.id, |task| task.status() == TaskStatus::Cancelled).await;
    let tasks = world.tasks_when(&schedule.id, 2).await;
    assert_eq!(due_of(&tasks[1]), "2026-10-20T09:00:00");
    world.quiet().await;
    let states = world.states(&schedule.id).await;
    let expected = [("2026-10-19T09:00:00", OccurrenceState::Skipped), ("2026-10-20T09:00:00", OccurrenceState::Open)];
    assert_eq!(states, expected.map(|(nominal, state)| (nominal.to_owned(), state)));
    assert_eq!(world.tasks_of(&schedule.id).await.len(), 2, "the cancelled task has its successor already");
    let again = skip(&world, &schedule.id, "2026-10-19T09:00:00").await.expect("it is skipped");
    assert_eq!(again.change_id, "", "it is so already");
}

async fn one_to_come_is_left_out(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let (schedule, task) = daily(&world).await;
    skip(&world, &schedule.id, "2026-10-22T09:00:00").await.expect("it is skipped");
    let after = skip(&world, &schedule.id, "2026-10-20T09:00:00").await.expect("it is skipped");
    assert_eq!((after.planned_count, after.next_occurrence()), (1, "2026-10-21T09:00:00"));
    let request = ListOccurrencesRequest { id: schedule.id.clone(), page_size: 3, ..ListOccurrencesRequest::default() };
    let (first, token) = world.occurrences(request.clone()).await;
    let (second, _) = world.occurrences(ListOccurrencesRequest { page_token: token, ..request }).await;
    let listed: Vec<_> = first.iter().chain(&second).map(|found| (&found.occurrence[8..10], found.state())).collect();
    use OccurrenceState::{Computed, Open, Skipped};
    assert_eq!(
        listed,
        [("19", Open), ("20", Skipped), ("21", Computed), ("22", Skipped), ("23", Computed), ("24", Computed)]
    );
    world.complete(&task.id).await;
    let tasks = world.tasks_when(&schedule.id, 2).await;
    world.complete(&tasks[1].id).await;
    let tasks = world.tasks_when(&schedule.id, 3).await;
    let expected = ["2026-10-19T09:00:00", "2026-10-21T09:00:00", "2026-10-23T09:00:00"];
    assert_eq!(occurrences(&tasks), expected);
}

async fn what_is_over_or_never_comes_cannot_be_skipped(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let (schedule, task) = daily(&world).await;
    world.complete(&task.id).await;
    world.tasks_when(&schedule.id, 2).await;
    let done = skip(&world, &schedule.id, "2026-10-19T09:00:00").await;
    refused(done.map(tonic::Response::new), Code::FailedPrecondition, "STATE_INVALID");
    for nonsense in ["2026-10-22T10:00:00", "2026-10-22", "2020-01-01T09:00:00"] {
        let status = refused(
            skip(&world, &schedule.id, nonsense).await.map(tonic::Response::new),
            Code::InvalidArgument,
            "FIELDS_INVALID",
        );
        assert_eq!(complaints(&status)[0].0, "occurrence");
    }
}

async fn a_paused_schedule_owes_the_successor_of_a_skipped_one(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let (schedule, task) = daily(&world).await;
    world.pause(&schedule.id).await;
    skip(&world, &schedule.id, "").await.expect("it is skipped");
    becomes(&world, &task.id, |task| task.status() == TaskStatus::Cancelled).await;
    world.quiet().await;
    assert_eq!(world.tasks_of(&schedule.id).await.len(), 1);
    world.resume(&schedule.id).await;
    world.tasks_when(&schedule.id, 2).await;
}

async fn a_series_goes_on_differently_from_the_next_one_on(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let (schedule, task) = daily(&world).await;
    let change = Schedule { rrule: Some("FREQ=WEEKLY".to_owned()), ..Schedule::default() };
    let answer = split(&world, &schedule.id, "", change).await;
    let (ended, created) = (answer.ended.expect("the old one"), answer.created.expect("the new one"));
    assert_eq!((ended.id.as_str(), ended.state()), (schedule.id.as_str(), ScheduleState::Ended));
    assert_eq!((created.split_from_id(), ended.ends_before()), (schedule.id.as_str(), "2026-10-20T09:00:00"));
    assert_eq!((created.start(), created.next_occurrence()), ("2026-10-20T09:00:00", "2026-10-27T09:00:00"));
    let tasks = world.tasks_when(&created.id, 1).await;
    assert_eq!((tasks[0].title(), due_of(&tasks[0]).as_str()), ("water the plants", "2026-10-20T09:00:00"));
    world.complete(&task.id).await;
    world.quiet().await;
    assert_eq!(world.tasks_of(&schedule.id).await.len(), 1, "the old one has ended");
    world.complete(&tasks[0].id).await;
    let tasks = world.tasks_when(&created.id, 2).await;
    assert_eq!(due_of(&tasks[1]), "2026-10-27T09:00:00");
}

async fn what_comes_before_a_split_still_comes(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let (schedule, _) = daily(&world).await;
    let change = Schedule { rrule: Some("FREQ=WEEKLY".to_owned()), ..Schedule::default() };
    let answer = split(&world, &schedule.id, "2026-10-22T09:00:00", change).await;
    let (cut, created) = (answer.ended.expect("the old one"), answer.created.expect("the new one"));
    assert_eq!((cut.state(), cut.next_occurrence()), (ScheduleState::Active, "2026-10-20T09:00:00"));
    let first = world.tasks_when(&created.id, 1).await.remove(0);
    assert_eq!(due_of(&first), "2026-10-22T09:00:00");
    for count in 1..=3 {
        let open = world.tasks_when(&schedule.id, count).await.remove(count - 1);
        world.complete(&open.id).await;
    }
    eventually(async || world.get(&schedule.id).await.state() == ScheduleState::Ended).await;
    let old = occurrences(&world.tasks_of(&schedule.id).await);
    assert_eq!(old, ["2026-10-19T09:00:00", "2026-10-20T09:00:00", "2026-10-21T09:00:00"]);
    let late = skip(&world, &created.id, "2026-10-29T09:00:00").await.expect("it is skipped");
    assert_eq!(late.next_occurrence(), "2026-11-05T09:00:00");
}

async fn this_one_and_those_that_follow_go_on_differently(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let (schedule, task) = daily(&world).await;
    let template = TaskTemplate { title: Some("feed the cat".to_owned()), ..TaskTemplate::default() };
    let start = Some("2026-10-19T18:00:00".to_owned());
    let change = Schedule { template: Some(template), start, ..Schedule::default() };
    let created = split(&world, &schedule.id, "2026-10-19T09:00:00", change).await.created.expect("the new one");
    assert_eq!((created.task_id(), created.planned_count), (task.id.as_str(), 1));
    let adopted = becomes(&world, &task.id, |task| task.schedule_id() == created.id).await;
    assert_eq!((adopted.title(), due_of(&adopted).as_str()), ("feed the cat", "2026-10-19T18:00:00"));
    world.complete(&task.id).await;
    let tasks = world.tasks_when(&created.id, 2).await;
    assert_eq!(due_of(&tasks[1]), "2026-10-20T18:00:00");
    assert_eq!(world.states(&schedule.id).await, [], "nothing is left of the old one");
    world.quiet().await;
    assert_eq!(world.tasks_of(&created.id).await.len(), 2);
}

async fn what_is_left_of_the_count_goes_to_the_new_series(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let task = world.task_due("2026-10-19T09:00:00").await;
    let by_rule = world.scheduled(&task, "RRULE:FREQ=DAILY;COUNT=5\nEXDATE:20261020T090000").await;
    let created = split(&world, &by_rule.id, "2026-10-22T09:00:00", Schedule::default()).await.created;
    let expected = "RRULE:FREQ=DAILY;COUNT=2\nEXDATE:20261020T090000";
    assert_eq!(created.expect("the new one").rrule(), expected, "those left out were counted, too");

    let task = world.task_due("2026-10-19T09:00:00").await;
    let policies = SchedulePolicies { end_count: Some(5), ..SchedulePolicies::default() };
    let counted = changed(creation(&task, "FREQ=DAILY"), |schedule| schedule.policies = Some(policies));
    let by_policy = world.create(counted).await;
    let left = |split: SplitScheduleResponse| split.created.and_then(|created| created.policies?.end_count);
    let later = split(&world, &by_policy.id, "2026-10-22T09:00:00", Schedule::default()).await;
    assert_eq!(left(later), Some(2), "two more come before");
    let this = split(&world, &by_policy.id, "2026-10-19T09:00:00", Schedule::default()).await;
    assert_eq!(left(this), Some(5), "the open one is the first of the new ones");
}

async fn a_repeated_split_is_answered_the_same(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let (schedule, _) = daily(&world).await;
    let request = SplitScheduleRequest { request_id: "r1".to_owned(), ..cut(&schedule.id, "", Schedule::default()) };
    let answers = [
        world.schedules().split_schedule(request.clone()).await.expect("it is split").into_inner(),
        world.schedules().split_schedule(request).await.expect("it was split").into_inner(),
    ];
    assert_eq!(answers[0].created, answers[1].created);
    let ended = answers.map(|answer| answer.ended.expect("the old one"));
    assert_eq!((&ended[0].etag, ended[0].state()), (&ended[1].etag, ScheduleState::Ended));
    let again = world.schedules().split_schedule(cut(&schedule.id, "", Schedule::default())).await;
    refused(again, Code::FailedPrecondition, "STATE_INVALID");
}

async fn a_deleted_schedule_plans_nothing_until_it_is_restored(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let (schedule, task) = daily(&world).await;
    let request = DeleteScheduleRequest { id: schedule.id.clone(), ..DeleteScheduleRequest::default() };
    let deleted = world.schedules().delete_schedule(request.clone()).await.expect("it is deleted").into_inner();
    assert!(deleted.delete_time.is_some() && deleted.state() == ScheduleState::Active, "{deleted:?}");
    let again = world.schedules().delete_schedule(request).await.expect("it is deleted").into_inner();
    assert_eq!(again.change_id, "", "it is so already");
    world.complete(&task.id).await;
    world.quiet().await;
    assert_eq!(world.tasks_of(&schedule.id).await.len(), 1);
    let skipped = skip(&world, &schedule.id, "").await;
    refused(skipped.map(tonic::Response::new), Code::FailedPrecondition, "RESOURCE_DELETED");
    let request = UndeleteScheduleRequest { id: schedule.id.clone(), ..UndeleteScheduleRequest::default() };
    let restored = world.schedules().undelete_schedule(request).await.expect("it is restored").into_inner();
    assert_eq!((restored.delete_time, restored.planned_count), (None, 2));
    world.tasks_when(&schedule.id, 2).await;
}

async fn open_tasks_are_cancelled_or_deleted_with_it_if_asked(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    for (policy, state) in
        [(OpenTasksPolicy::Cancel, OccurrenceState::Cancelled), (OpenTasksPolicy::Delete, OccurrenceState::Deleted)]
    {
        let task = world.create_task(Task { ..titled("by the way") }).await;
        let request = changed(creation(&task, "FREQ=DAILY"), |schedule| {
            schedule.start = Some("2026-10-19T09:00:00".to_owned());
            schedule.time_zone = Some("Europe/Berlin".to_owned());
        });
        let schedule = world.create(request).await;
        let (id, open_tasks) = (schedule.id.clone(), Some(policy.into()));
        let request = DeleteScheduleRequest { id, open_tasks, ..DeleteScheduleRequest::default() };
        world.schedules().delete_schedule(request).await.expect("it is deleted");
        let task =
            becomes(&world, &task.id, |task| task.status() == TaskStatus::Cancelled || task.delete_time.is_some());
        assert_eq!(task.await.delete_time.is_some(), policy == OpenTasksPolicy::Delete);
        eventually(async || {
            let states = world.states(&schedule.id).await;
            if states == [("2026-10-19T09:00:00".to_owned(), state)] { Ok(()) } else { Err(states) }
        })
        .await;
    }
}
