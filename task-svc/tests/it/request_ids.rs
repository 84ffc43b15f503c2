//! Request ids: a repeated mutation is done once and answered the same.

use std::collections::HashSet;

use futures::future::join_all;
use mesh_proto::task::v1::{CreateTaskRequest, ListTasksRequest, Task};
use mesh_testkit::{TestDatabase, TestUser};
use tonic::Code;

use crate::support::{World, completion, create, creation, get, list_all, reason_of, refused, titled, update};

mesh_testkit::on_both_databases!(
    a_repeated_creation_is_answered_the_same,
    a_replay_tells_the_state_of_that_time,
    a_replay_comes_before_the_etag,
    another_body_is_refused,
    ids_are_each_persons_own,
    a_repeated_change_of_nothing_answers_the_task_as_it_is,
    a_refused_request_may_be_repeated,
    many_at_once_create_one_task,
    many_at_once_complete_once,
);

fn once(id: &str, title: &str) -> CreateTaskRequest {
    CreateTaskRequest { request_id: id.to_owned(), ..creation(titled(title)) }
}

async fn a_repeated_creation_is_answered_the_same(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let first = client.create_task(once("r1", "once")).await.expect("it is created").into_inner();
    let second = client.create_task(once("r1", "once")).await.expect("it was created").into_inner();
    assert_eq!(first, second);
    assert_eq!(list_all(&mut client, ListTasksRequest::default()).await.len(), 1);
}

async fn a_replay_tells_the_state_of_that_time(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let first = client.create_task(once("r1", "then")).await.expect("it is created").into_inner();
    let renamed = update(Task { id: first.id.clone(), ..titled("now") }, &["title"]);
    client.update_task(renamed).await.expect("it is renamed");
    let replayed = client.create_task(once("r1", "then")).await.expect("it was created").into_inner();
    assert_eq!(replayed, first);
}

async fn a_replay_comes_before_the_etag(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let task = create(&mut client, titled("etag")).await;
    let mut request = completion(&task.id);
    (request.etag, request.request_id) = (task.etag, "r1".to_owned());
    let first = client.complete_task(request.clone()).await.expect("it is completed").into_inner();
    let second = client.complete_task(request).await.expect("it was completed").into_inner();
    assert_eq!(first, second);
}

async fn another_body_is_refused(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    client.create_task(once("r1", "one")).await.expect("it is created");
    refused(client.create_task(once("r1", "another")).await, Code::InvalidArgument, "REQUEST_ID_REUSED");
}

async fn ids_are_each_persons_own(database: TestDatabase) {
    let world = World::on(database).await;
    let mine = world.client().create_task(once("r1", "same")).await.expect("mine").into_inner();
    let other = world.client_of(&TestUser::new()).create_task(once("r1", "same")).await.expect("theirs").into_inner();
    assert_ne!(mine.id, other.id);
}

async fn a_repeated_change_of_nothing_answers_the_task_as_it_is(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let task = create(&mut client, titled("done")).await;
    client.complete_task(completion(&task.id)).await.expect("it is completed");
    let mut again = completion(&task.id);
    again.request_id = "r1".to_owned();
    let first = client.complete_task(again.clone()).await.expect("it is completed").into_inner();
    let second = client.complete_task(again).await.expect("it is completed").into_inner();
    assert_eq!((first.version, first.change_id.as_str()), (2, ""));
    assert_eq!(first, second);
}

async fn a_refused_request_may_be_repeated(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let orphan = Task { parent_id: Some(world.user.id().to_string()), ..titled("orphan") };
    let request = CreateTaskRequest { request_id: "r1".to_owned(), ..creation(orphan) };
    refused(client.create_task(request.clone()).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    refused(client.create_task(request).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    client.create_task(once("r1", "fine")).await.expect("only successes are kept");
}

async fn many_at_once_create_one_task(database: TestDatabase) {
    let world = World::on(database).await;
    let attempts = (0..16).map(|_| {
        let mut client = world.client();
        async move { client.create_task(once("r1", "race")).await }
    });
    let mut ids = HashSet::new();
    for answer in join_all(attempts).await {
        match answer {
            Ok(task) => drop(ids.insert(task.into_inner().id)),
            Err(status) => assert_eq!(reason_of(&status), "REQUEST_IN_FLIGHT"),
        }
    }
    assert_eq!(ids.len(), 1);
    assert_eq!(list_all(&mut world.client(), ListTasksRequest::default()).await.len(), 1);
}

async fn many_at_once_complete_once(database: TestDatabase) {
    let world = World::on(database).await;
    let task = create(&mut world.client(), titled("race")).await;
    let attempts = (0..16).map(|_| {
        let (mut client, mut request) = (world.client(), completion(&task.id));
        request.request_id = "r1".to_owned();
        async move { client.complete_task(request).await }
    });
    let mut answers = Vec::new();
    for answer in join_all(attempts).await {
        match answer {
            Ok(task) => answers.push(task.into_inner()),
            Err(status) => assert_eq!(reason_of(&status), "REQUEST_IN_FLIGHT"),
        }
    }
    assert!(answers.iter().all(|answer| *answer == answers[0] && answer.version == 2));
    assert_eq!(get(&mut world.client(), &task.id).await.version, 2);
}
