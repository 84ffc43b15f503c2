//! Schedules are listed, page by page.

use mesh_proto::scheduler::v1::{ListSchedulesRequest, Schedule};
use mesh_testkit::{TestDatabase, TestUser};
use tonic::Code;

use crate::{schedules_world::ScheduleWorld, support::refused};

mesh_testkit::on_both_databases!(
    pages_follow_each_other_in_every_order,
    schedules_without_a_next_occurrence_come_last,
    page_tokens_are_good_for_their_own_list_only,
    what_cannot_be_asked_is_refused,
);

fn ordered(order_by: &str, page_size: i32) -> ListSchedulesRequest {
    ListSchedulesRequest { order_by: order_by.to_owned(), page_size, ..ListSchedulesRequest::default() }
}

async fn all(world: &ScheduleWorld, mut request: ListSchedulesRequest) -> Vec<Schedule> {
    let mut schedules = Vec::new();
    loop {
        let page = world.schedules().list_schedules(request.clone()).await.expect("a page").into_inner();
        schedules.extend(page.schedules);
        if page.next_page_token.is_empty() {
            return schedules;
        }
        request.page_token = page.next_page_token;
    }
}

fn ids(schedules: &[Schedule]) -> Vec<String> {
    schedules.iter().map(|schedule| schedule.id.clone()).collect()
}

/// Schedules whose next occurrences are in the reverse order of their making.
async fn three(world: &ScheduleWorld) -> Vec<String> {
    let mut ids = Vec::new();
    for due in ["2026-12-03T09:00:00", "2026-12-02T09:00:00", "2026-12-01T09:00:00"] {
        let task = world.task_due(due).await;
        ids.push(world.scheduled(&task, "FREQ=DAILY").await.id);
        world.wait_out();
    }
    ids
}

async fn pages_follow_each_other_in_every_order(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let made = three(&world).await;
    let reversed: Vec<String> = made.iter().rev().cloned().collect();
    for (order, expected) in [
        ("", &made),
        ("create_time desc", &reversed),
        ("next_time", &reversed),
        ("next_time desc,create_time", &made),
        ("update_time,next_time", &made),
    ] {
        for page_size in [1, 2, 1000] {
            assert_eq!(ids(&all(&world, ordered(order, page_size)).await), *expected, "{order} by {page_size}");
        }
    }
}

async fn schedules_without_a_next_occurrence_come_last(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let made = three(&world).await;
    world.end(&made[1]).await;
    for (order, expected) in
        [("next_time", [&made[2], &made[0], &made[1]]), ("next_time desc", [&made[0], &made[2], &made[1]])]
    {
        let listed = ids(&all(&world, ordered(order, 1)).await);
        assert_eq!(listed.iter().collect::<Vec<_>>(), expected, "{order}");
    }
}

async fn page_tokens_are_good_for_their_own_list_only(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    three(&world).await;
    let page = world.schedules().list_schedules(ordered("", 1)).await.expect("a page").into_inner();
    let token = page.next_page_token;
    let with = |request: ListSchedulesRequest| ListSchedulesRequest { page_token: token.clone(), ..request };
    let other_order = world.schedules().list_schedules(with(ordered("next_time", 1))).await;
    refused(other_order, Code::InvalidArgument, "PAGE_TOKEN_INVALID");
    let mut stranger = world.schedules_of(&TestUser::new());
    refused(stranger.list_schedules(with(ordered("", 1))).await, Code::InvalidArgument, "PAGE_TOKEN_INVALID");
    let empty = stranger.list_schedules(ordered("", 1)).await.expect("their own").into_inner();
    assert!(empty.schedules.is_empty());
}

async fn what_cannot_be_asked_is_refused(database: TestDatabase) {
    let world = ScheduleWorld::on(database).await;
    let filtered = ListSchedulesRequest { filter: "state = 10".to_owned(), ..ListSchedulesRequest::default() };
    refused(world.schedules().list_schedules(filtered).await, Code::InvalidArgument, "FILTER_INVALID");
    refused(world.schedules().list_schedules(ordered("title", 1)).await, Code::InvalidArgument, "ORDER_BY_INVALID");
}
