//! Upstreams that break, each in another way: the caller always gets a status, and never a word about our insides.

use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt, stream};
use gateway::http::HttpSettings;
use http::{HeaderMap, HeaderValue, Response};
use http_body::Frame;
use http_body_util::StreamBody;
use mesh_proto::task::v1::{GetTaskRequest, Task, WatchTasksRequest};
use prost::Message;
use tokio::{net::TcpListener, sync::Notify};
use tonic::{Code, Status, body::Body};

use super::{
    web,
    world::{World, answered, authorized},
};

/// What a native call and a REST call come to; a call by gRPC-Web comes to the same.
pub(crate) async fn called(world: &World) -> (Code, u16, String) {
    let request = GetTaskRequest { id: "seven".to_owned() };
    let status = world.client().await.get_task(authorized(request.clone())).await;
    let status = status.err().unwrap_or_else(|| Status::ok(""));
    let by_web = called_by_web(world, &request).await;
    // A connection that breaks may be told in either way.
    let is_ours = |code| matches!(code, Code::Internal | Code::Unavailable);
    assert!(by_web == status.code() || is_ours(by_web) && is_ours(status.code()), "{by_web:?} for {status:?}");
    let (http, error) = answered(world.get("/v1/tasks/seven")).await;
    let told = format!("{status:?}{error}");
    assert!(!told.contains("127.0.0.1") && !told.contains("h2") && !told.contains("html"), "{told}");
    // A status that is not ours may have none.
    let details = error["error"]["details"].as_array().expect("details");
    let reason = details.iter().find_map(|detail| detail["reason"].as_str());
    (status.code(), http, reason.unwrap_or_default().to_owned())
}

/// What a call by gRPC-Web comes to: in a header, or else in the frame of trailers.
async fn called_by_web(world: &World, request: &GetTaskRequest) -> Code {
    let answer = world.web("GetTask", web::BINARY, web::frame(request)).send().await.expect("an answer");
    if let Some(code) = answer.headers().get("grpc-status") {
        return Code::from_bytes(code.as_bytes());
    }
    let (_, trailers) = web::taken_apart(&answer.bytes().await.expect("a whole body"));
    let code = trailers.lines().find_map(|line| line.strip_prefix("grpc-status:")).expect("a status");
    Code::from_bytes(code.trim().as_bytes())
}

pub(crate) fn grpc(body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    response
}

pub(crate) fn frames(frames: Vec<Result<Frame<Bytes>, Status>>) -> Body {
    Body::new(StreamBody::new(stream::iter(frames)))
}

/// A whole message.
pub(crate) fn message() -> Result<Frame<Bytes>, Status> {
    let task = Task { id: "seven".to_owned(), ..Task::default() }.encode_to_vec();
    let length = u32::try_from(task.len()).expect("small").to_be_bytes();
    Ok(Frame::data([&[0], length.as_slice(), &task].concat().into()))
}

#[tokio::test]
async fn an_upstream_that_is_down_is_unavailable() {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let world = World::before(free, HttpSettings::default()).await;
    assert_eq!(called(&world).await, (Code::Unavailable, 503, "DEPENDENCY_UNAVAILABLE".to_owned()));
}

#[tokio::test]
async fn an_upstream_that_hangs_up_is_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let mut world = World::before(listener.local_addr().expect("an address"), HttpSettings::default()).await;
    world.tasks.spawn(async move { while listener.accept().await.is_ok() {} });
    assert_eq!(called(&world).await, (Code::Unavailable, 503, "DEPENDENCY_UNAVAILABLE".to_owned()));
}

#[tokio::test]
async fn an_upstream_that_never_answers_costs_the_callers_deadline_only() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let settings = HttpSettings { unary_timeout_ms: 200, ..HttpSettings::default() };
    let world = World::before(listener.local_addr().expect("an address"), settings).await;
    assert_eq!(called(&world).await, (Code::DeadlineExceeded, 504, "DEADLINE_EXCEEDED".to_owned()));
}

#[tokio::test]
async fn answers_that_are_no_grpc_become_a_status() {
    for (http, code, expected) in
        [(503, Code::Unavailable, 503), (404, Code::Unimplemented, 501), (200, Code::Internal, 500)]
    {
        let world = World::before_answer(move |_| {
            let mut response = Response::new(Body::new("<html>load balancer</html>".to_owned()));
            *response.status_mut() = http.try_into().expect("a status");
            response
        });
        let (status, rest, _) = called(&world.await).await;
        assert_eq!((status, rest), (code, expected));
    }
}

#[tokio::test]
async fn an_answer_without_a_status_is_unavailable() {
    let world = World::before_answer(|_| grpc(frames(vec![message()]))).await;
    assert_eq!(called(&world).await, (Code::Unavailable, 503, "DEPENDENCY_UNAVAILABLE".to_owned()));
}

#[tokio::test]
async fn a_stream_that_is_reset_ends_with_a_status() {
    let reset = Arc::new(Notify::new());
    let upstream = reset.clone();
    let world = World::before_answer(move |request| {
        if !request.uri().path().ends_with("/WatchTasks") {
            return grpc(Body::empty());
        }
        let reset = upstream.clone();
        let broken = stream::once(async move {
            reset.notified().await;
            Err(Status::internal("reset"))
        });
        let empty = Ok(Frame::data(Bytes::from_static(&[0; 5])));
        grpc(Body::new(StreamBody::new(Box::pin(stream::iter([empty]).chain(broken)))))
    });
    let world = world.await;
    let watch = authorized(WatchTasksRequest::default());
    let mut messages = world.client().await.watch_tasks(watch).await.expect("it opens").into_inner();
    assert!(messages.message().await.expect("no failure yet").is_some());
    reset.notify_one();
    assert_eq!(messages.message().await.expect_err("it was reset").code(), Code::Internal);

    let mut events = world.get("/v1/tasks:watch").send().await.expect("an answer");
    assert!(events.chunk().await.expect("no failure yet").is_some());
    reset.notify_one();
    let rest = events.text().await.expect("a whole body");
    assert!(rest.starts_with("event: error\n") && rest.contains("INTERNAL"), "{rest}");
}

#[tokio::test]
async fn details_that_are_no_base64_do_no_harm() {
    let failing = |_| {
        let mut response = grpc(Body::empty());
        let headers = response.headers_mut();
        headers.insert("grpc-status", HeaderValue::from_static("5"));
        headers.insert("grpc-message", HeaderValue::from_static("gone"));
        headers.insert("grpc-status-details-bin", HeaderValue::from_static("!!!"));
        response
    };
    let world = World::before_answer(failing).await;
    let (code, status, _) = called(&world).await;
    assert_eq!((code, status), (Code::NotFound, 404));
    let (status, error) = answered(world.get("/v1/tasks/seven")).await;
    assert_eq!((status, &error["error"]["message"]), (404, &serde_json::json!("gone")));
}

#[tokio::test]
async fn a_unary_answer_of_nothing_is_our_fault() {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let world = World::before_answer(move |_| grpc(frames(vec![Ok(Frame::trailers(trailers.clone()))]))).await;
    assert_eq!(answered(world.get("/v1/tasks/seven")).await.0, 500);
}
