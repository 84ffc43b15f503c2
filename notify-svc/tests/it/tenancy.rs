//! Who sees and changes what: one's own inbox, in workspaces that one is a member of.

use mesh_proto::notify::v1::{ListNotificationsRequest, MarkReadRequest, MarkSeenRequest};
use mesh_testkit::{TestDatabase, TestUser};
use mesh_types::{Clock, Role};
use tonic::Code;

use crate::{
    reminders::Reminder,
    support::{World, list_all, page, refused},
};

mesh_testkit::on_both_databases!(
    anothers_notification_is_not_found,
    who_has_left_a_workspace_sees_nothing_of_it,
    anothers_workspace_is_not_found,
    all_workspaces_are_listed_at_once,
    a_viewer_reads_their_own_inbox,
    a_call_without_a_good_token_is_unauthenticated,
    a_token_without_the_scope_is_denied,
);

fn all() -> ListNotificationsRequest {
    ListNotificationsRequest { workspace_id: "-".to_owned(), show_withdrawn: true, ..Default::default() }
}

fn reading(id: &str) -> MarkReadRequest {
    MarkReadRequest { id: id.to_owned(), ..Default::default() }
}

async fn anothers_notification_is_not_found(database: TestDatabase) {
    let world = World::on(database).await;
    world.tell(&[Reminder::of(&world.user, "mine").fires(2)]).await;
    let mine = world.the_one(|_| true).await;
    // Not even an owner of the workspace sees the inbox of another member.
    for other in [TestUser::new(), TestUser::new().member_of(world.user.workspace(), Role::Owner)] {
        let mut other = world.client_of(&other);
        refused(other.mark_read(reading(&mine.id)).await, Code::NotFound, "RESOURCE_NOT_FOUND");
        assert_eq!(list_all(&mut other, all()).await, []);
        let counts = page(&mut other, all()).await;
        assert_eq!((counts.unread_count, counts.unseen_count), (0, 0));
    }
    assert_eq!(world.inbox(1).await, [mine]);
}

async fn who_has_left_a_workspace_sees_nothing_of_it(database: TestDatabase) {
    let world = World::on(database).await;
    let shared = TestUser::new().workspace();
    let member = world.user.clone().member_of(shared, Role::Editor);
    world.tell(&[Reminder { workspace: shared, ..Reminder::of(&world.user, "shared") }.fires(2)]).await;
    let mut client = world.client_of(&member);
    let told = mesh_testkit::eventually(async || list_all(&mut client, all()).await.pop()).await;
    assert_eq!(list_all(&mut world.client(), all()).await, []);
    refused(world.client().mark_read(reading(&told.id)).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    client.mark_read(reading(&told.id)).await.expect("a member reads it");
}

async fn anothers_workspace_is_not_found(database: TestDatabase) {
    let world = World::on(database).await;
    let workspace_id = TestUser::new().workspace().to_string();
    let mut client = world.client();
    let list = ListNotificationsRequest { workspace_id: workspace_id.clone(), ..Default::default() };
    refused(client.list_notifications(list).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    let seen = MarkSeenRequest { workspace_id, ..Default::default() };
    refused(client.mark_seen(seen).await, Code::NotFound, "RESOURCE_NOT_FOUND");
}

async fn all_workspaces_are_listed_at_once(database: TestDatabase) {
    let world = World::on(database).await;
    let elsewhere = TestUser::new().workspace();
    let there = Reminder { workspace: elsewhere, ..Reminder::of(&world.user, "there") };
    world.tell(&[there.fires(2), Reminder::of(&world.user, "at home").fires(2)]).await;
    let mut client = world.client_of(&world.user.clone().member_of(elsewhere, Role::Viewer));
    world.inbox(1).await;
    let one_by_one = ListNotificationsRequest { page_size: 1, ..all() };
    let listed = mesh_testkit::eventually(async || {
        let listed = list_all(&mut client, one_by_one.clone()).await;
        (listed.len() == 2).then_some(listed)
    })
    .await;
    let mut titles: Vec<_> = listed.into_iter().map(|it| it.title).collect();
    titles.sort();
    assert_eq!(titles, ["at home", "there"]);
    assert_eq!(page(&mut client, all()).await.unread_count, 2);
    assert_eq!(page(&mut client, ListNotificationsRequest::default()).await.unread_count, 1);
}

async fn a_viewer_reads_their_own_inbox(database: TestDatabase) {
    let world = World::on(database).await;
    let elsewhere = TestUser::new().workspace();
    let mut viewer = world.client_of(&world.user.clone().member_of(elsewhere, Role::Viewer));
    world.tell(&[Reminder { workspace: elsewhere, ..Reminder::of(&world.user, "shown") }.fires(2)]).await;
    let told = mesh_testkit::eventually(async || list_all(&mut viewer, all()).await.pop()).await;
    let seen = MarkSeenRequest { workspace_id: elsewhere.to_string(), ..Default::default() };
    assert_eq!(viewer.mark_seen(seen).await.expect("they are marked").into_inner().changed_count, 1);
    viewer.mark_read(reading(&told.id)).await.expect("it is theirs");
}

async fn a_call_without_a_good_token_is_unauthenticated(database: TestDatabase) {
    let world = World::on(database).await;
    refused(world.stranger().list_notifications(all()).await, Code::Unauthenticated, "TOKEN_MISSING");
    let late = world.user.clone().expiring(world.clock.now().minus(std::time::Duration::from_secs(2)));
    refused(world.client_of(&late).list_notifications(all()).await, Code::Unauthenticated, "TOKEN_EXPIRED");
}

async fn a_token_without_the_scope_is_denied(database: TestDatabase) {
    let world = World::on(database).await;
    let mut reader = world.client_of(&world.user.clone().with_scopes(&["notifications.read"]));
    reader.list_notifications(all()).await.expect("it may read");
    refused(reader.mark_seen(MarkSeenRequest::default()).await, Code::PermissionDenied, "SCOPE_MISSING");
}
