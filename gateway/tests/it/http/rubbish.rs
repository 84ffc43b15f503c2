//! Upstreams that answer rubbish: not HTTP/2, no end, messages that lie, statuses that are none.

use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, stream};
use gateway::http::HttpSettings;
use http::{HeaderMap, HeaderValue};
use http_body::Frame;
use http_body_util::StreamBody;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinSet,
    time::timeout,
};
use tonic::{Code, Status, body::Body};

use super::{
    faults::{called, frames, grpc, message},
    world::{World, answered, reason},
};

/// Longer than any of these calls may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Whether this is how a broken service is told of.
fn is_our_side(code: Code) -> bool {
    matches!(code, Code::Unavailable | Code::Internal)
}

/// A world before an upstream that says `first` on every connection, and `then` again and again.
async fn before(first: Vec<u8>, then: Vec<u8>) -> World {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let mut world = World::before(listener.local_addr().expect("an address"), HttpSettings::default()).await;
    world.tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let (first, then) = (first.clone(), then.clone());
            connections.spawn(async move {
                let mut heard = Vec::new();
                // HEADERS come after the preface and SETTINGS, so a request has begun.
                while heard.len() < 100 && stream.read_buf(&mut heard).await.is_ok_and(|length| length > 0) {}
                let mut said = stream.write_all(&first).await;
                while said.is_ok() && !then.is_empty() {
                    said = stream.write_all(&then).await;
                }
            });
        }
    });
    world
}

/// A frame of HTTP/2 on the first stream, or on none.
fn h2_frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("small").to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
}

#[tokio::test]
async fn an_upstream_that_does_not_speak_http2_is_our_fault() {
    let html = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 4\r\n\r\nhtml".to_vec();
    let noise: Vec<_> = (0..5_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes()).collect();
    for first in [html, noise, vec![0; 1_000]] {
        let world = before(first, Vec::new()).await;
        let (code, _, _) = timeout(PATIENCE, called(&world)).await.expect("it does not hang");
        assert!(is_our_side(code), "{code:?}");
    }
}

#[tokio::test]
async fn headers_without_an_end_are_not_collected() {
    let settings = h2_frame(4, 0, 0, &[]);
    let begin = h2_frame(1, 0, 1, &[0x88]);
    // A header of 1 KiB that is not indexed, again and again.
    let header = [&[0x00, 1, b'x', 0x7f, 0x81, 0x07][..], &[b'y'; 1024]].concat();
    let world = before([settings, begin].concat(), h2_frame(9, 0, 1, &header)).await;
    let (code, _, _) = timeout(PATIENCE, called(&world)).await.expect("it does not hang");
    assert!(is_our_side(code), "{code:?}");
}

#[tokio::test]
async fn headers_and_trailers_that_are_too_large_are_not_passed_on() {
    let large = || HeaderValue::try_from("y".repeat(200_000)).expect("ASCII");
    let in_headers = World::before_answer(move |_| {
        let mut response = grpc(Body::empty());
        response.headers_mut().insert("x-large", large());
        response
    });
    let in_trailers = World::before_answer(move |_| {
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static("0"));
        trailers.insert("x-large", large());
        grpc(frames(vec![message(), Ok(Frame::trailers(trailers))]))
    });
    for world in [in_headers.await, in_trailers.await] {
        let (code, _, _) = timeout(PATIENCE, called(&world)).await.expect("it does not hang");
        assert!(is_our_side(code), "{code:?}");
    }
}

#[tokio::test]
async fn messages_that_lie_about_their_length_are_our_fault() {
    let bodies: [&'static [u8]; 4] =
        [&[0, 0, 0, 0, 9, 1], &[0, 0, 0], &[0, 255, 255, 255, 255, 1, 2, 3], b"<html>not a frame</html>"];
    for body in bodies {
        let world = World::before_answer(move |_| {
            let trailers =
                HeaderMap::from_iter([("grpc-status".parse().expect("a name"), HeaderValue::from_static("0"))]);
            grpc(frames(vec![Ok(Frame::data(Bytes::from_static(body))), Ok(Frame::trailers(trailers))]))
        });
        assert_eq!(called(&world.await).await, (Code::Internal, 500, "INTERNAL".to_owned()), "{body:?}");
    }
}

#[tokio::test]
async fn a_compressed_answer_that_nobody_asked_for_is_not_shown_as_json() {
    let world = World::before_answer(|_| {
        let trailers = HeaderMap::from_iter([("grpc-status".parse().expect("a name"), HeaderValue::from_static("0"))]);
        let frame = Frame::data(Bytes::from_static(&[1, 0, 0, 0, 1, 7]));
        grpc(frames(vec![Ok(frame), Ok(Frame::trailers(trailers))]))
    });
    let (status, error) = answered(world.await.get("/v1/tasks/seven")).await;
    assert_eq!((status, reason(&error)), (500, "INTERNAL"));
}

#[tokio::test]
async fn statuses_in_trailers_are_repaired() {
    for (status, code) in [(Some("5"), Code::NotFound), (Some("five"), Code::Unknown), (None, Code::Unavailable)] {
        let world = World::before_answer(move |_| {
            let mut trailers = HeaderMap::new();
            if let Some(status) = status {
                trailers.insert("grpc-status", HeaderValue::from_static(status));
            }
            trailers.insert("grpc-status-details-bin", HeaderValue::from_static("!!!"));
            grpc(frames(vec![Ok(Frame::trailers(trailers))]))
        });
        assert_eq!(called(&world.await).await.0, code, "{status:?}");
    }
}

#[tokio::test]
async fn a_body_that_trickles_without_an_end_costs_the_callers_deadline_only() {
    let world = World::before_answer(|_| {
        // A message of 1 MiB of which a byte comes at a time.
        let head = stream::iter([Bytes::from_static(&[0, 0, 16, 0, 0])]);
        let rest = stream::unfold((), |()| async {
            // Sleeps because it stands for a slow link.
            tokio::time::sleep(Duration::from_millis(20)).await;
            Some((Bytes::from_static(&[7]), ()))
        });
        let body = head.chain(rest).map(|bytes| Ok::<_, Status>(Frame::data(bytes)));
        grpc(Body::new(StreamBody::new(Box::pin(body))))
    });
    let world = world.await;
    for request in [world.get("/v1/tasks/seven"), world.get("/v1/tasks:watch")] {
        let answer = request.header("grpc-timeout", "300m").send();
        let answer = timeout(PATIENCE, answer).await.expect("it does not hang").expect("an answer");
        let told = timeout(PATIENCE, answer.text()).await.expect("it does not hang").expect("a whole body");
        assert!(told.contains("DEADLINE_EXCEEDED"), "{told}");
    }
}
