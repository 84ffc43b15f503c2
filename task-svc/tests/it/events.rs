//! What the service tells the others: one event for every mutation, and none for what changed nothing.

use std::sync::Arc;

use futures::StreamExt;
use mesh_events::{Envelope, Filter, TailFrom};
use mesh_proto::{
    event::v1::TaskChanged,
    task::v1::{Task, TaskPriority, TaskStatus, UndeleteTaskRequest},
};
use mesh_testkit::TestDatabase;
use prost::Message;
use tonic::Code;

use crate::support::{Client, World, completion, create, creation, delete, refused, settled, titled, update};

mesh_testkit::on_both_databases!(
    every_mutation_is_one_version_and_one_event,
    an_event_holds_the_state_after_and_the_fields_before,
    what_changes_nothing_tells_nothing,
);

/// The events that were published, up to and including that of `change_id`.
async fn events_up_to(world: &World, change_id: &str) -> Vec<Arc<Envelope>> {
    let mut tail = world.bus.tail(Filter::default(), TailFrom::Last(1_000)).await.expect("a tail");
    let mut events = Vec::new();
    while events.last().is_none_or(|event: &Arc<Envelope>| event.id.to_string() != change_id) {
        events.push(tail.next().await.expect("the tail goes on").expect("an event").event);
    }
    events
}

fn body(event: &Envelope) -> TaskChanged {
    TaskChanged::decode(event.payload.clone()).expect("a body")
}

/// Everything that can be done to a task, in turn. Returns the last state.
async fn a_life(client: &mut Client) -> Task {
    let task = create(client, titled("a life")).await;
    let id = task.id.clone();
    client.update_task(update(Task { id: id.clone(), ..titled("a long life") }, &["title"])).await.expect("renamed");
    client.complete_task(completion(&id)).await.expect("completed");
    let reopened = Task { id: id.clone(), status: Some(TaskStatus::InProgress.into()), ..Task::default() };
    client.update_task(update(reopened, &["status"])).await.expect("reopened");
    let cancelled = Task { id: id.clone(), status: Some(TaskStatus::Cancelled.into()), ..Task::default() };
    client.update_task(update(cancelled, &["status"])).await.expect("cancelled");
    delete(client, &id).await;
    let request = UndeleteTaskRequest { id, ..UndeleteTaskRequest::default() };
    client.undelete_task(request).await.expect("restored").into_inner()
}

async fn every_mutation_is_one_version_and_one_event(database: TestDatabase) {
    let world = World::on(database).await;
    let last = a_life(&mut world.client()).await;
    let events = events_up_to(&world, &last.change_id).await;
    let verbs: Vec<_> = events.iter().map(|event| event.verb.as_str()).collect();
    assert_eq!(verbs, ["created", "updated", "completed", "reopened", "cancelled", "deleted", "undeleted"]);
    assert_eq!(events.iter().map(|event| event.version).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7]);
    for event in &events {
        assert_eq!((event.source.as_str(), event.entity.as_str()), ("task-svc", "task"));
        assert_eq!(event.event_type, "taskmesh.event.v1.TaskChanged");
        assert_eq!(event.aggregate_id.to_string(), last.id);
        assert_eq!((event.workspace_id, event.actor.user_id), (world.user.workspace(), world.user.id()));
        assert!(event.trace_parent.is_some());
    }
    assert_eq!(body(&events[6]).after, Some(settled(last)));
}

async fn an_event_holds_the_state_after_and_the_fields_before(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let task = create(&mut client, Task { description: Some("old".to_owned()), ..titled("a task") }).await;
    let sent = Task {
        id: task.id.clone(),
        description: Some("new".to_owned()),
        priority: Some(TaskPriority::High.into()),
        status: Some(TaskStatus::Completed.into()),
        ..titled("a task")
    };
    let changed = client.update_task(update(sent, &[])).await.expect("it changes").into_inner();
    let events = events_up_to(&world, &changed.change_id).await;
    assert_eq!((events.len(), events[1].verb.as_str()), (2, "completed"));
    let TaskChanged { after, before, changed: mask } = body(&events[1]);
    assert_eq!(after, Some(settled(changed)));
    let expected =
        Task { description: task.description.clone(), status: task.status, priority: task.priority, ..Task::default() };
    assert_eq!(before, Some(expected));
    assert_eq!(mask.unwrap_or_default().paths, ["description", "status", "priority", "completed_time"]);
    let created = body(&events[0]);
    assert_eq!((created.before, created.after), (None, Some(settled(task))));
}

async fn what_changes_nothing_tells_nothing(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    let task = create(&mut client, titled("quiet")).await;
    client.update_task(update(Task { id: task.id.clone(), ..titled("quiet") }, &["title"])).await.expect("no change");
    refused(client.create_task(creation(titled(" "))).await, Code::InvalidArgument, "FIELDS_INVALID");
    let mut once = creation(titled("repeated"));
    once.request_id = "r1".to_owned();
    for _ in 0..2 {
        client.create_task(once.clone()).await.expect("created once");
    }
    let last = create(&mut client, titled("last")).await;
    assert_eq!(events_up_to(&world, &last.change_id).await.len(), 3);
}
