//! Occurrences are listed: those with tasks, then the computed ones to come.

use mesh_proto::scheduler::v1::{ListOccurrencesRequest, Occurrence, OccurrenceAdjustment, OccurrenceState};
use mesh_testkit::{TestDatabase, TestUser};
use mesh_types::PageToken;
use tonic::Code;

use crate::{
    schedules_world::{ScheduleWorld, at, changed, creation, shown},
    support::{proto_time, refused},
};

mesh_testkit::on_both_databases!(
    occurrences_with_tasks_come_before_computed_ones,
    pages_of_occurrences_follow_each_other,
    a_window_of_time_is_listed,
    the_list_ends_where_the_series_does,
    occurrences_tell_how_they_were_moved,
    occurrences_of_others_are_not_there,
    a_page_token_that_somebody_made_up_is_refused,
);

fn of(schedule: &str, page_size: i32) -> ListOccurrencesRequest {
    ListOccurrencesRequest { id: schedule.to_owned(), page_size, ..ListOccurrencesRequest::default() }
}

async fn all(world: &ScheduleWorld, mut request: ListOccurrencesRequest, most: usize) -> Vec<Occurrence> {
    let mut occurrences = Vec::new();
    loop {
        let (page, next) = world.occurrences(request.clone()).await;
        occurrences.extend(page);
        if next.is_empty() || occurrences.len() >= most {
            return occurrences;
        }
        request.page_token = next;
    }
}

fn days(occurrences: &[Occurrence]) -> Vec<&str> {
    occurrences.iter().map(|occurrence| &occurrence.occurrence[..10]).collect()
}

async fn occurrences_with_tasks_come_before_computed_ones(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let task = world.task_due("2026-10-19T09:00:00").await;
    let schedule = world.scheduled(&task, "FREQ=WEEKLY").await;
    world.complete(&task.id).await;
    let second = world.tasks_when(&schedule.id, 2).await.remove(1);
    let listed = mesh_testkit::eventually(async || {
        let (listed, next) = world.occurrences(of(&schedule.id, 4)).await;
        (listed[1].state() == OccurrenceState::Open && !next.is_empty()).then_some(listed)
    })
    .await;
    let states: Vec<OccurrenceState> = listed.iter().map(Occurrence::state).collect();
    use OccurrenceState::{Completed, Computed, Open};
    assert_eq!(states, [Completed, Open, Computed, Computed]);
    assert_eq!(days(&listed), ["2026-10-19", "2026-10-26", "2026-11-02", "2026-11-09"]);
    assert_eq!((listed[0].task_id(), listed[1].task_id()), (task.id.as_str(), second.id.as_str()));
    assert!(listed[0].close_time.is_some() && listed[1].plan_time.is_some());
    assert_eq!((listed[2].task_id.as_deref(), listed[2].plan_time), (None, None));
    assert_eq!((listed[0].offset.as_str(), listed[1].offset.as_str()), ("+02:00", "+01:00"));
    assert_eq!(shown(listed[2].instant.as_ref()), "2026-11-02T08:00:00Z");
}

async fn pages_of_occurrences_follow_each_other(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let task = world.task_due("2026-10-19T09:00:00").await;
    let schedule = world.scheduled(&task, "FREQ=WEEKLY").await;
    world.complete(&task.id).await;
    world.tasks_when(&schedule.id, 2).await;
    let (whole, _) = world.occurrences(of(&schedule.id, 7)).await;
    for page_size in [1, 2, 3] {
        let listed = all(&world, of(&schedule.id, page_size), 7).await;
        assert_eq!(days(&listed[..7]), days(&whole), "by {page_size}");
    }
    let (_, token) = world.occurrences(of(&schedule.id, 1)).await;
    let other = ListOccurrencesRequest {
        page_token: token,
        before: Some(instant("2027-01-01T00:00:00Z")),
        ..of(&schedule.id, 1)
    };
    let status = world.schedules().list_occurrences(other).await;
    refused(status, Code::InvalidArgument, "PAGE_TOKEN_INVALID");
    let (many, _) = world.occurrences(of(&schedule.id, i32::MAX)).await;
    assert_eq!(many.len(), 1000);
}

async fn a_window_of_time_is_listed(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let task = world.task_due("2026-10-19T09:00:00").await;
    let schedule = world.scheduled(&task, "FREQ=WEEKLY").await;
    let window = |after: &str, before: &str| ListOccurrencesRequest {
        after: Some(instant(after)),
        before: Some(instant(before)),
        ..of(&schedule.id, 0)
    };
    let (listed, next) = world.occurrences(window("2026-10-26T08:00:00Z", "2026-11-16T08:00:00Z")).await;
    assert_eq!((days(&listed), next.as_str()), (vec!["2026-11-02", "2026-11-09"], ""));
    let (listed, _) = world.occurrences(window("2026-10-01T00:00:00Z", "2026-10-20T00:00:00Z")).await;
    assert_eq!(days(&listed), ["2026-10-19"]);
    let (listed, _) = world.occurrences(window("2026-11-03T00:00:00Z", "2026-11-04T00:00:00Z")).await;
    assert!(listed.is_empty());
}

async fn the_list_ends_where_the_series_does(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let task = world.task_due("2026-10-19T09:00:00").await;
    let counted = changed(creation(&task, "FREQ=WEEKLY"), |schedule| {
        schedule.policies.get_or_insert_default().end_count = Some(3);
    });
    let counted = world.create(counted).await;
    for page_size in [1, 2, 50] {
        let listed = all(&world, of(&counted.id, page_size), 50).await;
        assert_eq!(days(&listed), ["2026-10-19", "2026-10-26", "2026-11-02"], "by {page_size}");
    }
    let until = world.task_due("2026-10-19T09:00:00").await;
    let until = world.scheduled(&until, "FREQ=WEEKLY;UNTIL=20261026T080000Z").await;
    assert_eq!(days(&all(&world, of(&until.id, 1), 50).await), ["2026-10-19", "2026-10-26"]);
    world.end(&until.id).await;
    assert_eq!(days(&all(&world, of(&until.id, 1), 50).await), ["2026-10-19"]);
}

async fn occurrences_tell_how_they_were_moved(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let task = world.task_due("2026-10-01T09:00:00").await;
    let request = changed(creation(&task, "FREQ=MONTHLY;BYMONTHDAY=1"), |schedule| {
        schedule.policies.get_or_insert_default().weekend = Some(20);
    });
    let schedule = world.create(request).await;
    let (listed, _) = world.occurrences(of(&schedule.id, 3)).await;
    assert_eq!(days(&listed), ["2026-10-01", "2026-11-01", "2026-12-01"]);
    assert_eq!(listed[1].local, "2026-11-02T09:00:00");
    assert!(listed[1].adjusted && !listed[2].adjusted);
    assert_eq!(listed[1].adjustments().collect::<Vec<_>>(), [OccurrenceAdjustment::Weekend]);
}

async fn occurrences_of_others_are_not_there(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let task = world.task_due("2026-10-19T09:00:00").await;
    let schedule = world.scheduled(&task, "FREQ=WEEKLY").await;
    let stranger = world.schedules_of(&TestUser::new()).list_occurrences(of(&schedule.id, 0)).await;
    refused(stranger, Code::NotFound, "RESOURCE_NOT_FOUND");
}

async fn a_page_token_that_somebody_made_up_is_refused(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let task = world.task_due("2026-10-19T09:00:00").await;
    let schedule = world.scheduled(&task, "FREQ=WEEKLY").await;
    let user = world.user.id().to_string();
    let query = ["occurrences", user.as_str(), schedule.id.as_str(), ".."];
    let start = "2026-10-19T09:00:00";
    for (nominal, counted, fits) in [(start, 1, true), (start, i32::MAX, false), (start, -1, false), ("x", 1, false)] {
        let key = serde_json::json!({"nominal": nominal, "counted": counted});
        let page_token = PageToken::encode(&key, &query).expect("it encodes");
        let listed =
            world.schedules().list_occurrences(ListOccurrencesRequest { page_token, ..of(&schedule.id, 2) }).await;
        if fits {
            assert_eq!(days(&listed.expect("a page").into_inner().occurrences), ["2026-10-26", "2026-11-02"]);
        } else {
            refused(listed, Code::InvalidArgument, "PAGE_TOKEN_INVALID");
        }
    }
}

fn instant(text: &str) -> prost_types::Timestamp {
    proto_time(at(text))
}
