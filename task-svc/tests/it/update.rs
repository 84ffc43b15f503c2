//! UpdateTask: which fields change.

use mesh_proto::task::v1::{Task, TaskPriority, TaskTime, UpdateTaskRequest, task_time::Value};
use mesh_testkit::TestDatabase;
use tonic::Code;

use crate::support::{World, create, get, refused, settled, titled, update, violations};

mesh_testkit::on_both_databases!(
    only_the_named_fields_change,
    without_a_mask_the_fields_that_are_present_change,
    a_named_field_that_is_absent_is_cleared,
    title_and_status_cannot_be_cleared,
    every_path_that_cannot_be_written_is_told,
    writing_back_what_was_read_changes_nothing,
    a_change_to_the_same_values_changes_nothing,
);

fn full() -> Task {
    Task {
        description: Some("long".to_owned()),
        priority: Some(TaskPriority::High.into()),
        tags: vec!["a".to_owned()],
        due: Some(TaskTime { value: Some(Value::Date("2026-12-24".to_owned())), time_zone: String::new() }),
        ..titled("full")
    }
}

async fn only_the_named_fields_change(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let task = create(&mut client, full()).await;
    let sent = Task { id: task.id.clone(), description: Some("not named".to_owned()), ..titled("named") };
    let changed = client.update_task(update(sent, &["title"])).await.expect("it changes").into_inner();
    assert_eq!((changed.title(), changed.description(), changed.version), ("named", "long", 2));
    assert_eq!((changed.due.clone(), &changed.tags), (task.due, &task.tags));
    assert_eq!(get(&mut client, &task.id).await, settled(changed));
}

async fn without_a_mask_the_fields_that_are_present_change(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let task = create(&mut client, full()).await;
    let sent =
        Task { id: task.id, priority: Some(TaskPriority::Low.into()), tags: vec!["b".to_owned()], ..Task::default() };
    let changed = client.update_task(update(sent, &[])).await.expect("it changes").into_inner();
    assert_eq!(
        (changed.priority(), changed.tags, changed.title),
        (TaskPriority::Low, vec!["b".to_owned()], task.title)
    );
}

async fn a_named_field_that_is_absent_is_cleared(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let task = create(&mut client, full()).await;
    let nothing = Task { id: task.id, ..Task::default() };
    let paths = ["description", "priority", "tags", "due", "start", "parent_id", "list_id", "etag"];
    let changed = client.update_task(update(nothing, &paths)).await.expect("they are cleared").into_inner();
    assert_eq!((changed.description, changed.due, changed.tags.len()), (None, None, 0));
    assert_eq!(changed.priority, Some(TaskPriority::None.into()));
}

async fn title_and_status_cannot_be_cleared(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let task = create(&mut client, full()).await;
    let nothing = update(Task { id: task.id, ..Task::default() }, &["title", "status", "description"]);
    let status = refused(client.update_task(nothing).await, Code::InvalidArgument, "FIELDS_INVALID");
    assert_eq!(violations(&status), ["task.title", "task.status"]);
}

async fn every_path_that_cannot_be_written_is_told(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let task = create(&mut client, full()).await;
    let sent = Task { id: task.id, ..titled("x") };
    let paths = ["title", "version", "nonsense", "due.date", "*", "id", "title\0"];
    let status = refused(client.update_task(update(sent, &paths)).await, Code::InvalidArgument, "UPDATE_MASK_INVALID");
    let expected: Vec<_> = (1..=6).map(|index| format!("update_mask.paths[{index}]")).collect();
    assert_eq!(violations(&status), expected);
}

async fn writing_back_what_was_read_changes_nothing(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let task = create(&mut client, full()).await;
    let read = get(&mut client, &task.id).await;
    let request = UpdateTaskRequest { task: Some(read.clone()), ..UpdateTaskRequest::default() };
    assert_eq!(client.update_task(request).await.expect("nothing to do").into_inner(), read);
}

async fn a_change_to_the_same_values_changes_nothing(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let task = create(&mut client, full()).await;
    let same = update(Task { id: task.id.clone(), ..full() }, &["title", "tags", "due", "priority"]);
    assert_eq!(client.update_task(same).await.expect("nothing to do").into_inner(), settled(task));
}
