//! Schedules: made, read, paused, resumed, ended.

use mesh_proto::{
    scheduler::v1::{
        EndScheduleRequest, GetScheduleRequest, OccurrenceState, PauseScheduleRequest, ResumeScheduleRequest, Schedule,
        SchedulePolicies, ScheduleState, TaskTemplate,
    },
    task::v1::Task,
};
use mesh_testkit::{TestDatabase, TestUser};
use mesh_types::Role;
use tonic::Code;
use tonic_types::StatusExt;

use crate::{
    schedules_world::{BERLIN, ScheduleWorld, at, changed, complaints, creation, shown},
    support::{instant, refused, titled},
};

mesh_testkit::on_both_databases!(
    a_schedule_begins_with_its_task,
    start_and_zone_can_be_told,
    a_rule_that_is_none_is_refused_with_its_place,
    what_makes_no_sense_is_refused,
    a_task_that_is_over_does_not_come_back,
    a_task_has_one_schedule_that_goes_on,
    of_two_schedules_at_once_a_task_gets_one,
    schedules_of_others_are_not_there,
    a_request_id_makes_repeating_harmless,
    a_stale_etag_changes_nothing,
    pausing_resuming_and_ending_are_steps,
);

async fn a_schedule_begins_with_its_task(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let task = world.task_due("2026-10-19T09:00:00").await;
    let schedule = world.scheduled(&task, "FREQ=WEEKLY").await;
    assert_eq!((schedule.start(), schedule.time_zone()), ("2026-10-19T09:00:00", BERLIN));
    assert_eq!((schedule.version, schedule.planned_count, schedule.state()), (1, 1, ScheduleState::Active));
    assert_eq!(schedule.next_occurrence(), "2026-10-26T09:00:00");
    assert_eq!(shown(schedule.next_time.as_ref()), "2026-10-26T08:00:00Z");
    assert_eq!(schedule.template.as_ref().map(|template| template.title()), Some("water the plants"));
    assert_eq!(schedule.workspace_id, world.user.workspace().to_string());
    assert!(!schedule.change_id.is_empty() && !schedule.text.is_empty(), "{schedule:?}");
    assert_eq!(world.get(&schedule.id).await, settled(schedule.clone()));

    let first = world.task(&task.id).await;
    assert_eq!((first.schedule_id(), first.occurrence()), (schedule.id.as_str(), "2026-10-19T09:00:00"));
    let open = [("2026-10-19T09:00:00".to_owned(), OccurrenceState::Open)];
    assert_eq!(world.states(&schedule.id).await, open);
}

async fn start_and_zone_can_be_told(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let due = Some(instant(at("2026-10-19T01:30:00Z")));
    let task = world.create_task(Task { due, ..titled("call home") }).await;
    let zoned =
        |zone: &str| changed(creation(&task, "FREQ=DAILY"), |schedule| schedule.time_zone = Some(zone.to_owned()));
    let schedule = world.create(zoned("america/new_york")).await;
    assert_eq!((schedule.start(), schedule.time_zone()), ("2026-10-18T21:30:00", "America/New_York"));

    let bare = world.create_task(titled("no due at all")).await;
    let told = changed(creation(&bare, "FREQ=MONTHLY;BYMONTHDAY=31"), |schedule| {
        schedule.start = Some("2026-10-31".to_owned());
        schedule.time_zone = Some(BERLIN.to_owned());
    });
    let schedule = world.create(told).await;
    assert_eq!((schedule.start(), schedule.next_occurrence()), ("2026-10-31", "2026-12-31"));
    assert_eq!(shown(schedule.next_time.as_ref()), "2026-12-30T23:00:00Z");
}

async fn a_rule_that_is_none_is_refused_with_its_place(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let task = world.task_due("2026-10-19T09:00:00").await;
    for (rrule, position, about) in [
        ("FREQ=SOMETIMES", "5", "FREQ"),
        ("FREQ=DAILY;INTERVAL=0", "20", "INTERVAL"),
        ("FREQ=DAILY\nFREQ=DAILY", "11", "RRULE"),
        ("FREQ=WEEKLY;BYDAY=2MO", "18", "weekday"),
    ] {
        let refusal = world.schedules().create_schedule(creation(&task, rrule)).await;
        let status = refused(refusal, Code::InvalidArgument, "FIELDS_INVALID");
        let [(field, description)] = complaints(&status).try_into().expect("one violation");
        assert_eq!(field, "schedule.rrule");
        assert!(description.contains(about) && description.contains("byte"), "{rrule}: {description}");
        let place = status.get_details_error_info().and_then(|mut info| info.metadata.remove("position"));
        assert_eq!(place.as_deref(), Some(position), "{rrule}: {description}");
    }
}

async fn what_makes_no_sense_is_refused(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let task = world.task_due("2026-10-19T09:00:00").await;
    let bare = world.create_task(titled("no due at all")).await;
    let daily = || creation(&task, "FREQ=DAILY");
    let with = |change: fn(&mut SchedulePolicies)| {
        changed(daily(), |schedule| change(schedule.policies.get_or_insert_default()))
    };
    let from_completion = |policies: &mut SchedulePolicies| policies.advance = Some(20);
    let template = TaskTemplate { title: Some("from nothing".to_owned()), ..TaskTemplate::default() };
    let cases = [
        (creation(&task, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"), "schedule.rrule"),
        (creation(&task, "FREQ=DAILY;UNTIL=20200101"), "schedule.rrule"),
        (changed(daily(), |schedule| schedule.rrule = None), "schedule.rrule"),
        (changed(daily(), |schedule| schedule.time_zone = Some("Mars/Olympus".to_owned())), "schedule.time_zone"),
        (changed(daily(), |schedule| schedule.start = Some("2026-02-30".to_owned())), "schedule.start"),
        (
            changed(daily(), |schedule| {
                schedule.task_id = None;
                schedule.template = Some(template);
            }),
            "schedule.start",
        ),
        (creation(&bare, "FREQ=DAILY"), "schedule.time_zone"),
        (
            changed(creation(&bare, "FREQ=DAILY"), |schedule| schedule.time_zone = Some(BERLIN.to_owned())),
            "schedule.start",
        ),
        (with(|policies| policies.ahead_count = Some(3)), "schedule.policies.generation"),
        (with(|policies| policies.end_date = Some("2026-10-18".to_owned())), "schedule.policies.end_date"),
        (
            changed(creation(&task, "FREQ=DAILY;COUNT=3"), |schedule| {
                from_completion(schedule.policies.get_or_insert_default());
            }),
            "schedule.rrule",
        ),
        (
            changed(daily(), |schedule| {
                let title = Some(" ".to_owned());
                schedule.template = Some(TaskTemplate { title, ..TaskTemplate::default() });
            }),
            "schedule.template.title",
        ),
    ];
    for (request, field) in cases {
        let told = format!("{request:?}");
        let status = refused(world.schedules().create_schedule(request).await, Code::InvalidArgument, "FIELDS_INVALID");
        let fields: Vec<String> = complaints(&status).into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, [field], "{told}");
    }
}

async fn a_task_that_is_over_does_not_come_back(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let done = world.task_due("2026-10-19T09:00:00").await;
    world.complete(&done.id).await;
    let status = world.schedules().create_schedule(creation(&done, "FREQ=DAILY")).await;
    refused(status, Code::FailedPrecondition, "STATE_INVALID");
    let gone = world.task_due("2026-10-19T09:00:00").await;
    world.delete(&gone.id).await;
    let status = world.schedules().create_schedule(creation(&gone, "FREQ=DAILY")).await;
    refused(status, Code::FailedPrecondition, "RESOURCE_DELETED");
    let unknown = Task { id: "0190163d-8694-739b-aea5-966c26f8ad90".to_owned(), ..done };
    let status = world.schedules().create_schedule(creation(&unknown, "FREQ=DAILY")).await;
    refused(status, Code::NotFound, "RESOURCE_NOT_FOUND");
}

async fn a_task_has_one_schedule_that_goes_on(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let task = world.task_due("2026-10-19T09:00:00").await;
    let first = world.scheduled(&task, "FREQ=DAILY").await;
    let again = world.schedules().create_schedule(creation(&task, "FREQ=WEEKLY")).await;
    let status = refused(again, Code::FailedPrecondition, "STATE_INVALID");
    let other = status.get_details_error_info().and_then(|mut info| info.metadata.remove("schedule_id"));
    assert_eq!(other, Some(first.id.clone()));
    world.end(&first.id).await;
    let second = world.schedules().create_schedule(creation(&task, "FREQ=WEEKLY")).await.expect("now it can");
    let second = second.into_inner().id;
    mesh_testkit::eventually(async || world.task(&task.id).await.schedule_id() == second).await;
    world.complete(&task.id).await;
    world.tasks_when(&second, 2).await;
    assert_eq!(world.states(&first.id).await.len(), 1, "what has ended plans nothing");
}

async fn of_two_schedules_at_once_a_task_gets_one(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    for _ in 0..4 {
        let task = world.task_due("2026-10-19T09:00:00").await;
        let (mut one, mut other) = (world.schedules(), world.schedules());
        let (one, other) = tokio::join!(
            one.create_schedule(creation(&task, "FREQ=DAILY")),
            other.create_schedule(creation(&task, "FREQ=WEEKLY")),
        );
        let (made, not_made) = if one.is_ok() { (one, other) } else { (other, one) };
        made.expect("one of them is made");
        refused(not_made, Code::FailedPrecondition, "STATE_INVALID");
    }
}

async fn schedules_of_others_are_not_there(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let task = world.task_due("2026-10-19T09:00:00").await;
    let schedule = world.scheduled(&task, "FREQ=DAILY").await;
    let stranger = TestUser::new();
    let mut client = world.schedules_of(&stranger);
    let get = || GetScheduleRequest { id: schedule.id.clone() };
    let end = || EndScheduleRequest { id: schedule.id.clone(), ..EndScheduleRequest::default() };
    refused(client.get_schedule(get()).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    refused(client.end_schedule(end()).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    refused(client.create_schedule(creation(&task, "FREQ=DAILY")).await, Code::NotFound, "RESOURCE_NOT_FOUND");

    let viewer = stranger.member_of(world.user.workspace(), Role::Viewer);
    let mut client = world.schedules_of(&viewer);
    assert_eq!(client.get_schedule(get()).await.expect("a member may read").into_inner(), settled(schedule.clone()));
    refused(client.end_schedule(end()).await, Code::PermissionDenied, "ROLE_INSUFFICIENT");
}

async fn a_request_id_makes_repeating_harmless(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let task = world.task_due("2026-10-19T09:00:00").await;
    let mut request = creation(&task, "FREQ=DAILY");
    request.request_id = "once".to_owned();
    let first = world.create(request.clone()).await;
    world.pause(&first.id).await;
    let again = world.schedules().create_schedule(request.clone()).await.expect("the same answer").into_inner();
    assert_eq!(again, first);
    let other = changed(request, |schedule| schedule.rrule = Some("FREQ=WEEKLY".to_owned()));
    let status = world.schedules().create_schedule(other).await;
    refused(status, Code::InvalidArgument, "REQUEST_ID_REUSED");

    let request_id = "twice".to_owned();
    let resume = ResumeScheduleRequest { id: first.id.clone(), request_id, ..ResumeScheduleRequest::default() };
    let resumed = world.schedules().resume_schedule(resume.clone()).await.expect("it resumes").into_inner();
    world.end(&first.id).await;
    let again = world.schedules().resume_schedule(resume).await.expect("the same answer").into_inner();
    assert_eq!(again, resumed);
}

async fn a_stale_etag_changes_nothing(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let task = world.task_due("2026-10-19T09:00:00").await;
    let schedule = world.scheduled(&task, "FREQ=DAILY").await;
    let (id, etag) = (schedule.id.clone(), schedule.etag.clone());
    let pause = PauseScheduleRequest { id, etag, ..PauseScheduleRequest::default() };
    world.schedules().pause_schedule(pause.clone()).await.expect("it is fresh");
    refused(world.schedules().pause_schedule(pause).await, Code::Aborted, "ETAG_MISMATCH");
    assert_eq!(world.get(&schedule.id).await.version, 2);
}

async fn pausing_resuming_and_ending_are_steps(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let task = world.task_due("2026-10-19T09:00:00").await;
    let id = world.scheduled(&task, "FREQ=DAILY").await.id;
    let paused = world.pause(&id).await;
    assert_eq!((paused.state(), paused.version), (ScheduleState::Paused, 2));
    assert!(paused.pause_time.is_some());
    assert_eq!(world.pause(&id).await, settled(paused), "it is so already");
    let resumed = world.resume(&id).await;
    assert_eq!((resumed.state(), resumed.version, resumed.pause_time), (ScheduleState::Active, 3, None));
    let ended = world.end(&id).await;
    assert_eq!((ended.state(), ended.version), (ScheduleState::Ended, 4));
    assert!(ended.end_time.is_some() && ended.next_time.is_none());
    assert_eq!(world.end(&id).await, settled(ended), "it is so already");
    let pause = PauseScheduleRequest { id: id.clone(), ..PauseScheduleRequest::default() };
    refused(world.schedules().pause_schedule(pause).await, Code::FailedPrecondition, "STATE_INVALID");
    let resume = ResumeScheduleRequest { id, ..ResumeScheduleRequest::default() };
    refused(world.schedules().resume_schedule(resume).await, Code::FailedPrecondition, "STATE_INVALID");
}

/// The schedule without what the answer to a mutation adds.
fn settled(schedule: Schedule) -> Schedule {
    Schedule { change_id: String::new(), ..schedule }
}
