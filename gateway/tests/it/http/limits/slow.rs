//! Clients that send or read too slowly over HTTP/1: they are not waited for without end, and let go of what they held.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures::{StreamExt, stream};
use gateway::http::HttpSettings;
use http::{HeaderValue, Response};
use http_body::Frame;
use http_body_util::StreamBody;
use mesh_proto::task::v1::{Task, TaskChange, WatchTasksResponse, watch_tasks_response::Event};
use mesh_testkit::eventually;
use prost::Message;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tonic::{Status, body::Body};

use super::super::world::World;

/// Sends a request's head and the first bytes of its body, and reads what comes back until the end.
async fn begun(world: &World, head: &str, body: &[u8]) -> String {
    let mut stream = TcpStream::connect(world.address).await.expect("it connects");
    let head = format!("POST {head}\r\nhost: x\r\nauthorization: Bearer good\r\ncontent-length: 50\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("it is taken");
    stream.write_all(body).await.expect("it is taken");
    let mut answer = Vec::new();
    let reading = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await;
    assert!(reading.is_ok(), "still open after {}", String::from_utf8_lossy(&answer));
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_body_that_does_not_arrive_costs_the_calls_deadline_only() {
    let world = World::with(HttpSettings { unary_timeout_ms: 200, ..HttpSettings::default() }).await;
    let rest = begun(&world, "/v1/tasks HTTP/1.1\r\ncontent-type: application/json", b"{").await;
    assert!(rest.starts_with("HTTP/1.1 408 "), "{rest}");
    let path = "/taskmesh.task.v1.TaskService/GetTask HTTP/1.1\r\ncontent-type: application/grpc-web";
    let web = begun(&world, path, &[0, 0]).await;
    assert!(web.contains("grpc-status: 4"), "{web}");
}

#[tokio::test]
async fn the_request_of_a_stream_has_its_time_to_arrive() {
    let world = World::limited(|limits| limits.message_timeout_ms = 200).await;
    let path = "/taskmesh.task.v1.TaskService/WatchTasks HTTP/1.1\r\ncontent-type: application/grpc-web";
    let web = begun(&world, path, &[0, 0]).await;
    assert!(web.contains("grpc-status: 4"), "{web}");
}

/// Sets its flag when it is dropped.
struct Dropped(Arc<AtomicBool>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A watch that tells of a large task again and again.
fn endless(dropped: Dropped) -> Response<Body> {
    let task = Task { description: Some("x".repeat(16 * 1024)), ..Task::default() };
    let event = Some(Event::Changed(TaskChange { task: Some(task) }));
    let message = WatchTasksResponse { event, resume_token: String::new() }.encode_to_vec();
    let length = u32::try_from(message.len()).expect("small").to_be_bytes();
    let frame = Bytes::from([&[0], length.as_slice(), &message].concat());
    let frames = stream::repeat(frame).map(move |frame| {
        let _held = &dropped;
        Ok::<_, Status>(Frame::data(frame))
    });
    let mut response = Response::new(Body::new(StreamBody::new(frames)));
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    response
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off_and_the_service_is_released() {
    let mut settings = HttpSettings::default();
    settings.limits.write_timeout_ms = 300;
    let released = Arc::new(AtomicBool::new(false));
    let upstream = released.clone();
    let world = World::before_answer_with(settings, move |request| match request.uri().path() {
        "/taskmesh.task.v1.TaskService/WatchTasks" => endless(Dropped(upstream.clone())),
        _ => Response::new(Body::empty()),
    })
    .await;
    let mut client = TcpStream::connect(world.address).await.expect("it connects");
    let request = "GET /v1/tasks:watch HTTP/1.1\r\nhost: x\r\nauthorization: Bearer good\r\n\r\n";
    client.write_all(request.as_bytes()).await.expect("it is taken");
    client.read_exact(&mut [0; 12]).await.expect("it begins");
    eventually(async || released.load(Ordering::Relaxed)).await;
    assert!(client.read_to_end(&mut Vec::new()).await.is_err(), "the connection is reset");
}
