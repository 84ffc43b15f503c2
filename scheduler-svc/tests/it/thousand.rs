//! A thousand series at once, each completed when three of its occurrences have passed.

use futures::{StreamExt, stream};
use mesh_proto::task::v1::{ListTasksRequest, Task, TaskStatus};
use mesh_store::Sql;
use mesh_testkit::eventually;

use crate::schedules_world::{ScheduleWorld, creation, due_of};

const SERIES: usize = 1_000;

/// How many calls at once.
const AT_ONCE: usize = 16;

#[tokio::test]
async fn a_thousand_series_completed_late_go_on_in_the_future_and_their_misses_are_noted() {
    let world = ScheduleWorld::on(mesh_testkit::postgres().await).await;
    let firsts: Vec<Task> = stream::iter(0..SERIES)
        .map(async |_| {
            let task = world.task_due("2026-10-19T09:00:00").await;
            world.schedules().create_schedule(creation(&task, "FREQ=DAILY")).await.expect("it is created");
            task
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    world.set_clock("2026-10-22T12:00:00Z");
    stream::iter(&firsts).for_each_concurrent(AT_ONCE, async |task| drop(world.complete(&task.id).await)).await;

    let database = world.database().await;
    let count = async |state: i32| {
        const COUNT: Sql = Sql::both("SELECT count(*) AS rows FROM occurrence WHERE state = $1");
        let row = COUNT.one(database.reader(), [state.into()]).await.expect("they are counted").expect("a row");
        row.try_get::<i64>("", "rows").expect("a number")
    };
    for all in (1..=4).map(|quarter| (SERIES * quarter / 4) as i64) {
        eventually(async || {
            let counts = [count(30).await, count(40).await, count(80).await];
            // Open ones were so before, and are again when the next one has its task.
            let made = counts[0] >= all && counts[1] >= all && counts[2] >= 3 * all;
            if made { Ok(()) } else { Err(counts) }
        })
        .await;
    }
    assert_eq!(count(80).await, 3 * SERIES as i64);
    let open = open_tasks(&world).await;
    assert_eq!(open.len(), SERIES);
    assert!(open.iter().all(|task| due_of(task) == "2026-10-23T09:00:00"), "the next one is in the future");
}

async fn open_tasks(world: &ScheduleWorld) -> Vec<Task> {
    let mut request = ListTasksRequest { page_size: 1_000, ..ListTasksRequest::default() };
    let mut open = Vec::new();
    loop {
        let page = world.tasks().list_tasks(request.clone()).await.expect("a page").into_inner();
        open.extend(page.tasks.into_iter().filter(|task| task.status() == TaskStatus::NeedsAction));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            return open;
        }
    }
}
