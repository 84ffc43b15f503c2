//! CreateTask and GetTask.

use mesh_proto::task::v1::{GetTaskRequest, Task, TaskPriority, TaskStatus};
use mesh_testkit::TestDatabase;
use tonic::Code;

use crate::support::{World, create, creation, get, refused, settled, status_of, titled, violations};

mesh_testkit::on_both_databases!(
    a_title_is_enough,
    every_field_comes_back_as_it_was_sent,
    the_texts_of_real_life_come_back_byte_for_byte,
    a_task_may_begin_completed,
    everything_that_is_wrong_is_told_at_once,
    a_list_that_does_not_exist_is_not_found,
);

async fn a_title_is_enough(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let task = create(&mut client, titled("buy milk")).await;
    assert_eq!(task.title(), "buy milk");
    assert_eq!((status_of(&task), task.priority()), (TaskStatus::NeedsAction, TaskPriority::None));
    assert_eq!((task.version, task.workspace_id.as_str()), (1, world.user.workspace().to_string().as_str()));
    assert_eq!(task.created_by, world.user.id().to_string());
    assert_eq!(task.create_time, task.update_time);
    assert!(!task.change_id.is_empty() && !task.etag.is_empty() && !task.position.is_empty());
    assert_eq!(get(&mut client, &task.id).await, settled(task));
}

async fn every_field_comes_back_as_it_was_sent(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let sent = Task {
        description: Some("# *Markdown*\n\twith tabs\r\n".to_owned()),
        status: Some(TaskStatus::InProgress.into()),
        priority: Some(TaskPriority::Urgent.into()),
        tags: vec!["zoo".to_owned(), "errand".to_owned(), "zoo".to_owned()],
        ..titled("everything")
    };
    let task = create(&mut client, sent.clone()).await;
    assert_eq!((task.title(), task.description()), (sent.title(), sent.description()));
    assert_eq!((task.status, task.priority), (sent.status, sent.priority));
    assert_eq!(task.tags, ["errand", "zoo"]);
    assert_eq!(get(&mut client, &task.id).await, settled(task));
}

async fn the_texts_of_real_life_come_back_byte_for_byte(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let texts = [
        "  spaces at both ends  ".to_owned(),
        "👩‍👩‍👧‍👦 pick up the 🧒🏽 at 4".to_owned(),
        "קנה חלב and \u{202e}backwards\u{202c}".to_owned(),
        "e\u{301} is not é".to_owned(),
        "'; DROP TABLE task; --".to_owned(),
        "100 % \\ \"quoted\" {\"json\":1}".to_owned(),
        "𝔘".repeat(500),
    ];
    for text in texts {
        let sent =
            Task { description: Some(text.clone()), tags: vec![text.chars().take(64).collect()], ..titled(&text) };
        let task = create(&mut client, sent.clone()).await;
        let kept = get(&mut client, &task.id).await;
        assert_eq!((kept.title(), kept.description(), &kept.tags), (text.as_str(), text.as_str(), &sent.tags));
    }
}

async fn a_task_may_begin_completed(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let done = Task { status: Some(TaskStatus::Completed.into()), ..titled("done before") };
    let task = create(&mut client, done).await;
    assert_eq!((task.completed_time, task.version), (task.create_time, 1));
}

async fn everything_that_is_wrong_is_told_at_once(database: TestDatabase) {
    let world = World::on(database).await;
    let wrong = Task {
        description: Some("a\0b".to_owned()),
        tags: vec!["fine".to_owned(), "\t".to_owned()],
        parent_id: Some("{67e55044-10b1-426f-9247-bb680e5fe0c8}".to_owned()),
        ..titled("  ")
    };
    // The contract's own rules are checked first, then the others.
    let first =
        refused(world.client().create_task(creation(wrong.clone())).await, Code::InvalidArgument, "FIELDS_INVALID");
    assert_eq!(violations(&first), ["task.parent_id"]);
    let rest = world.client().create_task(creation(Task { parent_id: None, ..wrong })).await;
    let rest = refused(rest, Code::InvalidArgument, "FIELDS_INVALID");
    assert_eq!(violations(&rest), ["task.title", "task.description", "task.tags[1]"]);
}

async fn a_list_that_does_not_exist_is_not_found(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let filed = Task { list_id: Some("0190163d-8694-739b-aea5-966c26f8ad90".to_owned()), ..titled("filed") };
    let status = refused(client.create_task(creation(filed)).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    assert_eq!(violations(&status), ["task.list_id"]);
    let unknown = GetTaskRequest { id: "0190163d-8694-739b-aea5-966c26f8ad91".to_owned() };
    refused(client.get_task(unknown).await, Code::NotFound, "RESOURCE_NOT_FOUND");
}
