//! How often one user and one address may call, by all faces together.

use bytes::Bytes;
use gateway::http::{HttpSettings, LimitSettings};
use mesh_proto::task::v1::GetTaskRequest;
use mesh_testkit::eventually;
use prost::Message;
use reqwest::{Method, RequestBuilder};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use super::super::world::{World, answered, reason};

/// Calls until a call is refused. There may be a few that fit, as buckets fill again by the second.
async fn until_refused<T>(mut call: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..50 {
        if let Some(refusal) = call().await {
            return refusal;
        }
    }
    panic!("nothing was refused");
}

fn slowly(adjust: impl FnOnce(&mut LimitSettings)) -> HttpSettings {
    let mut settings = HttpSettings { trusted_proxies: 1, ..HttpSettings::default() };
    adjust(&mut settings.limits);
    settings
}

async fn one_call_a_second_per_user() -> World {
    World::with(slowly(|limits| (limits.calls_per_second_per_user, limits.call_burst_per_user) = (1, 3))).await
}

fn get_task() -> Bytes {
    let message = GetTaskRequest { id: "seven".to_owned() }.encode_to_vec();
    let length = u32::try_from(message.len()).expect("small").to_be_bytes();
    [&[0], length.as_slice(), &message].concat().into()
}

async fn by_grpc(world: &World) -> Result<(), Status> {
    let mut request = tonic::Request::new(GetTaskRequest { id: "seven".to_owned() });
    request.metadata_mut().insert("authorization", "Bearer good".parse().expect("ASCII"));
    world.client().await.get_task(request).await.map(drop)
}

#[tokio::test]
async fn a_user_who_calls_too_often_is_told_so_by_every_face_and_others_are_not() {
    let world = one_call_a_second_per_user().await;
    let rest = until_refused(async || {
        let answer = world.get("/v1/tasks/seven").send().await.expect("an answer");
        (answer.status() != 200).then_some(answer)
    })
    .await;
    assert_eq!(rest.status(), 429);
    assert_eq!(rest.headers()["retry-after"], "1");
    assert_eq!(reason(&rest.json().await.expect("JSON")), "RATE_LIMITED");

    let status = until_refused(async || by_grpc(&world).await.err()).await;
    assert_eq!(status.code(), Code::ResourceExhausted);
    let details = status.get_error_details();
    assert_eq!(details.error_info().expect("a reason").reason, "RATE_LIMITED");
    assert!(details.retry_info().is_some_and(|info| info.retry_delay.is_some()));

    for (content_type, answered) in [
        ("application/grpc-web", "application/grpc-web+proto"),
        ("application/grpc-web+proto", "application/grpc-web+proto"),
    ] {
        let web = until_refused(async || {
            let answer = world.web("GetTask", content_type, get_task()).send().await.expect("an answer");
            answer.headers().contains_key("grpc-status").then_some(answer)
        })
        .await;
        assert_eq!((web.status().as_u16(), &web.headers()["grpc-status"]), (200, &"8".parse().expect("ASCII")));
        assert_eq!(web.headers()["content-type"], answered);
        assert!(web.headers().contains_key("grpc-status-details-bin"));
    }

    let other = world.request(Method::GET, "/v1/tasks/seven").bearer_auth("good-other");
    assert_eq!(answered(other).await.0, 200);
}

#[tokio::test]
async fn calls_of_all_faces_count_together() {
    let world = one_call_a_second_per_user().await;
    assert!(by_grpc(&world).await.is_ok());
    let web = world.web("GetTask", "application/grpc-web", get_task()).send().await.expect("an answer");
    assert!(!web.headers().contains_key("grpc-status"));
    let opened = world.get("/v1/tasks:watch?filter=two").send().await.expect("an answer");
    assert_eq!(opened.status(), 200);
    let (status, _) = until_refused(async || {
        let answer = answered(world.get("/v1/tasks/seven")).await;
        (answer.0 != 200).then_some(answer)
    })
    .await;
    assert_eq!(status, 429);
}

#[tokio::test]
async fn who_waits_as_told_is_let_in_again() {
    let world = one_call_a_second_per_user().await;
    until_refused(async || by_grpc(&world).await.err()).await;
    eventually(async || by_grpc(&world).await).await;
}

fn from(request: RequestBuilder, address: &str) -> RequestBuilder {
    request.header("x-forwarded-for", address)
}

#[tokio::test]
async fn an_address_that_calls_too_often_is_refused_whatever_it_calls_and_others_are_not() {
    let settings = slowly(|limits| (limits.calls_per_second_per_address, limits.call_burst_per_address) = (1, 2));
    let world = World::with(settings).await;
    let paths = ["/", "/v1/tasks/seven", "/v1/nothing", "/.well-known/jwks.json"];
    // One customer has the whole /64.
    let (ours, neighbour, stranger) = ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1");
    for path in paths {
        for address in [ours, neighbour] {
            let refused = until_refused(async || {
                let answer = from(world.get(path), address).send().await.expect("an answer");
                (answer.status() == 429).then_some(answer)
            });
            assert!(refused.await.headers().contains_key("retry-after"), "{path}");
        }
    }
    let web = until_refused(async || {
        let call = from(world.web("GetTask", "application/grpc-web-text", "AAAAAAA="), ours);
        let answer = call.send().await.expect("an answer");
        (answer.headers().get("grpc-status").is_some_and(|status| status == "8")).then_some(answer)
    })
    .await;
    assert_eq!(web.headers()["content-type"], "application/grpc-web-text+proto");
    assert_eq!(from(world.get("/healthz"), ours).send().await.expect("an answer").status(), 200);
    assert_eq!(from(world.get("/v1/tasks/seven"), stranger).send().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn wrong_tokens_use_up_what_their_address_may_call() {
    let settings = slowly(|limits| {
        (limits.calls_per_second_per_address, limits.call_burst_per_address) = (10, 100);
        limits.wrong_token_calls = 100;
    });
    let world = World::with(settings).await;
    let call = |token, address| from(world.request(Method::GET, "/v1/tasks/seven").bearer_auth(token), address);
    assert_eq!(answered(call("guessed", "192.0.2.1")).await.0, 401);
    until_refused(async || (answered(call("good", "192.0.2.1")).await.0 == 429).then_some(())).await;
    assert_eq!(answered(call("good", "192.0.2.2")).await.0, 200);
}

#[tokio::test]
async fn a_limit_of_nothing_is_none() {
    let settings = slowly(|limits| {
        (limits.calls_per_second_per_user, limits.calls_per_second_per_address) = (0, 0);
        (limits.call_burst_per_user, limits.call_burst_per_address) = (1, 1);
    });
    let world = World::with(settings).await;
    for _ in 0..50 {
        assert_eq!(answered(world.get("/v1/tasks/seven")).await.0, 200);
    }
}
