//! MarkRead: a person has read a notification.

use mesh_proto::notify::v1::{MarkReadRequest, Notification, stream_notifications_response::Event};
use mesh_testkit::TestDatabase;
use tonic::Code;

use crate::{
    reminders::Reminder,
    support::{World, change, created, metadata_of, page, refused, settled, watching},
};

mesh_testkit::on_both_databases!(
    what_is_read_is_seen,
    what_is_read_already_stays_as_it_is,
    an_old_etag_is_refused,
    a_repeated_request_gets_the_same_answer,
    what_is_withdrawn_can_still_be_read,
);

fn reading(of: &Notification) -> MarkReadRequest {
    MarkReadRequest { id: of.id.clone(), ..MarkReadRequest::default() }
}

async fn told(world: &World) -> Notification {
    world.tell(&[Reminder::of(&world.user, "read me").fires(2)]).await;
    world.the_one(|_| true).await
}

async fn what_is_read_is_seen(database: TestDatabase) {
    let world = World::on(database).await;
    let mut stream = watching(&mut world.client()).await;
    let told = told(&world).await;
    created(&mut stream).await;
    world.clock.advance(std::time::Duration::from_secs(60));
    let read = world.client().mark_read(reading(&told)).await.expect("it is read").into_inner();
    assert!(read.read_time.is_some() && read.seen_time == read.read_time && read.update_time == read.read_time);
    assert_eq!((read.version, read.change_id.is_empty()), (2, false));
    let Event::Updated(change) = change(&mut stream).await.0 else { panic!("an update") };
    assert_eq!(change.notification, Some(settled(read.clone())));
    let page = page(&mut world.client(), Default::default()).await;
    assert_eq!((page.notifications, page.unread_count, page.unseen_count), (vec![settled(read)], 0, 0));
}

async fn what_is_read_already_stays_as_it_is(database: TestDatabase) {
    let world = World::on(database).await;
    let told = told(&world).await;
    let first = world.client().mark_read(reading(&told)).await.expect("it is read").into_inner();
    let second = world.client().mark_read(reading(&told)).await.expect("it stays read").into_inner();
    assert_eq!(second, settled(first));
}

async fn an_old_etag_is_refused(database: TestDatabase) {
    let world = World::on(database).await;
    let told = told(&world).await;
    let with = |etag: &str| MarkReadRequest { etag: etag.to_owned(), ..reading(&told) };
    let read = world.client().mark_read(with(&told.etag)).await.expect("it is read").into_inner();
    let status = refused(world.client().mark_read(with(&told.etag)).await, Code::Aborted, "ETAG_MISMATCH");
    assert_eq!(metadata_of(&status, "etag"), Some(read.etag));
}

async fn a_repeated_request_gets_the_same_answer(database: TestDatabase) {
    let world = World::on(database).await;
    let told = told(&world).await;
    let request = MarkReadRequest { request_id: "r1".to_owned(), etag: told.etag.clone(), ..reading(&told) };
    let first = world.client().mark_read(request.clone()).await.expect("it is read").into_inner();
    let second = world.client().mark_read(request.clone()).await.expect("it was read").into_inner();
    assert_eq!(second, first);
    let other = MarkReadRequest { etag: String::new(), ..request };
    refused(world.client().mark_read(other).await, Code::InvalidArgument, "REQUEST_ID_REUSED");
}

async fn what_is_withdrawn_can_still_be_read(database: TestDatabase) {
    let world = World::on(database).await;
    let reminder = Reminder::of(&world.user, "gone");
    world.tell(&[reminder.fires(2), reminder.is_withdrawn(3)]).await;
    let gone = world.the_one(|it| it.withdraw_time.is_some()).await;
    let read = world.client().mark_read(reading(&gone)).await.expect("it is read").into_inner();
    assert!(read.read_time.is_some() && read.withdraw_time.is_some());
}
