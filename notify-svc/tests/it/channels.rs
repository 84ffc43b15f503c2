//! Channels: made, read, changed, deleted; each person's own, and their keys told once.

use std::time::Duration;

use futures::future::join_all;
use mesh_proto::notify::v1::{
    Channel, ChannelKind, ChannelState, ChatTarget, CreateChannelRequest, DeleteChannelRequest, EmailTarget,
    GetChannelRequest, ListChannelsRequest, UpdateChannelRequest, WebPushTarget,
};
use mesh_testkit::{TestDatabase, TestUser};
use mesh_types::Role;
use tonic::Code;

use crate::{
    hooks::{channels, create, creation, get, secret_of, settled, told, update, webhook},
    support::{Client, World, reason_of, refused, violations},
};

mesh_testkit::on_both_databases!(
    a_webhook_is_made_and_can_be_used_at_once,
    other_kinds_are_refused_until_there_are_any,
    bad_channels_are_refused_field_by_field,
    a_key_is_told_once_and_to_nobody_else,
    the_named_fields_change_and_no_others,
    what_cannot_be_written_is_refused,
    a_stale_etag_is_refused,
    a_deleted_channel_can_be_read_but_not_changed,
    channels_are_each_persons_own,
    a_person_has_twenty_channels_at_most,
    pages_follow_one_another,
    every_change_is_told,
);

const URL: &str = "https://hooks.example.com/taskmesh";

fn deletion(id: &str) -> DeleteChannelRequest {
    DeleteChannelRequest { id: id.to_owned(), ..DeleteChannelRequest::default() }
}

fn called(name: &str) -> Channel {
    Channel { name: Some(name.to_owned()), ..webhook(URL) }
}

async fn a_webhook_is_made_and_can_be_used_at_once(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let channel = create(&mut client, webhook(URL)).await;
    assert_eq!((channel.kind(), channel.state()), (ChannelKind::Webhook, ChannelState::Active));
    assert_eq!((channel.name(), channel.enabled(), channel.version), ("hooks.example.com", true, 1));
    assert_eq!(channel.user_id, world.user.id().to_string());
    assert_eq!(channel.workspace_id, world.user.workspace().to_string());
    let target = channel.webhook.as_ref().expect("a target");
    assert_eq!((target.url(), target.secret_create_time), (URL, channel.create_time));
    // 32 bytes in base64.
    assert!(target.secret.starts_with("whsec_") && target.secret.len() == 6 + 44, "{}", target.secret);
    assert!(!channel.change_id.is_empty() && !channel.etag.is_empty());
    assert_eq!(get(&mut client, &channel.id).await, settled(channel));
}

async fn other_kinds_are_refused_until_there_are_any(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let email = EmailTarget { address: Some("me@example.com".to_owned()) };
    let chat = ChatTarget { url: Some("ntfy://example.com/topic".to_owned()), display_url: String::new() };
    let kinds = [
        (Channel { email: Some(email), ..Channel::default() }, "channel.email"),
        (Channel { web_push: Some(WebPushTarget::default()), ..Channel::default() }, "channel.web_push"),
        (Channel { chat: Some(chat), ..Channel::default() }, "channel.chat"),
    ];
    for (channel, field) in kinds {
        let result = client.create_channel(creation(channel)).await;
        let status = refused(result, Code::InvalidArgument, "FIELDS_INVALID");
        assert_eq!(violations(&status), [field, "channel.webhook"]);
    }
}

async fn bad_channels_are_refused_field_by_field(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let id = create(&mut client, webhook(URL)).await.id;
    let cases = [
        (called(""), "channel.name"),
        (called(" \u{a0}"), "channel.name"),
        (called(&"x".repeat(101)), "channel.name"),
        (called("two\nlines"), "channel.name"),
        (called("a\0b"), "channel.name"),
        (webhook(""), "channel.webhook.url"),
        (webhook("example.com"), "channel.webhook.url"),
        (webhook("ftp://example.com/"), "channel.webhook.url"),
        (webhook("https://me:secret@example.com/"), "channel.webhook.url"),
        (webhook("http://example.com/"), "channel.webhook.url"),
        (webhook("https://example.com/\0"), "channel.webhook.url"),
        (webhook(&format!("https://example.com/{}", "x".repeat(2048))), "channel.webhook.url"),
    ];
    for (channel, field) in cases {
        let result = client.create_channel(creation(channel.clone())).await;
        let status = refused(result, Code::InvalidArgument, "FIELDS_INVALID");
        assert_eq!(violations(&status), [field], "create {channel:?}");
        let changed = UpdateChannelRequest {
            channel: Some(Channel { id: id.clone(), ..channel }),
            ..UpdateChannelRequest::default()
        };
        let status = refused(client.update_channel(changed.clone()).await, Code::InvalidArgument, "FIELDS_INVALID");
        assert_eq!(violations(&status), [field], "update {changed:?}");
    }
    let empty = client.create_channel(CreateChannelRequest::default()).await;
    assert_eq!(violations(&refused(empty, Code::InvalidArgument, "FIELDS_INVALID")), ["channel"]);
}

async fn a_key_is_told_once_and_to_nobody_else(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let once = CreateChannelRequest { request_id: "r1".to_owned(), ..creation(webhook(URL)) };
    let made = client.create_channel(once.clone()).await.expect("made").into_inner();
    let replayed = client.create_channel(once).await.expect("made before").into_inner();
    assert_eq!(replayed, Channel { change_id: made.change_id.clone(), ..settled(made.clone()) });
    let rotation = UpdateChannelRequest {
        channel: Some(Channel { id: made.id.clone(), ..Channel::default() }),
        rotate_secret: true,
        request_id: "r2".to_owned(),
        ..UpdateChannelRequest::default()
    };
    let rotated = client.update_channel(rotation.clone()).await.expect("a new key").into_inner();
    let replayed = client.update_channel(rotation).await.expect("the same one").into_inner();
    assert_eq!(replayed, Channel { change_id: rotated.change_id.clone(), ..settled(rotated.clone()) });
    let renamed = update(Channel { id: made.id.clone(), ..called("renamed") }, &["name"]);
    let renamed = client.update_channel(renamed).await.expect("renamed").into_inner();
    let deleted = client.delete_channel(deletion(&made.id)).await.expect("deleted").into_inner();
    let read = get(&mut client, &made.id).await;
    let listed = channels(&mut client, true).await;
    for told in [renamed, deleted, read].iter().chain(&listed) {
        assert_eq!(secret_of(told), "");
    }
    let keys = [secret_of(&made), secret_of(&rotated)];
    assert!(keys[0] != keys[1] && keys.iter().all(|key| key.starts_with("whsec_")));
    let events = told(&world, "channel").await;
    assert_eq!(events.len(), 4);
    for event in events {
        let text = String::from_utf8_lossy(&event.payload).into_owned();
        assert!(!text.contains("whsec_"));
        assert!(keys.iter().all(|key| !text.contains(key.trim_start_matches("whsec_"))));
    }
}

async fn the_named_fields_change_and_no_others(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let made = create(&mut client, called("one")).await;
    let sent = Channel { id: made.id.clone(), name: Some("two".to_owned()), ..webhook("https://example.org/") };
    let renamed = client.update_channel(update(sent.clone(), &["name"])).await.expect("renamed").into_inner();
    assert_eq!((renamed.name(), renamed.version, &renamed.webhook), ("two", 2, &settled(made).webhook));
    let moved = client.update_channel(update(sent, &["webhook.url"])).await.expect("moved").into_inner();
    assert_eq!(moved.webhook.as_ref().expect("a target").url(), "https://example.org/");
    let off = Channel { id: moved.id.clone(), enabled: Some(false), ..Channel::default() };
    let off = UpdateChannelRequest { channel: Some(off), ..UpdateChannelRequest::default() };
    let off = client.update_channel(off).await.expect("turned off").into_inner();
    assert_eq!((off.enabled(), off.name(), off.version), (false, "two", 4));
    let back = UpdateChannelRequest { channel: Some(settled(off.clone())), ..UpdateChannelRequest::default() };
    let back = client.update_channel(back).await.expect("nothing changes").into_inner();
    assert_eq!(back, settled(off));
}

async fn what_cannot_be_written_is_refused(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let made = create(&mut client, webhook(URL)).await;
    let paths = ["user_id", "kind", "webhook.secret", "state", "email", "version", "nonsense", "name"];
    let result = client.update_channel(update(Channel { id: made.id.clone(), ..called("x") }, &paths)).await;
    let status = refused(result, Code::InvalidArgument, "UPDATE_MASK_INVALID");
    assert_eq!(violations(&status).len(), paths.len() - 1);
    let cleared = update(Channel { id: made.id, ..Channel::default() }, &["name", "webhook.url"]);
    let status = refused(client.update_channel(cleared).await, Code::InvalidArgument, "FIELDS_INVALID");
    assert_eq!(violations(&status), ["channel.name", "channel.webhook.url"]);
}

async fn a_stale_etag_is_refused(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let made = create(&mut client, webhook(URL)).await;
    let sent = Channel { id: made.id.clone(), etag: made.etag.clone(), ..called("renamed") };
    client.update_channel(update(sent.clone(), &["name"])).await.expect("renamed");
    refused(client.update_channel(update(sent, &["name"])).await, Code::Aborted, "ETAG_MISMATCH");
    let delete = DeleteChannelRequest { etag: made.etag, ..deletion(&made.id) };
    refused(client.delete_channel(delete).await, Code::Aborted, "ETAG_MISMATCH");
}

async fn a_deleted_channel_can_be_read_but_not_changed(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let made = create(&mut client, webhook(URL)).await;
    let deleted = client.delete_channel(deletion(&made.id)).await.expect("deleted").into_inner();
    assert_eq!((deleted.version, deleted.delete_time), (2, deleted.update_time));
    assert_eq!(get(&mut client, &made.id).await, settled(deleted.clone()));
    assert!(channels(&mut client, false).await.is_empty());
    assert_eq!(channels(&mut client, true).await, [settled(deleted.clone())]);
    let renamed = update(Channel { id: made.id.clone(), ..called("x") }, &["name"]);
    refused(client.update_channel(renamed).await, Code::FailedPrecondition, "RESOURCE_DELETED");
    let again = client.delete_channel(deletion(&made.id)).await.expect("deleted already").into_inner();
    assert_eq!(again, settled(deleted));
}

async fn channels_are_each_persons_own(database: TestDatabase) {
    let world = World::on(database).await;
    let made = create(&mut world.client(), webhook(URL)).await;
    let colleague = TestUser::new().member_of(world.user.workspace(), Role::Owner);
    for other in [TestUser::new(), colleague] {
        let mut client: Client = world.client_of(&other);
        let id = made.id.clone();
        let got = client.get_channel(GetChannelRequest { id }).await;
        refused(got, Code::NotFound, "RESOURCE_NOT_FOUND");
        let renamed = update(Channel { id: made.id.clone(), ..called("mine") }, &["name"]);
        refused(client.update_channel(renamed).await, Code::NotFound, "RESOURCE_NOT_FOUND");
        refused(client.delete_channel(deletion(&made.id)).await, Code::NotFound, "RESOURCE_NOT_FOUND");
        let all = ListChannelsRequest { workspace_id: "-".to_owned(), ..ListChannelsRequest::default() };
        assert!(client.list_channels(all).await.expect("a page").into_inner().channels.is_empty());
    }
    let elsewhere = Channel { workspace_id: TestUser::new().workspace().to_string(), ..webhook(URL) };
    let result = world.client().create_channel(creation(elsewhere)).await;
    refused(result, Code::NotFound, "RESOURCE_NOT_FOUND");
    assert_eq!(get(&mut world.client(), &made.id).await, settled(made));
}

async fn a_person_has_twenty_channels_at_most(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let mut first = None;
    for _ in 0..17 {
        first = Some(create(&mut client, webhook(URL)).await);
    }
    let attempts = (0..6).map(|_| {
        let mut client = world.client();
        async move { client.create_channel(creation(webhook(URL))).await }
    });
    let (made, refusals): (Vec<_>, Vec<_>) = join_all(attempts).await.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refusals.len()), (3, 3));
    for refusal in refusals {
        refused(refusal, Code::ResourceExhausted, "QUOTA_EXCEEDED");
    }
    client.delete_channel(deletion(&first.expect("one").id)).await.expect("deleted");
    create(&mut client, webhook(URL)).await;
    let other = world.client_of(&TestUser::new()).create_channel(creation(webhook(URL))).await;
    assert!(other.is_ok(), "the limit is each person's own: {:?}", other.map_err(|status| reason_of(&status)));
}

async fn pages_follow_one_another(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(settled(create(&mut client, webhook(URL)).await));
        world.clock.advance(Duration::from_micros(1));
    }
    let mut request = ListChannelsRequest { page_size: 2, ..ListChannelsRequest::default() };
    let mut listed = Vec::new();
    loop {
        let page = client.list_channels(request.clone()).await.expect("a page").into_inner();
        listed.extend(page.channels);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(listed, made);
    request.show_deleted = true;
    refused(client.list_channels(request).await, Code::InvalidArgument, "PAGE_TOKEN_INVALID");
    let filter = ListChannelsRequest { filter: "enabled=true".to_owned(), ..ListChannelsRequest::default() };
    refused(client.list_channels(filter).await, Code::InvalidArgument, "FILTER_INVALID");
    let order = ListChannelsRequest { order_by: "name desc".to_owned(), ..ListChannelsRequest::default() };
    refused(client.list_channels(order).await, Code::InvalidArgument, "ORDER_BY_INVALID");
}

async fn every_change_is_told(database: TestDatabase) {
    use mesh_proto::event::v1::ChannelChanged;
    use prost::Message;
    let world = World::on(database).await;
    let mut client = world.client();
    let made = create(&mut client, called("one")).await;
    let sent = Channel { id: made.id.clone(), enabled: Some(false), ..called("two") };
    let changed = client.update_channel(update(sent, &["name", "enabled"])).await.expect("changed").into_inner();
    let deleted = client.delete_channel(deletion(&made.id)).await.expect("deleted").into_inner();
    let events = told(&world, "channel").await;
    let verbs: Vec<_> = events.iter().map(|event| (event.verb.as_str(), event.version)).collect();
    assert_eq!(verbs, [("created", 1), ("updated", 2), ("deleted", 3)]);
    let ids: Vec<_> = events.iter().map(|event| event.id.to_string()).collect();
    assert_eq!(ids, [&made, &changed, &deleted].map(|channel| channel.change_id.clone()));
    assert!(events.iter().all(|event| event.actor.user_id == world.user.id() && event.trace_parent.is_some()));
    let body = ChannelChanged::decode(events[1].payload.clone()).expect("a ChannelChanged");
    assert_eq!(body.after, Some(settled(changed)));
    let before = Channel { name: made.name, enabled: Some(true), ..Channel::default() };
    assert_eq!(body.before, Some(before));
    assert_eq!(body.changed.unwrap_or_default().paths, ["name", "enabled"]);
}
