//! How many calls may be under way: what is too much is refused at once, and the rest goes on.

use std::time::{Duration, Instant};

use gateway::http::LimitSettings;
use mesh_testkit::eventually;
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use tokio::task::JoinSet;
use tonic::Code;

use super::super::world::{World, answered, authorized, reason};

/// Starts so many calls that are not answered before they are given up.
fn stuck(calls: usize, call: impl Fn() -> RequestBuilder) -> JoinSet<()> {
    (0..calls).map(|_| call().header("grpc-timeout", "60S").send()).fold(JoinSet::new(), |mut tasks, sending| {
        tasks.spawn(async move { drop(sending.await) });
        tasks
    })
}

async fn refuses_when_full(adjust: impl FnOnce(&mut LimitSettings), code: Code, http: u16, why: &str) {
    let world = World::limited(adjust).await;
    let calls = stuck(2, || world.get("/v1/tasks/never"));
    let started = Instant::now();
    eventually(async || {
        let (status, error) = answered(world.get("/v1/tasks/seven")).await;
        if status == http && reason(&error) == why { Ok(()) } else { Err((status, error)) }
    })
    .await;
    let request = mesh_proto::task::v1::GetTaskRequest { id: "seven".to_owned() };
    let status = world.client().await.get_task(authorized(request)).await.expect_err("full");
    assert_eq!(status.code(), code);
    let rest = world.get("/v1/tasks/seven").send().await.expect("an answer");
    assert_eq!(rest.headers()["retry-after"], "1");
    assert!(started.elapsed() < Duration::from_secs(30), "it did not wait for those that are stuck");

    assert_eq!(answered(world.request(Method::GET, "/readyz")).await.0, 200, "it says how it is all the same");
    drop(calls);
    eventually(async || answered(world.get("/v1/tasks/seven")).await.0 == 200).await;
}

#[tokio::test]
async fn a_gateway_that_is_full_says_so_at_once_and_recovers() {
    refuses_when_full(|limits| limits.max_calls = 2, Code::Unavailable, 503, "OVERLOADED").await;
}

#[tokio::test]
async fn a_service_that_is_full_is_given_no_more() {
    refuses_when_full(|limits| limits.max_calls_per_service = 2, Code::Unavailable, 503, "OVERLOADED").await;
}

#[tokio::test]
async fn a_slow_service_takes_no_places_at_the_others() {
    let world = World::limited(|limits| limits.max_calls_per_service = 2).await;
    let _calls = stuck(2, || world.get("/v1/tasks/never"));
    eventually(async || answered(world.get("/v1/tasks/seven")).await.0 == 503).await;
    assert_eq!(answered(world.get("/v1/me")).await.0, 200);
}

#[tokio::test]
async fn one_user_cannot_take_all_places() {
    refuses_when_full(|limits| limits.max_calls_per_user = 2, Code::ResourceExhausted, 429, "RATE_LIMITED").await;
    let world = World::limited(|limits| limits.max_calls_per_user = 2).await;
    let _calls = stuck(2, || world.get("/v1/tasks/never"));
    eventually(async || answered(world.get("/v1/tasks/seven")).await.0 == 429).await;
    let other = world.request(Method::GET, "/v1/tasks/seven").bearer_auth("good-other");
    assert_eq!(answered(other).await.0, 200);
}

#[tokio::test]
async fn strangers_may_have_few_calls_under_way() {
    let world = World::limited(|limits| limits.max_public_calls_per_address = 1).await;
    let sign_in = |password: &str| {
        world.request(Method::POST, "/v1/auth/signin").json(&json!({"email": "a@b.c", "password": password}))
    };
    let calls = stuck(1, || sign_in("never"));
    eventually(async || answered(sign_in("right")).await.0 == 429).await;
    assert_eq!(answered(world.get("/v1/tasks/seven")).await.0, 200, "who has signed in is no stranger");
    drop(calls);
    eventually(async || answered(sign_in("right")).await.0 == 200).await;
}
