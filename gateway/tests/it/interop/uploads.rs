//! Streams of requests over REST: a line of JSON for each.

use bytes::Bytes;
use futures::stream;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value as Json, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
};
use tokio_stream::{StreamExt, wrappers::ReceiverStream};

use super::world;
use crate::http::world::{World, answered, fields, reason};

fn upload(world: &World, path: &str, body: impl Into<reqwest::Body>) -> RequestBuilder {
    let post = world.request(Method::POST, path).bearer_auth("good");
    post.header("content-type", "application/x-ndjson").body(body)
}

/// A body that goes on for ever.
fn endless(line: &'static str) -> reqwest::Body {
    reqwest::Body::wrap_stream(stream::repeat_with(move || {
        Ok::<_, std::io::Error>(Bytes::from_static(line.as_bytes()))
    }))
}

#[tokio::test]
async fn lines_become_messages_with_what_path_and_query_say() {
    for world in [world().await, world().await.over_http2()] {
        let body = "{\"payload\": \"AAAA\"}\n\n{\"payload\": \"AAAA\", \"list\": \"of the line\"}\r\n{}";
        let (status, told) = answered(upload(&world, "/interop/of%20the%20path:input", body)).await;
        let lists = ["of the path"; 3];
        assert_eq!((status, told), (200, json!({"payloadSize": 6, "count": 3, "lists": lists})));
        let none = json!({"payloadSize": 0, "count": 0, "lists": []});
        assert_eq!(answered(upload(&world, "/interop/x:input", "")).await, (200, none));
    }
}

#[tokio::test]
async fn a_large_upload_goes_through_line_by_line() {
    let world = world().await;
    let line = json!({"payload": "A".repeat(4 * 25_000)}).to_string() + "\n";
    let lines = stream::repeat_with(move || Ok::<_, std::io::Error>(line.clone())).take(200);
    let (status, told) = answered(upload(&world, "/interop/x:input", reqwest::Body::wrap_stream(lines))).await;
    assert_eq!((status, &told["payloadSize"], &told["count"]), (200, &json!(200 * 75_000), &json!(200)));
}

#[tokio::test]
async fn a_mistake_is_told_with_the_number_of_its_line() {
    let world = world().await;
    for (line, expected, message) in [
        ("{\"payload\": 1, \"nope\": 2}", "FIELDS_INVALID", "line 3: invalid fields: nope, payload"),
        ("{\"payload\": ", "MALFORMED", "line 3: the body is not valid JSON (column 11)"),
        ("[]", "FIELDS_INVALID", "line 3: invalid fields: body"),
    ] {
        let (status, error) = answered(upload(&world, "/interop/x:input", format!("{{}}\n\n{line}\n{{}}\n"))).await;
        assert_eq!((status, reason(&error)), (400, expected), "{error}");
        assert_eq!(error["error"]["message"], json!(message));
        assert_eq!(error["error"]["details"][0]["metadata"]["line"], "3", "{error}");
    }
    let (_, error) = answered(upload(&world, "/interop/x:input", "{\"nope\": 1}")).await;
    assert_eq!(fields(&error), ["nope"]);
    let long = format!("{{}}\n{{\"payload\": \"{}\"}}\n", "A".repeat(2 << 20));
    let (status, error) = answered(upload(&world, "/interop/x:input", long)).await;
    assert_eq!((status, reason(&error)), (413, "MESSAGE_TOO_LARGE"));
}

#[tokio::test]
async fn a_service_that_answers_early_ends_the_upload() {
    for world in [world().await, world().await.over_http2()] {
        let long = |line: &str| line.repeat((4 << 20) / line.len());
        let (status, told) = answered(upload(&world, "/interop/x:input", long("{\"enough\": true}\n"))).await;
        assert_eq!((status, &told["count"]), (200, &json!(1)));
        let (status, error) = answered(upload(&world, "/interop/x:input", long("nonsense\n"))).await;
        assert_eq!((status, reason(&error)), (400, "MALFORMED"));
    }
}

#[tokio::test]
async fn a_client_that_is_still_sending_sees_why_it_was_refused() {
    let world = world().await;
    let mut client = TcpStream::connect(world.address).await.expect("it connects");
    let body = format!("nonsense\n{}", "{}\n".repeat(2 << 20));
    let head = format!(
        "POST /interop/x:input HTTP/1.1\r\nhost: x\r\nauthorization: Bearer good\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    client.write_all(head.as_bytes()).await.expect("it is taken");
    // Like many clients, this one reads nothing before it has written everything.
    client.write_all(body.as_bytes()).await.expect("it is taken");
    let mut status = [0; 12];
    client.read_exact(&mut status).await.expect("an answer");
    assert_eq!(&status, b"HTTP/1.1 400");
}

#[tokio::test]
async fn lines_are_answered_as_they_come() {
    for world in [world().await, world().await.over_http2()] {
        let (lines, coming) = mpsc::channel::<String>(1);
        let body = reqwest::Body::wrap_stream(ReceiverStream::new(coming).map(Ok::<_, std::io::Error>));
        let asking = |size: usize| json!({"outputs": [{"size": size}]}).to_string() + "\n";
        lines.send(asking(3)).await.expect("it listens");
        let mut answer = upload(&world, "/interop/both", body).send().await.expect("an answer");
        assert_eq!(
            (answer.status().as_u16(), answer.headers()["content-type"].as_bytes()),
            (200, b"application/x-ndjson".as_slice())
        );
        for (payload, next) in [("AAAA", 6), ("AAAAAAAA", 0)] {
            let chunk = answer.chunk().await.expect("no failure").expect("a line");
            assert_eq!(serde_json::from_slice::<Json>(&chunk).expect("JSON"), json!({"payload": payload}));
            lines.send(if next > 0 { asking(next) } else { "nonsense\n".to_owned() }).await.expect("it listens");
        }
        let rest: Json = answer.json().await.expect("a failure as the last line");
        assert_eq!((reason(&rest), &rest["error"]["code"]), ("MALFORMED", &json!(400)), "{rest}");
    }
}

#[tokio::test]
async fn a_stream_that_fails_at_once_fails_as_any_call_does() {
    let world = world().await;
    let (status, error) = answered(upload(&world, "/interop/both", "nonsense\n")).await;
    assert_eq!((status, reason(&error)), (400, "MALFORMED"));
    let ended = json!({"endStatus": {"code": 5, "message": "gone"}}).to_string();
    let (status, error) = answered(upload(&world, "/interop/both", ended)).await;
    assert_eq!((status, &error["error"]["message"]), (404, &json!("gone")));
    let plain =
        world.request(Method::POST, "/interop/x:input").bearer_auth("good").header("content-type", "text/plain");
    assert_eq!(answered(plain.body("{}")).await.0, 415);
    let nobody = world.request(Method::POST, "/interop/x:input").body(endless("{}\n"));
    assert_eq!(answered(nobody).await.0, 401);
}
