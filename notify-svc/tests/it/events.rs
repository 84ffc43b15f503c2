//! What the service tells the others: one event for every mutation.

use futures::StreamExt;
use mesh_events::{Envelope, Filter, TailFrom};
use mesh_proto::{
    event::v1::NotificationChanged,
    notify::v1::{MarkReadRequest, MarkSeenRequest, Notification},
};
use mesh_testkit::TestDatabase;
use prost::Message;

use crate::{
    reminders::Reminder,
    support::{World, settled},
};

mesh_testkit::on_both_databases!(every_mutation_is_one_version_and_one_event);

async fn events(world: &World, count: usize) -> Vec<Envelope> {
    let filter = Filter { entities: vec!["notification".to_owned()] };
    let tail = world.bus.tail(filter, TailFrom::Last(1_000)).await.expect("a tail");
    tail.take(count).map(|placed| placed.expect("an event").event.as_ref().clone()).collect().await
}

fn body(event: &Envelope) -> NotificationChanged {
    NotificationChanged::decode(event.payload.clone()).expect("a body")
}

async fn every_mutation_is_one_version_and_one_event(database: TestDatabase) {
    let world = World::on(database).await;
    let reminder = Reminder::of(&world.user, "a life");
    world.tell(&[reminder.fires(2)]).await;
    let told = world.the_one(|_| true).await;
    world.client().mark_seen(MarkSeenRequest::default()).await.expect("it is seen");
    let read = MarkReadRequest { id: told.id.clone(), ..Default::default() };
    let read = world.client().mark_read(read).await.expect("it is read").into_inner();
    world.tell(&[reminder.is_withdrawn(3)]).await;
    let events = events(&world, 4).await;
    assert_eq!(events.iter().map(|it| it.verb.as_str()).collect::<Vec<_>>(), ["created", "seen", "read", "withdrawn"]);
    assert_eq!(events.iter().map(|it| it.version).collect::<Vec<_>>(), [1, 2, 3, 4]);
    for event in &events {
        assert_eq!((event.source.as_str(), event.aggregate_id.to_string()), ("notify-svc", told.id.clone()));
        assert_eq!((event.workspace_id, event.actor.user_id), (world.user.workspace(), world.user.id()));
        assert!(event.trace_parent.is_some());
    }
    let services: Vec<_> = events.iter().map(|it| it.actor.service.as_deref()).collect();
    assert_eq!(services, [Some("notify-svc"), None, None, Some("notify-svc")]);
    assert_eq!(body(&events[0]).after, Some(told));
    assert_eq!(events[2].id.to_string(), read.change_id);
    let NotificationChanged { after, before, changed } = body(&events[2]);
    assert_eq!((after, before), (Some(settled(read)), Some(Notification::default())));
    assert_eq!(changed.unwrap_or_default().paths, ["read_time"]);
    assert_eq!(body(&events[3]).changed.unwrap_or_default().paths, ["withdraw_time"]);
}
