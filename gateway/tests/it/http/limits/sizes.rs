//! Requests that are too large, or not what they seem.

use bytes::Bytes;
use mesh_proto::task::v1::GetTaskRequest;
use reqwest::Method;
use tonic::Code;
use tonic_types::StatusExt;

use super::{
    super::world::{World, answered, authorized, reason},
    raw::http1,
};

#[tokio::test]
async fn a_path_that_is_too_long_is_refused_with_its_own_status() {
    let world = World::new().await;
    let (status, error) = answered(world.get(&format!("/v1/tasks?filter={}", "x".repeat(20_000)))).await;
    assert_eq!((status, reason(&error)), (414, "MESSAGE_TOO_LARGE"));
}

#[tokio::test]
async fn headers_that_are_too_large_are_refused_in_the_words_of_each_face() {
    for world in [World::new().await, World::new().await.over_http2()] {
        let (status, error) = answered(world.get("/v1/tasks/seven").header("x-large", "x".repeat(40_000))).await;
        assert_eq!((status, reason(&error)), (431, "MESSAGE_TOO_LARGE"));
        let huge = world.get("/v1/tasks/seven").header("x-large", "x".repeat(200_000)).send().await;
        // It may be cut off before it has read why.
        assert!(huge.map_or(true, |answer| answer.status() == 431));
        assert_eq!(answered(world.get("/v1/tasks/seven")).await.0, 200);
    }
    let world = World::new().await;
    let mut request = authorized(GetTaskRequest::default());
    request.metadata_mut().insert("x-large", "x".repeat(40_000).parse().expect("ASCII"));
    let status = world.client().await.get_task(request).await.expect_err("too large");
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(status.get_error_details().error_info().expect("a reason").reason, "MESSAGE_TOO_LARGE");
}

#[tokio::test]
async fn too_many_headers_are_refused() {
    let world = World::new().await;
    let many =
        (0..1_000).fold(world.get("/v1/tasks/seven"), |request, number| request.header(format!("x-{number}"), "x"));
    assert_eq!(many.send().await.expect("an answer").status(), 431);
}

#[tokio::test]
async fn compressed_requests_are_refused_with_what_is_taken() {
    let world = World::new().await;
    let rest = world.post("/v1/tasks", &serde_json::json!({})).header("content-encoding", "gzip");
    let rest = rest.send().await.expect("an answer");
    assert_eq!(
        (rest.status().as_u16(), &rest.headers()["accept-encoding"]),
        (415, &"identity".parse().expect("ASCII"))
    );
    let call = world.web("GetTask", "application/grpc-web", Bytes::new()).header("grpc-encoding", "gzip");
    let answer = call.send().await.expect("an answer");
    assert_eq!((answer.status().as_u16(), &answer.headers()["grpc-status"]), (200, &"12".parse().expect("ASCII")));
    assert_eq!(answer.headers()["grpc-accept-encoding"], "identity");
}

#[tokio::test]
async fn methods_that_are_not_served_and_overridden_ones_are_refused() {
    let world = World::new().await;
    for path in ["/", "/v1/tasks", "/v1/nothing"] {
        let trace = world.request(Method::TRACE, path).send().await.expect("an answer");
        assert!(trace.status() == 405 && trace.headers().contains_key("allow"), "{path}");
    }
    for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
        let (status, error) = answered(world.get("/v1/tasks/seven").header(name, "DELETE")).await;
        assert_eq!((status, reason(&error)), (400, "MALFORMED"));
    }
}

#[tokio::test]
async fn requests_whose_end_is_in_doubt_bring_no_second_one_along() {
    let world = World::new().await;
    let smuggled = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";
    // The chunked body counts, as everybody must read it; and the connection ends with it.
    for lengths in
        ["content-length: 5\r\ntransfer-encoding: chunked", "transfer-encoding: chunked\r\ncontent-length: 5"]
    {
        let request = format!("POST /v1/auth/signin HTTP/1.1\r\nhost: x\r\n{lengths}\r\n\r\n0\r\n\r\n{smuggled}");
        let answer = http1(&world, &request).await;
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    }
    for lengths in ["content-length: 5\r\ncontent-length: 6", "transfer-encoding: gzip", "content-length: +5"] {
        let answer = http1(&world, &format!("POST / HTTP/1.1\r\nhost: x\r\n{lengths}\r\n\r\n{smuggled}")).await;
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.matches("HTTP/1.1 ").count() == 1, "{answer}");
    }
}

#[tokio::test]
async fn a_request_names_its_host_once() {
    let world = World::new().await;
    for hosts in ["", "host: a\r\nhost: b\r\n"] {
        let answer = http1(&world, &format!("GET / HTTP/1.1\r\n{hosts}connection: close\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    }
}
