//! What no well-meaning client sends: the answer is a clear refusal, never a fault of ours.

use mesh_proto::notify::v1::{ListNotificationsRequest, MarkReadRequest, MarkSeenRequest, StreamNotificationsRequest};
use mesh_testkit::TestDatabase;
use tonic::Code;

use crate::{
    reminders::{Reminder, fresh_id},
    support::{World, metadata_of, refused, violations},
};

mesh_testkit::on_both_databases!(
    bad_ids_are_refused,
    bad_lists_are_refused,
    nul_is_refused_wherever_text_goes,
    an_etag_that_is_none_matches_nothing,
    extreme_instants_are_no_fault_of_ours,
);

async fn bad_ids_are_refused(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    for id in ["", "x", "0190163d8694739baea5966c26f8ad90", "{0190163d-8694-739b-aea5-966c26f8ad90}", "\0"] {
        let read = client.mark_read(MarkReadRequest { id: id.to_owned(), ..Default::default() }).await;
        assert_eq!(violations(&refused(read, Code::InvalidArgument, "FIELDS_INVALID")), ["id"]);
        let ids = vec![fresh_id().to_string(), id.to_owned()];
        let seen = client.mark_seen(MarkSeenRequest { ids, ..Default::default() }).await;
        assert_eq!(violations(&refused(seen, Code::InvalidArgument, "FIELDS_INVALID")), ["ids[1]"]);
    }
    let unknown = MarkReadRequest { id: fresh_id().to_string(), ..Default::default() };
    refused(client.mark_read(unknown).await, Code::NotFound, "RESOURCE_NOT_FOUND");
    let ids = vec![fresh_id().to_string(); 1_001];
    let too_many = client.mark_seen(MarkSeenRequest { ids, ..Default::default() }).await;
    assert_eq!(violations(&refused(too_many, Code::InvalidArgument, "FIELDS_INVALID")), ["ids"]);
}

async fn bad_lists_are_refused(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let cases = [
        (ListNotificationsRequest { page_size: i32::MIN, ..Default::default() }, "FIELDS_INVALID"),
        (ListNotificationsRequest { workspace_id: "--".to_owned(), ..Default::default() }, "FIELDS_INVALID"),
        (ListNotificationsRequest { page_token: "x".repeat(2_049), ..Default::default() }, "FIELDS_INVALID"),
        (ListNotificationsRequest { page_token: "forged".to_owned(), ..Default::default() }, "PAGE_TOKEN_INVALID"),
        (ListNotificationsRequest { order_by: "title".to_owned(), ..Default::default() }, "ORDER_BY_INVALID"),
        (ListNotificationsRequest { filter: "read_time:*".to_owned(), ..Default::default() }, "FILTER_INVALID"),
    ];
    for (list, reason) in cases {
        refused(client.list_notifications(list).await, Code::InvalidArgument, reason);
    }
    let watch = StreamNotificationsRequest { workspace_id: "x".to_owned(), ..Default::default() };
    refused(client.stream_notifications(watch).await, Code::InvalidArgument, "FIELDS_INVALID");
}

async fn nul_is_refused_wherever_text_goes(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let (id, nul) = (fresh_id().to_string(), || "a\0b".to_owned());
    let request = MarkReadRequest { id: id.clone(), etag: nul(), request_id: nul() };
    let status = refused(client.mark_read(request).await, Code::InvalidArgument, "FIELDS_INVALID");
    assert_eq!(violations(&status), ["request_id", "etag"]);
    let request = MarkSeenRequest { request_id: nul(), ..Default::default() };
    let status = refused(client.mark_seen(request).await, Code::InvalidArgument, "FIELDS_INVALID");
    assert_eq!(violations(&status), ["request_id"]);
    let list = ListNotificationsRequest { page_token: nul(), ..Default::default() };
    refused(client.list_notifications(list).await, Code::InvalidArgument, "PAGE_TOKEN_INVALID");
    let list = ListNotificationsRequest { order_by: nul(), ..Default::default() };
    refused(client.list_notifications(list).await, Code::InvalidArgument, "ORDER_BY_INVALID");
}

async fn an_etag_that_is_none_matches_nothing(database: TestDatabase) {
    let world = World::on(database).await;
    world.tell(&[Reminder::of(&world.user, "a\0 title \"of\" 💥\\u0000 any kind").fires(2)]).await;
    let told = world.the_one(|_| true).await;
    assert_eq!(told.title, "a title \"of\" 💥\\u0000 any kind");
    for etag in ["*", "1", "💥"] {
        let request = MarkReadRequest { id: told.id.clone(), etag: etag.to_owned(), ..Default::default() };
        let status = refused(world.client().mark_read(request).await, Code::Aborted, "ETAG_MISMATCH");
        assert_eq!(metadata_of(&status, "etag"), Some(told.etag.clone()));
    }
}

async fn extreme_instants_are_no_fault_of_ours(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    for seconds in [-62_135_596_800, 253_402_300_799] {
        let up_to = Some(prost_types::Timestamp { seconds, nanos: 999_999_999 });
        client.mark_seen(MarkSeenRequest { up_to, ..Default::default() }).await.expect("an instant like others");
    }
    for seconds in [i64::MIN, i64::MAX] {
        let up_to = Some(prost_types::Timestamp { seconds, nanos: 0 });
        let refusal = client.mark_seen(MarkSeenRequest { up_to, ..Default::default() }).await;
        refused(refusal, Code::InvalidArgument, "FIELDS_INVALID");
    }
}
