//! Services that call others for a person: what their tokens are good for, and what they are not.

use std::{sync::Arc, time::Duration};

use mesh_proto::task::v1::{
    CompleteTaskRequest, GetTaskRequest, ListTasksRequest, Task, UndeleteTaskRequest, UpdateTaskRequest,
    WatchTasksRequest,
};
use mesh_rpc::ServiceTokens;
use mesh_testkit::{FakeClock, TestTokens, TestUser};
use mesh_types::{Caller, Clock, Membership, Reason, Role, SystemClock, UserId, WorkspaceId, new_id};
use tonic::{Code, Status};

use crate::world::{World, asking, reason};

const SCHEDULER: &str = "scheduler-svc";

fn scheduler(tokens: &TestTokens, clock: impl Clock) -> ServiceTokens {
    ServiceTokens::new(tokens.signer_for(SCHEDULER), SCHEDULER, Arc::new(clock))
}

fn caller(tokens: &TestTokens, user: &TestUser) -> Caller {
    tokens.verifier(SystemClock).verify(&tokens.sign(user)).expect("a valid token").caller.clone()
}

fn assert_invalid<T: std::fmt::Debug>(answer: Result<T, Status>) {
    let refused = answer.expect_err("a refusal");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Unauthenticated, "TOKEN_INVALID"));
}

#[test]
fn a_service_acts_for_its_caller_with_their_workspaces_and_roles() {
    let (tokens, shared) = (TestTokens::new(), WorkspaceId(new_id(SystemClock.now())));
    let mut person = TestUser::new()
        .member_of(shared, Role::Viewer)
        .in_zone("Asia/Tokyo")
        .beginning_at("07:30")
        .with_scopes(&["any"]);
    (person.claims.tid, person.claims.ca) = (Some("session".to_owned()), Some("192.0.2.1".to_owned()));
    let before = caller(&tokens, &person);
    let token = scheduler(&tokens, SystemClock).for_caller(&before).expect("a token");
    let after = tokens.verifier(SystemClock).verify(&token).expect("believed").caller.clone();
    assert_eq!(after.actor.service.as_deref(), Some(SCHEDULER));
    assert_eq!((after.actor.user_id, &after.actor.token_id), (person.id(), &before.actor.token_id));
    assert_eq!(after.actor.client_address, None, "an address is the gateway's to tell");
    assert_eq!((&after.memberships, after.personal_workspace), (&before.memberships, before.personal_workspace));
    assert_eq!((after.time_zone, after.day_start), (before.time_zone, Some("07:30".to_owned())));
    assert_eq!(after.scopes, ["tasks.read", "tasks.write"]);
}

#[test]
fn a_service_acts_for_a_member_in_that_workspace_only() {
    let tokens = TestTokens::new();
    let (user, workspace) = (UserId(new_id(SystemClock.now())), WorkspaceId(new_id(SystemClock.now())));
    let token = scheduler(&tokens, SystemClock).for_member(user, workspace, Role::Editor).expect("a token");
    let caller = tokens.verifier(SystemClock).verify(&token).expect("believed").caller.clone();
    assert_eq!((caller.actor.user_id, caller.actor.service.as_deref()), (user, Some(SCHEDULER)));
    assert_eq!(caller.memberships, [Membership { id: workspace, role: Role::Editor }]);
}

#[test]
fn a_service_token_is_good_for_a_minute() {
    let (tokens, clock) = (TestTokens::new(), FakeClock::default());
    let person = caller(&tokens, &TestUser::new());
    let token = scheduler(&tokens, clock.clone()).for_caller(&person).expect("a token");
    let verifier = tokens.verifier(clock.clone());
    clock.advance(Duration::from_secs(58));
    verifier.verify(&token).expect("still good");
    clock.advance(Duration::from_secs(3));
    assert_eq!(verifier.verify(&token).expect_err("a refusal").reason, Reason::TokenExpired);
}

#[tokio::test]
async fn the_scheduler_may_get_create_and_update_tasks() {
    let world = World::new().await;
    let mut client = world.client_of(&TestUser::new().through(SCHEDULER));
    let id = new_id(SystemClock.now()).to_string();
    client.create_task(asking("anything")).await.expect("it may create");
    client.get_task(GetTaskRequest { id: id.clone() }).await.expect("it may get");
    let task = Some(Task { id, ..Task::default() });
    client.update_task(UpdateTaskRequest { task, ..UpdateTaskRequest::default() }).await.expect("it may update");
}

#[tokio::test]
async fn the_scheduler_may_do_nothing_else() {
    let world = World::new().await;
    let mut client = world.client_of(&TestUser::new().through(SCHEDULER));
    let id = new_id(SystemClock.now()).to_string();
    assert_invalid(client.list_tasks(ListTasksRequest::default()).await);
    assert_invalid(client.complete_task(CompleteTaskRequest { id: id.clone(), ..Default::default() }).await);
    assert_invalid(client.undelete_task(UndeleteTaskRequest { id, ..Default::default() }).await);
    assert_invalid(client.watch_tasks(WatchTasksRequest::default()).await);
}

#[tokio::test]
async fn a_service_says_that_it_acts_itself_and_never_another() {
    let world = World::new().await;
    for act in [None, Some("notify-svc"), Some("gateway")] {
        let mut person = TestUser::new().through(SCHEDULER);
        person.claims.act = act.map(str::to_owned);
        assert_invalid(world.client_of(&person).create_task(asking("anything")).await);
    }
}

#[tokio::test]
async fn a_token_of_the_gateway_cannot_say_that_a_service_acts() {
    let world = World::new().await;
    for act in [SCHEDULER, "gateway"] {
        let mut person = TestUser::new();
        person.claims.act = Some(act.to_owned());
        assert_invalid(world.client_of(&person).create_task(asking("anything")).await);
    }
}

#[tokio::test]
async fn a_service_token_signed_by_another_key_is_invalid() {
    let world = World::new().await;
    let person = TestUser::new().through(SCHEDULER);
    let by_the_gateway = world.tokens.signer_for("gateway").sign(&person.claims).expect("a token");
    let by_a_stranger = TestTokens::new().sign(&person);
    let for_the_gateway = world.tokens.signer_for(SCHEDULER).sign(&TestUser::new().claims).expect("a token");
    for token in [by_the_gateway, by_a_stranger, for_the_gateway] {
        assert_invalid(world.client_with(&token).create_task(asking("anything")).await);
    }
}
