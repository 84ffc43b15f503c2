//! Who is let in, and what the others are told.

use mesh_proto::task::v1::task_service_client::TaskServiceClient;
use mesh_testkit::{TestTokens, TestUser};
use mesh_types::{Clock, SystemClock, Timestamp};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::world::{World, asking, reason};

async fn refusal(world: &World, token: &str) -> Status {
    let refused = world.client_with(token).create_task(asking("anything")).await.expect_err("a refusal");
    assert_eq!(refused.code(), Code::Unauthenticated);
    refused
}

#[tokio::test]
async fn the_handler_knows_the_caller_of_a_valid_token() {
    let world = World::new().await;
    let user = TestUser::new();
    let answer = world.client_of(&user).create_task(asking("the caller")).await.expect("an answer");
    assert_eq!(answer.into_inner().etag, user.id().to_string());
}

#[tokio::test]
async fn a_call_without_a_token_is_refused() {
    let world = World::new().await;
    let mut client = TaskServiceClient::new(world.channel.clone());
    let refused = client.create_task(asking("anything")).await.expect_err("a refusal");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Unauthenticated, "TOKEN_MISSING"));
}

#[tokio::test]
async fn an_expired_token_is_told_apart_from_an_invalid_one() {
    let world = World::new().await;
    let past = TestUser::new().expiring(Timestamp::from_micros(SystemClock.now().as_micros() - 1_000_000));
    assert_eq!(reason(&refusal(&world, &world.tokens.sign(&past)).await), "TOKEN_EXPIRED");
    assert_eq!(reason(&refusal(&world, "not.a.token").await), "TOKEN_INVALID");
    assert_eq!(reason(&refusal(&world, &"x".repeat(20_000)).await), "TOKEN_INVALID");
}

#[tokio::test]
async fn a_token_of_another_key_issuer_or_audience_is_invalid() {
    let world = World::new().await;
    let stranger = TestTokens::new().sign(&TestUser::new());
    let mut elsewhere = TestUser::new();
    elsewhere.claims.aud = "another-mesh".to_owned();
    let mut somebody = TestUser::new();
    somebody.claims.iss = "task-svc".to_owned();
    for token in [stranger, world.tokens.sign(&elsewhere), world.tokens.sign(&somebody)] {
        assert_eq!(reason(&refusal(&world, &token).await), "TOKEN_INVALID");
    }
}

#[tokio::test]
async fn a_tampered_token_is_invalid_even_after_the_genuine_one_was_seen() {
    let world = World::new().await;
    let token = world.tokens.sign(&TestUser::new());
    world.client_with(&token).create_task(asking("anything")).await.expect("the genuine one");
    let parts: Vec<_> = token.split('.').collect();
    let other = world.tokens.sign(&TestUser::new());
    let other_body = other.split('.').nth(1).expect("a body");
    let forged = [parts[0], other_body, parts[2]].join(".");
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", parts[1]);
    for token in [forged, unsigned, format!("{}.{}.", parts[0], parts[1])] {
        assert_eq!(reason(&refusal(&world, &token).await), "TOKEN_INVALID");
    }
}

#[tokio::test]
async fn another_scheme_than_bearer_is_invalid() {
    let world = World::new().await;
    let refused = world.send("/taskmesh.task.v1.TaskService/GetTask", &[("authorization", "Basic eDp5")], "").await;
    // The header that came first counts; it is a valid one.
    assert_eq!(refused.code(), Code::InvalidArgument);
    let mut client = TaskServiceClient::new(world.channel.clone());
    let mut request = tonic::Request::new(asking("anything"));
    request.metadata_mut().insert("authorization", "Basic eDp5".parse().expect("a header"));
    let refused = client.create_task(request).await.expect_err("a refusal");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Unauthenticated, "TOKEN_INVALID"));
}

#[tokio::test]
async fn a_token_without_the_scope_of_the_call_is_denied_and_told_which() {
    let world = World::new().await;
    let reader = TestUser::new().with_scopes(&["tasks.read"]);
    let refused = world.client_of(&reader).create_task(asking("anything")).await.expect_err("a refusal");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "SCOPE_MISSING"));
    let info = refused.get_details_error_info().expect("ErrorInfo");
    assert_eq!(info.metadata.get("scope").map(String::as_str), Some("tasks.write"));
}
