//! Who sees and changes what.

use mesh_proto::task::v1::{GetTaskRequest, ListTasksRequest, Task, WatchTasksRequest};
use mesh_testkit::{TestDatabase, TestUser};
use mesh_types::{Clock, Role, SystemClock};
use tonic::Code;

use crate::support::{World, completion, create, creation, get, list_all, reason_of, refused, titled, update};

mesh_testkit::on_both_databases!(
    anothers_task_is_not_found,
    anothers_workspace_is_not_found,
    a_viewer_reads_but_does_not_change,
    an_editor_changes_what_somebody_else_made,
    all_workspaces_are_listed_at_once,
    a_call_without_a_good_token_is_unauthenticated,
    a_token_without_the_scope_is_denied,
);

async fn anothers_task_is_not_found(database: TestDatabase) {
    let world = World::on(database).await;
    let task = create(&mut world.client(), titled("mine")).await;
    let mut other = world.client_of(&TestUser::new());
    refused(other.get_task(GetTaskRequest { id: task.id.clone() }).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    refused(other.complete_task(completion(&task.id)).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    let renamed = update(Task { id: task.id.clone(), ..titled("yours") }, &["title"]);
    refused(other.update_task(renamed).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    let child = Task { parent_id: Some(task.id.clone()), ..titled("part") };
    refused(other.create_task(creation(child)).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    assert_eq!(list_all(&mut other, ListTasksRequest::default()).await, []);
    assert_eq!(get(&mut world.client(), &task.id).await.version, 1);
}

async fn anothers_workspace_is_not_found(database: TestDatabase) {
    let world = World::on(database).await;
    let workspace_id = world.user.workspace().to_string();
    let mut other = world.client_of(&TestUser::new());
    let mut request = creation(titled("smuggled"));
    request.workspace_id.clone_from(&workspace_id);
    refused(other.create_task(request).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    let resource = Task { workspace_id: workspace_id.clone(), ..titled("smuggled") };
    refused(other.create_task(creation(resource)).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    let list = ListTasksRequest { workspace_id: workspace_id.clone(), ..ListTasksRequest::default() };
    refused(other.list_tasks(list).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    let watch = WatchTasksRequest { workspace_id, ..WatchTasksRequest::default() };
    let status = other.watch_tasks(watch).await.expect_err("a refusal");
    assert_eq!((status.code(), reason_of(&status).as_str()), (Code::NotFound, "RESOURCE_NOT_FOUND"));
}

async fn a_viewer_reads_but_does_not_change(database: TestDatabase) {
    let world = World::on(database).await;
    let task = create(&mut world.client(), titled("shown")).await;
    let viewer = TestUser::new().member_of(world.user.workspace(), Role::Viewer);
    let mut viewer = world.client_of(&viewer);
    assert_eq!(get(&mut viewer, &task.id).await.title, task.title);
    refused(viewer.complete_task(completion(&task.id)).await, Code::PermissionDenied, "ROLE_INSUFFICIENT");
    let mut request = creation(titled("written"));
    request.workspace_id = task.workspace_id;
    refused(viewer.create_task(request).await, Code::PermissionDenied, "ROLE_INSUFFICIENT");
}

async fn an_editor_changes_what_somebody_else_made(database: TestDatabase) {
    let world = World::on(database).await;
    let task = create(&mut world.client(), titled("shared")).await;
    let editor = TestUser::new().member_of(world.user.workspace(), Role::Editor);
    let done =
        world.client_of(&editor).complete_task(completion(&task.id)).await.expect("it is completed").into_inner();
    assert_eq!((done.created_by, done.version), (task.created_by, 2));
}

async fn all_workspaces_are_listed_at_once(database: TestDatabase) {
    let world = World::on(database).await;
    let other = TestUser::new();
    create(&mut world.client_of(&other), titled("theirs")).await;
    create(&mut world.client(), titled("mine")).await;
    let both = world.user.clone().member_of(other.workspace(), Role::Viewer);
    let mut client = world.client_of(&both);
    let all = ListTasksRequest { workspace_id: "-".to_owned(), page_size: 1, ..ListTasksRequest::default() };
    let titles: Vec<_> = list_all(&mut client, all).await.into_iter().filter_map(|task| task.title).collect();
    assert_eq!(titles, ["theirs", "mine"]);
    assert_eq!(list_all(&mut client, ListTasksRequest::default()).await.len(), 1);
}

async fn a_call_without_a_good_token_is_unauthenticated(database: TestDatabase) {
    let world = World::on(database).await;
    let request = || ListTasksRequest::default();
    refused(world.stranger().list_tasks(request()).await, Code::Unauthenticated, "TOKEN_MISSING");
    let late = world.user.clone().expiring(SystemClock.now().minus(std::time::Duration::from_secs(2)));
    refused(world.client_of(&late).list_tasks(request()).await, Code::Unauthenticated, "TOKEN_EXPIRED");
}

async fn a_token_without_the_scope_is_denied(database: TestDatabase) {
    let world = World::on(database).await;
    let mut reader = world.client_of(&world.user.clone().with_scopes(&["tasks.read"]));
    reader.list_tasks(ListTasksRequest::default()).await.expect("it may read");
    refused(reader.create_task(creation(titled("x"))).await, Code::PermissionDenied, "SCOPE_MISSING");
}
