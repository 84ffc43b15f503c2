//! Occurrences of schedules: written by services, one task each, for ever.

use mesh_proto::task::v1::Task;
use mesh_testkit::{TestDatabase, TestUser};
use tonic::Code;

use crate::support::{World, create, creation, delete, get, metadata_of, refused, settled, titled, update, violations};

mesh_testkit::on_both_databases!(
    an_occurrence_gets_one_task,
    an_occurrence_is_taken_even_when_its_task_is_deleted,
    people_cannot_claim_an_occurrence,
    a_task_can_become_the_first_occurrence,
    people_may_write_back_what_they_read_of_an_occurrence,
    half_an_occurrence_is_refused,
);

const SCHEDULE: &str = "0190163d-8694-739b-aea5-966c26f8ad90";

/// The same person, with the scheduler acting for them.
fn scheduler(user: &TestUser) -> TestUser {
    user.clone().through("scheduler-svc")
}

fn occurrence(text: &str) -> Task {
    Task { schedule_id: Some(SCHEDULE.to_owned()), occurrence: Some(text.to_owned()), ..titled("water the plants") }
}

async fn an_occurrence_gets_one_task(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client_of(&scheduler(&world.user));
    let first = create(&mut client, occurrence("2026-11-20T09:00:00")).await;
    let status = refused(
        client.create_task(creation(occurrence("2026-11-20T09:00:00"))).await,
        Code::AlreadyExists,
        "RESOURCE_EXISTS",
    );
    assert_eq!(metadata_of(&status, "task_id"), Some(first.id.clone()));
    let second = create(&mut client, occurrence("2026-11-21")).await;
    assert_ne!(first.id, second.id);
}

async fn an_occurrence_is_taken_even_when_its_task_is_deleted(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client_of(&scheduler(&world.user));
    let first = create(&mut client, occurrence("2026-11-20")).await;
    delete(&mut world.client(), &first.id).await;
    refused(client.create_task(creation(occurrence("2026-11-20"))).await, Code::AlreadyExists, "RESOURCE_EXISTS");
}

async fn people_cannot_claim_an_occurrence(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client();
    refused(client.create_task(creation(occurrence("2026-11-20"))).await, Code::PermissionDenied, "ROLE_INSUFFICIENT");
    let task = create(&mut client, titled("plain")).await;
    let claim = update(Task { id: task.id, ..occurrence("2026-11-20") }, &["schedule_id", "occurrence"]);
    refused(client.update_task(claim).await, Code::PermissionDenied, "ROLE_INSUFFICIENT");
}

async fn a_task_can_become_the_first_occurrence(database: TestDatabase) {
    let world = World::on(database).await;
    let mut service = world.client_of(&scheduler(&world.user));
    let task = create(&mut world.client(), titled("plain")).await;
    let paths = ["schedule_id", "occurrence"];
    let claim = || update(Task { id: task.id.clone(), ..occurrence("2026-11-20") }, &paths);
    let claimed = service.update_task(claim()).await.expect("a service may").into_inner();
    assert_eq!(claimed.occurrence(), "2026-11-20");
    assert_eq!(service.update_task(claim()).await.expect("nothing to do").into_inner(), settled(claimed));
    refused(service.create_task(creation(occurrence("2026-11-20"))).await, Code::AlreadyExists, "RESOURCE_EXISTS");
    let other = create(&mut world.client(), titled("other")).await;
    let steal = update(Task { id: other.id, ..occurrence("2026-11-20") }, &paths);
    refused(service.update_task(steal).await, Code::AlreadyExists, "RESOURCE_EXISTS");
}

async fn people_may_write_back_what_they_read_of_an_occurrence(database: TestDatabase) {
    let world = World::on(database).await;
    let id = create(&mut world.client_of(&scheduler(&world.user)), occurrence("2026-11-20")).await.id;
    let mut client = world.client();
    let read = get(&mut client, &id).await;
    let sent = Task { description: Some("with care".to_owned()), ..read };
    let changed = client.update_task(update(sent, &[])).await.expect("they change something else").into_inner();
    assert_eq!((changed.version, changed.description()), (2, "with care"));
}

async fn half_an_occurrence_is_refused(database: TestDatabase) {
    let world = World::on(database).await;
    let mut client = world.client_of(&scheduler(&world.user));
    let half = Task { occurrence: None, ..occurrence("") };
    let status = refused(client.create_task(creation(half)).await, Code::InvalidArgument, "FIELDS_INVALID");
    assert_eq!(violations(&status), ["task.occurrence"]);
    let nonsense = client.create_task(creation(occurrence("tomorrow"))).await;
    assert_eq!(violations(&refused(nonsense, Code::InvalidArgument, "FIELDS_INVALID")), ["task.occurrence"]);
}
