//! The record as its readers see it: page by page, their own only.

use mesh_events::Envelope;
use mesh_proto::{
    audit::v1::{AuditEvent, ListAuditEventsRequest, ListEntityEventsRequest},
    event::v1::TaskChanged,
    task::v1::Task,
};
use mesh_testkit::{TestDatabase, TestUser};
use mesh_types::Role;
use prost::Message;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::world::{Client, World, all_events, event, event_of, fresh_id};

mesh_testkit::on_both_databases!(
    pages_show_every_event_once_newest_first_while_more_arrive,
    a_page_of_large_events_is_short,
    a_list_over_all_workspaces_shows_what_the_caller_may_read,
    a_page_token_is_good_for_its_own_list_only,
    a_workspace_of_somebody_else_is_not_found,
    a_filter_is_refused_as_long_as_there_are_none,
    a_history_is_in_order_of_versions_however_they_arrived,
    the_history_of_somebody_elses_thing_is_not_found,
);

async fn pages_show_every_event_once_newest_first_while_more_arrive(database: TestDatabase) {
    let (world, user) = (World::new(database).await, TestUser::new());
    let events: Vec<_> = (0..20).map(|_| event(user.workspace())).collect();
    world.publish(&events).await;
    world.record_of(&user, 20).await;
    let (mut client, mut seen, mut page_token) = (world.client(&user), Vec::new(), String::new());
    loop {
        let request = ListAuditEventsRequest { page_size: 7, page_token, ..Default::default() };
        let page = client.list_audit_events(request).await.expect("a page").into_inner();
        assert!(page.events.len() <= 7);
        seen.extend(page.events.into_iter().map(|event| event.id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
        world.publish(&[event(user.workspace())]).await;
    }
    assert_eq!(seen, events.iter().rev().map(|event| event.id.to_string()).collect::<Vec<_>>());
}

async fn a_page_of_large_events_is_short(database: TestDatabase) {
    let (world, user) = (World::new(database).await, TestUser::new());
    let large = || {
        let after = Some(Task { description: Some("é".repeat(8_000)), ..Task::default() });
        let payload = TaskChanged { before: after.clone(), after, changed: None }.encode_to_vec().into();
        Envelope { payload, ..event(user.workspace()) }
    };
    let events: Vec<_> = (0..150).map(|_| large()).collect();
    world.publish(&events).await;
    assert_eq!(world.record_of(&user, 150).await.len(), 150);
    let request = ListAuditEventsRequest { page_size: 1000, ..Default::default() };
    let page = world.client(&user).list_audit_events(request).await.expect("a page").into_inner();
    assert!(page.encoded_len() < 3 << 20 && !page.next_page_token.is_empty(), "{} bytes", page.encoded_len());
}

async fn a_list_over_all_workspaces_shows_what_the_caller_may_read(database: TestDatabase) {
    let (other, stranger) = (TestUser::new(), TestUser::new());
    let (world, user) = (World::new(database).await, TestUser::new().member_of(other.workspace(), Role::Viewer));
    let workspaces = [user.workspace(), other.workspace(), stranger.workspace(), user.workspace()];
    let events = workspaces.map(event);
    world.publish(&events).await;
    world.record_of(&stranger, 1).await;
    world.record_of(&user, 2).await;
    let mut seen = ids(&all_events(world.client(&user), "-").await);
    seen.sort();
    let mut expected = [0, 1, 3].map(|index: usize| events[index].id.to_string());
    expected.sort();
    assert_eq!(seen, expected);
    let only_other = all_events(world.client(&user), &other.workspace().to_string()).await;
    assert_eq!(ids(&only_other), [events[1].id.to_string()]);
}

async fn a_page_token_is_good_for_its_own_list_only(database: TestDatabase) {
    let (world, user) = (World::new(database).await, TestUser::new());
    world.publish(&[event(user.workspace()), event(user.workspace())]).await;
    world.record_of(&user, 2).await;
    let first = ListAuditEventsRequest { page_size: 1, ..Default::default() };
    let mut client = world.client(&user);
    let page_token = client.list_audit_events(first).await.expect("a page").into_inner().next_page_token;
    let other_list =
        ListAuditEventsRequest { workspace_id: "-".to_owned(), page_token: page_token.clone(), ..Default::default() };
    let refused = client.list_audit_events(other_list).await.expect_err("another list");
    assert_eq!(reason(&refused), (Code::InvalidArgument, "PAGE_TOKEN_INVALID".to_owned()));
    let same_list = ListAuditEventsRequest { page_token, ..Default::default() };
    let refused = world.client(&TestUser::new()).list_audit_events(same_list).await.expect_err("another caller");
    assert_eq!(reason(&refused), (Code::InvalidArgument, "PAGE_TOKEN_INVALID".to_owned()));
}

async fn a_workspace_of_somebody_else_is_not_found(database: TestDatabase) {
    let (world, user, other) = (World::new(database).await, TestUser::new(), TestUser::new());
    world.publish(&[event(other.workspace())]).await;
    world.record_of(&other, 1).await;
    let request = ListAuditEventsRequest { workspace_id: other.workspace().to_string(), ..Default::default() };
    let refused = world.client(&user).list_audit_events(request).await.expect_err("not theirs");
    assert_eq!(reason(&refused), (Code::NotFound, "RESOURCE_NOT_FOUND".to_owned()));
    assert_eq!(all_events(world.client(&user), "-").await, []);
}

async fn a_filter_is_refused_as_long_as_there_are_none(database: TestDatabase) {
    let (world, user) = (World::new(database).await, TestUser::new());
    let request = ListAuditEventsRequest { filter: "action=created".to_owned(), ..Default::default() };
    let refused = world.client(&user).list_audit_events(request).await.expect_err("no filters yet");
    assert_eq!(reason(&refused), (Code::InvalidArgument, "FILTER_INVALID".to_owned()));
}

async fn a_history_is_in_order_of_versions_however_they_arrived(database: TestDatabase) {
    let (world, user, task) = (World::new(database).await, TestUser::new(), fresh_id());
    let arrival = [3, 1, 5, 2, 4].map(|version| event_of(user.workspace(), task, version));
    let restored = Envelope { epoch: 2, ..event_of(user.workspace(), task, 1) };
    world.publish(&arrival).await;
    world.publish(&[restored, event(user.workspace())]).await;
    world.record_of(&user, 7).await;
    let (mut client, mut versions, mut page_token) = (world.client(&user), Vec::new(), String::new());
    loop {
        let page = history(&mut client, task.to_string(), page_token).await.expect("a page");
        versions.extend(page.0.iter().map(|event| event.entity_version));
        page_token = page.1;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(versions, [1, 2, 3, 4, 5, 1], "a restored database begins anew");
}

async fn the_history_of_somebody_elses_thing_is_not_found(database: TestDatabase) {
    let (world, user, other) = (World::new(database).await, TestUser::new(), TestUser::new());
    let theirs = event(other.workspace());
    world.publish(std::slice::from_ref(&theirs)).await;
    world.record_of(&other, 1).await;
    for id in [theirs.aggregate_id, fresh_id()] {
        let refused = history(&mut world.client(&user), id.to_string(), String::new()).await;
        let refused = refused.expect_err("nothing to see");
        assert_eq!(reason(&refused), (Code::NotFound, "RESOURCE_NOT_FOUND".to_owned()));
    }
}

async fn history(client: &mut Client, id: String, page_token: String) -> Result<(Vec<AuditEvent>, String), Status> {
    let request = ListEntityEventsRequest { entity_type: "task".to_owned(), entity_id: id, page_size: 2, page_token };
    let page = client.list_entity_events(request).await?.into_inner();
    Ok((page.events, page.next_page_token))
}

fn ids(events: &[AuditEvent]) -> Vec<String> {
    events.iter().map(|event| event.id.clone()).collect()
}

fn reason(status: &Status) -> (Code, String) {
    let info = status.get_error_details().error_info().cloned().expect("an ErrorInfo");
    (status.code(), info.reason)
}
