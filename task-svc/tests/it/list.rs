//! ListTasks: every order, pages that hold while tasks come and go, tokens that fit their own list only.

use std::cmp::Ordering;

use mesh_proto::task::v1::{ListTasksRequest, Task, TaskPriority, TaskTime, task_time::Value};
use mesh_testkit::{TestDatabase, TestUser};
use tonic::Code;

use crate::support::{Client, World, create, delete, list_all, refused, titled, update};

mesh_testkit::on_both_databases!(
    every_order_is_kept_over_pages,
    inserts_between_pages_neither_repeat_nor_hide_a_task,
    a_task_that_goes_between_pages_takes_no_other_with_it,
    a_token_fits_its_own_list_only,
    long_titles_can_be_paged_over,
    large_answers_are_cut_short,
    page_sizes_are_bounded,
    what_cannot_be_answered_is_refused,
);

fn request(order_by: &str, page_size: i32) -> ListTasksRequest {
    ListTasksRequest { order_by: order_by.to_owned(), page_size, ..ListTasksRequest::default() }
}

fn day(text: &str) -> Option<TaskTime> {
    Some(TaskTime { value: Some(Value::Date(text.to_owned())), time_zone: String::new() })
}

fn noon(text: &str) -> Option<TaskTime> {
    let time_zone = "UTC".to_owned();
    Some(TaskTime { value: Some(Value::LocalTime(format!("{text}T12:00:00"))), time_zone })
}

/// Tasks with many ties in every field.
async fn assorted(client: &mut Client) -> Vec<Task> {
    let dues = [None, day("2026-01-02"), noon("2026-01-02"), day("2026-01-01"), None, day("2026-01-02")];
    let priorities = [TaskPriority::Low, TaskPriority::Urgent, TaskPriority::None, TaskPriority::Low];
    let titles = ["b", "a", "ä", "B", "é", "👍", "a"];
    let mut tasks = Vec::new();
    for index in 0..23 {
        let sent = Task {
            due: dues[index % dues.len()].clone(),
            priority: Some(priorities[index % priorities.len()].into()),
            ..titled(titles[index % titles.len()])
        };
        tasks.push(create(client, sent).await);
    }
    // So that update times are in another order than create times.
    for index in [3, 11, 5] {
        let renamed = Task { description: Some("touched".to_owned()), id: tasks[index].id.clone(), ..Task::default() };
        tasks[index] = client.update_task(update(renamed, &["description"])).await.expect("it changes").into_inner();
    }
    tasks.into_iter().map(crate::support::settled).collect()
}

/// Unset is last in either direction.
fn by_due(one: &Task, other: &Task, descending: bool) -> Ordering {
    let key = |task: &Task| match task.due.clone()?.value? {
        Value::Date(date) => Some(format!("{date}T23:59:59")),
        Value::LocalTime(time) => Some(time),
        Value::Time(_) => None,
    };
    match (key(one), key(other)) {
        (Some(one), Some(other)) if descending => other.cmp(&one),
        (Some(one), Some(other)) => one.cmp(&other),
        (one, other) => other.is_some().cmp(&one.is_some()),
    }
}

fn compare(one: &Task, other: &Task, order_by: &str) -> Ordering {
    let mut descending = false;
    let mut ordering = Ordering::Equal;
    for part in order_by.split(',') {
        let field = part.trim().trim_end_matches(" desc");
        descending = part.ends_with(" desc");
        let instant = |time: Option<prost_types::Timestamp>| time.map(|time| (time.seconds, time.nanos));
        let by_field = match field {
            "due" => by_due(one, other, descending),
            "priority" => one.priority.cmp(&other.priority),
            "title" => one.title.cmp(&other.title),
            "position" => one.position.cmp(&other.position),
            "update_time" => instant(one.update_time).cmp(&instant(other.update_time)),
            _ => instant(one.create_time).cmp(&instant(other.create_time)),
        };
        let by_field = if descending && field != "due" { by_field.reverse() } else { by_field };
        ordering = ordering.then(by_field);
    }
    let by_id = one.id.cmp(&other.id);
    ordering.then(if descending { by_id.reverse() } else { by_id })
}

async fn every_order_is_kept_over_pages(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let tasks = assorted(&mut client).await;
    let fields = ["create_time", "update_time", "due", "priority", "title", "position"];
    let mut orders: Vec<String> =
        fields.iter().flat_map(|field| [(*field).to_owned(), format!("{field} desc")]).collect();
    for order in ["priority desc, due", "due, priority desc, title", "due desc,title desc", "title,due desc,priority"] {
        orders.push(order.to_owned());
    }
    orders.push(fields.map(|field| format!("{field} desc")).join(","));
    for order in orders {
        let mut expected = tasks.clone();
        expected.sort_by(|one, other| compare(one, other, &order));
        let listed = list_all(&mut client, request(&order, 4)).await;
        let shown = |tasks: &[Task]| tasks.iter().map(|task| task.id.clone()).collect::<Vec<_>>();
        assert_eq!(shown(&listed), shown(&expected), "ordered by {order}");
    }
}

async fn inserts_between_pages_neither_repeat_nor_hide_a_task(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    for title in ["b", "d", "f", "h"] {
        create(&mut client, titled(title)).await;
    }
    let first = client.list_tasks(request("title", 2)).await.expect("a page").into_inner();
    for title in ["a", "c", "e", "g", "i"] {
        create(&mut client, titled(title)).await;
    }
    let rest = ListTasksRequest { page_token: first.next_page_token, ..request("title", 2) };
    let titles: Vec<_> = list_all(&mut client, rest).await.into_iter().filter_map(|task| task.title).collect();
    assert_eq!(titles, ["e", "f", "g", "h", "i"]);
}

async fn a_task_that_goes_between_pages_takes_no_other_with_it(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    for title in ["a", "b", "c"] {
        create(&mut client, titled(title)).await;
    }
    let first = client.list_tasks(request("title", 2)).await.expect("a page").into_inner();
    delete(&mut client, &first.tasks[1].id).await;
    let rest = ListTasksRequest { page_token: first.next_page_token, ..request("title", 2) };
    let titles: Vec<_> = list_all(&mut client, rest).await.into_iter().filter_map(|task| task.title).collect();
    assert_eq!(titles, ["c"]);
}

async fn a_token_fits_its_own_list_only(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    for title in ["a", "b", "c"] {
        create(&mut client, titled(title)).await;
    }
    let page_token = client.list_tasks(request("title", 1)).await.expect("a page").into_inner().next_page_token;
    let fitting = ListTasksRequest { page_token, ..request("title", 2) };
    client.list_tasks(fitting.clone()).await.expect("the size may change");
    let others = [
        ListTasksRequest { order_by: "title desc".to_owned(), ..fitting.clone() },
        ListTasksRequest { show_deleted: true, ..fitting.clone() },
        ListTasksRequest { workspace_id: "-".to_owned(), ..fitting.clone() },
        ListTasksRequest { page_token: "nonsense".to_owned(), ..fitting.clone() },
        ListTasksRequest { page_token: format!("{}A", fitting.page_token), ..fitting.clone() },
    ];
    for other in others {
        refused(client.list_tasks(other).await, Code::InvalidArgument, "PAGE_TOKEN_INVALID");
    }
    let mut somebody = world.client_of(&TestUser::new());
    refused(somebody.list_tasks(fitting).await, Code::InvalidArgument, "PAGE_TOKEN_INVALID");
}

async fn long_titles_can_be_paged_over(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    for _ in 0..3 {
        create(&mut client, titled(&"😀".repeat(500))).await;
    }
    let order = "title,position,due desc,priority,create_time,update_time";
    assert_eq!(list_all(&mut client, request(order, 1)).await.len(), 3);
}

async fn large_answers_are_cut_short(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let large = Task { description: Some("\u{1}".repeat(16 * 1024)), ..titled("large") };
    for _ in 0..200 {
        create(&mut client, large.clone()).await;
    }
    let first = client.list_tasks(request("", 1000)).await.expect("a page").into_inner();
    assert!(prost::Message::encoded_len(&first) < 3 * 1024 * 1024);
    assert!((100..200).contains(&first.tasks.len()) && !first.next_page_token.is_empty());
    assert_eq!(list_all(&mut client, request("", 1000)).await.len(), 200);
}

async fn page_sizes_are_bounded(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    for _ in 0..51 {
        create(&mut client, titled("one of many")).await;
    }
    assert_eq!(client.list_tasks(request("", 0)).await.expect("a page").into_inner().tasks.len(), 50);
    assert_eq!(client.list_tasks(request("", i32::MAX)).await.expect("a page").into_inner().tasks.len(), 51);
    refused(client.list_tasks(request("", -1)).await, Code::InvalidArgument, "FIELDS_INVALID");
}

async fn what_cannot_be_answered_is_refused(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    for order in ["nonsense", "due upwards", "due,due", "title)--"] {
        refused(client.list_tasks(request(order, 0)).await, Code::InvalidArgument, "ORDER_BY_INVALID");
    }
    let filtered = ListTasksRequest { filter: "status=COMPLETED".to_owned(), ..request("", 0) };
    refused(client.list_tasks(filtered).await, Code::InvalidArgument, "FILTER_INVALID");
    let searched = ListTasksRequest { query: "milk".to_owned(), ..request("", 0) };
    refused(client.list_tasks(searched).await, Code::InvalidArgument, "FILTER_INVALID");
}
