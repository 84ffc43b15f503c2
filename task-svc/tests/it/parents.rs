//! Subtasks: a tree, and no deep one.

use futures::future::join_all;
use mesh_proto::task::v1::Task;
use mesh_testkit::TestDatabase;
use mesh_types::Role;
use tonic::Code;

use crate::support::{Client, World, create, creation, delete, get, refused, titled, update, violations};

mesh_testkit::on_both_databases!(
    a_task_can_be_part_of_another,
    a_parent_must_exist_in_the_same_workspace,
    a_deleted_task_takes_no_parts,
    a_task_is_no_part_of_itself_or_of_its_parts,
    tasks_nest_eight_deep,
    two_moves_at_once_make_no_circle,
);

fn part_of(parent: &Task) -> Task {
    Task { parent_id: Some(parent.id.clone()), ..titled("part") }
}

/// Moves `task` under `parent`.
async fn move_under(client: &mut Client, task: &Task, parent: &Task) -> Result<tonic::Response<Task>, tonic::Status> {
    client.update_task(update(Task { id: task.id.clone(), ..part_of(parent) }, &["parent_id"])).await
}

async fn a_task_can_be_part_of_another(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let parent = create(&mut client, titled("whole")).await;
    let part = create(&mut client, part_of(&parent)).await;
    assert_eq!(part.parent_id.as_ref(), Some(&parent.id));
    let freed = update(Task { id: part.id, ..Task::default() }, &["parent_id"]);
    assert_eq!(client.update_task(freed).await.expect("it is freed").into_inner().parent_id, None);
}

async fn a_parent_must_exist_in_the_same_workspace(database: TestDatabase) {
    let world = World::on(database).await;
    let other = mesh_testkit::TestUser::new();
    let foreign = create(&mut world.client_of(&other), titled("elsewhere")).await;
    let both = world.user.clone().member_of(other.workspace(), Role::Owner);
    let result = world.client_of(&both).create_task(creation(part_of(&foreign))).await;
    let status = refused(result, Code::NotFound, "RESOURCE_NOT_FOUND");
    assert_eq!(violations(&status), ["task.parent_id"]);
}

async fn a_deleted_task_takes_no_parts(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let parent = create(&mut client, titled("gone")).await;
    delete(&mut client, &parent.id).await;
    refused(client.create_task(creation(part_of(&parent))).await, Code::FailedPrecondition, "RESOURCE_DELETED");
}

async fn a_task_is_no_part_of_itself_or_of_its_parts(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let top = create(&mut client, titled("top")).await;
    let middle = create(&mut client, part_of(&top)).await;
    let bottom = create(&mut client, part_of(&middle)).await;
    refused(move_under(&mut client, &top, &top).await, Code::InvalidArgument, "FIELDS_INVALID");
    refused(move_under(&mut client, &top, &middle).await, Code::InvalidArgument, "FIELDS_INVALID");
    let status = refused(move_under(&mut client, &top, &bottom).await, Code::InvalidArgument, "FIELDS_INVALID");
    assert_eq!(violations(&status), ["task.parent_id"]);
    move_under(&mut client, &bottom, &top).await.expect("up is fine");
}

async fn tasks_nest_eight_deep(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let mut chain = vec![create(&mut client, titled("top")).await];
    while chain.len() < 8 {
        let next = create(&mut client, part_of(&chain[chain.len() - 1])).await;
        chain.push(next);
    }
    refused(client.create_task(creation(part_of(&chain[7]))).await, Code::InvalidArgument, "FIELDS_INVALID");
    // A pair fits under the sixth, but not under the seventh.
    let pair = create(&mut client, titled("pair")).await;
    create(&mut client, part_of(&pair)).await;
    refused(move_under(&mut client, &pair, &chain[6]).await, Code::InvalidArgument, "FIELDS_INVALID");
    move_under(&mut client, &pair, &chain[5]).await.expect("it fits");
}

async fn two_moves_at_once_make_no_circle(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    for _ in 0..8 {
        let (one, other) = (create(&mut client, titled("one")).await, create(&mut client, titled("other")).await);
        let moves = [(&one, &other), (&other, &one)].map(|(task, parent)| {
            let mut client = world.client();
            async move { move_under(&mut client, task, parent).await.is_ok() }
        });
        assert!(join_all(moves).await.contains(&true));
        let parents = [get(&mut client, &one.id).await.parent_id, get(&mut client, &other.id).await.parent_id];
        assert_eq!(parents.iter().flatten().count(), 1, "{parents:?}");
    }
}
