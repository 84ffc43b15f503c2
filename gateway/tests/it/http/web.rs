//! gRPC-Web through the edge, in frames made by hand: binary and text, with and without a length.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures::stream;
use mesh_proto::task::v1::{GetTaskRequest, Task, WatchTasksRequest, WatchTasksResponse};
use prost::Message;
use reqwest::Method;

use super::world::World;

pub(crate) const BINARY: &str = "application/grpc-web+proto";
const TEXT: &str = "application/grpc-web-text";

pub(crate) fn frame(message: &impl Message) -> Vec<u8> {
    let length = u32::try_from(message.encoded_len()).expect("small");
    [&[0], length.to_be_bytes().as_slice(), &message.encode_to_vec()].concat()
}

fn get(id: &str) -> Vec<u8> {
    frame(&GetTaskRequest { id: id.to_owned() })
}

/// The messages and the trailers of an answer.
pub(crate) fn taken_apart(mut body: &[u8]) -> (Vec<Vec<u8>>, String) {
    let (mut messages, mut trailers) = (Vec::new(), String::new());
    while let Some(([flags, length @ ..], rest)) = body.split_first_chunk::<5>() {
        let (content, rest) = rest.split_at(u32::from_be_bytes(*length) as usize);
        match *flags {
            0 => messages.push(content.to_vec()),
            _ => trailers = String::from_utf8(content.to_vec()).expect("text"),
        }
        body = rest;
    }
    (messages, trailers)
}

/// Text whose parts may be padded one by one.
fn decoded(text: &str) -> Vec<u8> {
    let mut parts = text.split_inclusive('=').fold(vec![String::new()], |mut parts, part| {
        match part {
            "=" => parts.last_mut().expect("one").push('='),
            part => parts.push(part.to_owned()),
        }
        parts
    });
    parts.retain(|part| !part.is_empty());
    parts.iter().flat_map(|part| STANDARD.decode(part).expect("base64")).collect()
}

#[tokio::test]
async fn a_binary_call_is_answered_in_binary_whatever_parameters_its_type_has() {
    for world in [World::new().await, World::new().await.over_http2()] {
        for content_type in ["application/grpc-web", BINARY, "application/grpc-web+proto; charset=utf-8"] {
            let answer = world.web("GetTask", content_type, get("seven")).send().await.expect("an answer");
            assert_eq!(answer.headers()["content-type"], BINARY);
            let (messages, trailers) = taken_apart(&answer.bytes().await.expect("a body"));
            assert_eq!(Task::decode(messages[0].as_slice()).expect("a task").id, "seven");
            assert!(trailers.contains("grpc-status:0"), "{trailers}");
        }
    }
}

#[tokio::test]
async fn a_text_call_is_answered_in_text_with_a_length_or_in_chunks() {
    let world = World::new().await;
    let text = STANDARD.encode(get("seven"));
    let chunks = stream::iter(text.clone().into_bytes().into_iter().map(|byte| Ok::<_, std::io::Error>(vec![byte])));
    for body in [reqwest::Body::from(text), reqwest::Body::wrap_stream(chunks)] {
        let answer = world.web("GetTask", TEXT, body).send().await.expect("an answer");
        assert_eq!(answer.headers()["content-type"], "application/grpc-web-text+proto");
        let (messages, trailers) = taken_apart(&decoded(&answer.text().await.expect("a body")));
        assert_eq!(Task::decode(messages[0].as_slice()).expect("a task").id, "seven");
        assert!(trailers.contains("grpc-status:0"), "{trailers}");
    }
}

#[tokio::test]
async fn text_that_is_padded_part_by_part_is_understood() {
    let world = World::new().await;
    let frame = get("seven!");
    let (head, message) = frame.split_at(5);
    let text = STANDARD.encode(head) + &STANDARD.encode(message);
    assert!(text.trim_end_matches('=').contains('='), "padding in the middle");
    let answer = world.web("GetTask", TEXT, text).header("accept", BINARY).send().await.expect("an answer");
    let (messages, _) = taken_apart(&answer.bytes().await.expect("a body"));
    assert_eq!(Task::decode(messages[0].as_slice()).expect("a task").id, "seven!");
}

#[tokio::test]
async fn an_early_failure_is_told_in_headers_and_a_late_one_in_the_body() {
    let world = World::new().await;
    let early = world.web("GetTask", BINARY, get("missing")).send().await.expect("an answer");
    assert_eq!(early.status(), 200);
    assert_eq!(early.headers()["grpc-status"], "5");
    assert_eq!(early.headers()["grpc-message"], "no%20such%20task");
    assert!(early.headers().contains_key("grpc-status-details-bin"));

    let watch = WatchTasksRequest { filter: "resync".to_owned(), ..WatchTasksRequest::default() };
    let late = world.web("WatchTasks", BINARY, frame(&watch)).send().await.expect("an answer");
    let (messages, trailers) = taken_apart(&late.bytes().await.expect("a body"));
    assert_eq!(messages.len(), 2);
    assert_eq!(WatchTasksResponse::decode(messages[1].as_slice()).expect("one").resume_token, "token-2");
    assert!(trailers.contains("grpc-status:11") && trailers.contains("grpc-status-details-bin:"), "{trailers}");
}

#[tokio::test]
async fn a_stream_past_its_deadline_ends_with_a_trailer() {
    let world = World::new().await;
    let watch = WatchTasksRequest::default();
    let request = world.web("WatchTasks", BINARY, frame(&watch)).header("grpc-timeout", "200m");
    let answer = request.send().await.expect("an answer");
    let (messages, trailers) = taken_apart(&answer.bytes().await.expect("a whole body"));
    assert_eq!(messages.len(), 2);
    assert!(trailers.contains("grpc-status:4"), "{trailers}");
}

#[tokio::test]
async fn bodies_that_are_no_frames_are_the_callers_fault() {
    let world = World::new().await;
    let huge: &[u8] = &[0, 255, 255, 255, 255];
    let bodies: [(&str, &[u8], &str); 7] = [
        (BINARY, b"{\"id\": 7}", "3"),
        (BINARY, b"", "3"),
        (BINARY, &[0, 0, 0, 0, 9, 1], "3"),
        (BINARY, &[0, 0], "3"),
        (BINARY, huge, "8"),
        (TEXT, b"#!", "3"),
        (TEXT, b"AAAAAAA", "3"),
    ];
    for (content_type, body, code) in bodies {
        let answer = world.web("GetTask", content_type, Bytes::from(body.to_vec())).send().await.expect("an answer");
        assert_eq!(answer.headers()["grpc-status"], code, "{content_type} {body:?}");
    }
}

#[tokio::test]
async fn other_kinds_of_grpc_are_refused_with_their_http_status() {
    let world = World::new().await;
    let json = world.web("GetTask", "application/grpc-web+json", "{}").send().await.expect("an answer");
    assert_eq!(json.status(), 415);
    let native = world.web("GetTask", "application/grpc", get("seven")).send().await.expect("an answer");
    assert_eq!(native.status(), 400);
    let path = "/taskmesh.task.v1.TaskService/GetTask";
    let get = world.request(Method::GET, path).header("content-type", BINARY).send().await.expect("an answer");
    assert_eq!((get.status().as_u16(), &get.headers()["allow"]), (405, &"POST".parse().expect("ASCII")));
}

#[tokio::test]
async fn pages_of_other_origins_may_call_and_read_the_status() {
    let world = World::new().await;
    let preflight = world
        .request(Method::OPTIONS, "/taskmesh.task.v1.TaskService/GetTask")
        .header("origin", "https://app.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type,x-grpc-web,grpc-timeout")
        .send()
        .await
        .expect("an answer");
    assert_eq!(preflight.status(), 200);
    assert_eq!(preflight.headers()["access-control-allow-origin"], "*");
    let allowed = preflight.headers()["access-control-allow-headers"].to_str().expect("ASCII");
    assert!(allowed.contains("authorization") && allowed.contains("grpc-timeout"), "{allowed}");

    let call = world.web("GetTask", BINARY, get("missing")).header("origin", "https://app.example");
    let answer = call.send().await.expect("an answer");
    let exposed = answer.headers()["access-control-expose-headers"].to_str().expect("ASCII");
    for name in ["grpc-status", "grpc-message", "grpc-status-details-bin", "x-request-id"] {
        assert!(exposed.contains(name), "{exposed}");
    }
}
