//! The cases of gRPC's interoperability tests that apply, with tonic as the client.

use std::pin::pin;

use futures::{StreamExt, stream};
use mesh_testkit::{
    eventually,
    testing::v1::{
        CallUnaryRequest, EndStatus, OutputSpec, StreamInputRequest, StreamOutputRequest,
        absent_service_client::AbsentServiceClient,
    },
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, metadata::MetadataValue};

use super::{
    clients, service,
    service::{CASE, ECHO_INITIAL, ECHO_TRAILING},
    world,
};

/// The sizes that the cases use.
const REQUESTS: [usize; 4] = [27_182, 8, 1_828, 45_904];
const RESPONSES: [i32; 4] = [31_415, 9, 2_653, 58_979];
const LARGE_REQUEST: usize = 271_828;
const LARGE_RESPONSE: i32 = 314_159;
/// Every kind of character that a status message must carry.
const SPECIAL: &str = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n";

fn output(size: i32) -> OutputSpec {
    OutputSpec { size, interval_us: 0 }
}

/// A message that takes longer than any test.
fn slow() -> OutputSpec {
    OutputSpec { size: 1, interval_us: 600_000_000 }
}

fn asking(size: i32, payload: usize) -> StreamOutputRequest {
    StreamOutputRequest { outputs: vec![output(size)], payload: vec![0; payload].into(), end_status: None }
}

fn ending(message: &str) -> Option<EndStatus> {
    Some(EndStatus { code: Code::Unknown as i32, message: message.to_owned() })
}

#[tokio::test]
async fn empty_and_large_unary() {
    let world = world().await;
    for (way, mut client) in clients::all(&world).await {
        client.call_empty(()).await.expect(way);
        let request = CallUnaryRequest {
            response_size: LARGE_RESPONSE,
            payload: vec![0; LARGE_REQUEST].into(),
            end_status: None,
        };
        let answer = client.call_unary(request).await.expect(way).into_inner();
        assert_eq!(answer.payload.len(), 314_159, "{way}");
    }
}

#[tokio::test]
async fn client_and_server_streaming() {
    let world = world().await;
    for (way, mut client) in clients::all(&world).await {
        let parts = REQUESTS.map(|size| StreamInputRequest { payload: vec![0; size].into(), ..Default::default() });
        let answer = client.stream_input(stream::iter(parts)).await.expect(way).into_inner();
        assert_eq!((answer.payload_size, answer.count), (74_922, 4), "{way}");

        let request = StreamOutputRequest { outputs: RESPONSES.map(output).into(), ..Default::default() };
        let messages = client.stream_output(request).await.expect(way).into_inner();
        let sizes: Vec<_> = messages.map(|message| message.expect(way).payload.len()).collect().await;
        assert_eq!(sizes, RESPONSES.map(|size| size as usize), "{way}");
    }
}

#[tokio::test]
async fn ping_pong_and_empty_stream() {
    let world = world().await;
    for (way, mut client) in clients::all(&world).await {
        let (requests, coming) = mpsc::channel(1);
        requests.send(asking(RESPONSES[0], REQUESTS[0])).await.expect("it listens");
        let mut messages = client.stream_both(ReceiverStream::new(coming)).await.expect(way).into_inner();
        for next in 1..=RESPONSES.len() {
            let message = messages.message().await.expect(way).expect("a message");
            assert_eq!(message.payload.len(), RESPONSES[next - 1] as usize, "{way}");
            // The next one is asked for only now: no message may wait for another.
            if let (Some(response), Some(request)) = (RESPONSES.get(next), REQUESTS.get(next)) {
                requests.send(asking(*response, *request)).await.expect("it listens");
            }
        }
        drop(requests);
        assert_eq!(messages.message().await.expect(way), None);
        let mut none = client.stream_both(stream::empty()).await.expect(way).into_inner();
        assert_eq!(none.message().await.expect(way), None);
    }
}

#[tokio::test]
async fn custom_metadata() {
    const TRAILING: [u8; 3] = [0xab, 0xab, 0xab];
    fn with_metadata<T>(message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert(ECHO_INITIAL, "test_initial_metadata_value".parse().expect("ASCII"));
        request.metadata_mut().insert_bin(ECHO_TRAILING, MetadataValue::from_bytes(&TRAILING));
        request
    }
    let world = world().await;
    for (way, mut client) in clients::all(&world).await {
        let request = CallUnaryRequest { response_size: 1, ..Default::default() };
        let answer = client.call_unary(with_metadata(request)).await.expect(way);
        let (metadata, _, _) = answer.into_parts();
        assert_eq!(metadata.get(ECHO_INITIAL).expect(way), "test_initial_metadata_value");
        let trailing = metadata.get_bin(ECHO_TRAILING).expect(way).to_bytes().expect("base64");
        assert_eq!(*trailing, TRAILING, "{way}");

        let request = with_metadata(stream::iter([asking(1, 1)]));
        let answer = client.stream_both(request).await.expect(way);
        assert_eq!(answer.metadata().get(ECHO_INITIAL).expect(way), "test_initial_metadata_value");
        let mut messages = answer.into_inner();
        while messages.message().await.expect(way).is_some() {}
        let trailers = messages.trailers().await.expect(way).expect(way);
        assert_eq!(*trailers.get_bin(ECHO_TRAILING).expect(way).to_bytes().expect("base64"), TRAILING, "{way}");
    }
}

#[tokio::test]
async fn status_code_and_message_and_special_status_message() {
    let world = world().await;
    for (way, mut client) in clients::all(&world).await {
        for message in ["test status message", SPECIAL] {
            let request = CallUnaryRequest { end_status: ending(message), ..Default::default() };
            let status = client.call_unary(request).await.expect_err(way);
            assert_eq!((status.code(), status.message()), (Code::Unknown, message), "{way}");

            let request = StreamOutputRequest { end_status: ending(message), ..Default::default() };
            let status = match client.stream_both(stream::iter([request])).await {
                Ok(answer) => answer.into_inner().message().await.expect_err(way),
                Err(status) => status,
            };
            assert_eq!((status.code(), status.message()), (Code::Unknown, message), "{way}");
        }
    }
}

#[tokio::test]
async fn unimplemented_method_and_service() {
    let world = world().await;
    for (way, mut client) in clients::all(&world).await {
        assert_eq!(client.call_unimplemented(()).await.expect_err(way).code(), Code::Unimplemented);
    }
    for (way, transport) in clients::transports(&world).await {
        let mut absent = AbsentServiceClient::with_origin(transport, clients::origin(&world));
        assert_eq!(absent.call_absent(()).await.expect_err(way).code(), Code::Unimplemented);
    }
}

#[tokio::test]
async fn cancel_after_begin_and_after_first_response() {
    let world = world().await;
    for (way, mut client) in clients::all(&world).await {
        let begun = format!("begun by {way}");
        let mut request = Request::new(stream::pending());
        request.metadata_mut().insert(CASE, begun.parse().expect("ASCII"));
        {
            let mut calling = pin!(client.stream_input(request));
            // It has to reach the service before it can be cancelled there.
            let waited = tokio::time::timeout(std::time::Duration::from_millis(300), &mut calling).await;
            assert!(waited.is_err(), "{way}: it was answered");
            assert!(!service::has_ended(&begun));
        }
        eventually(async || service::has_ended(&begun)).await;

        let answered = format!("answered by {way}");
        let asked = StreamOutputRequest { outputs: vec![output(RESPONSES[0]), slow()], ..Default::default() };
        let mut request = Request::new(stream::iter([asked]));
        request.metadata_mut().insert(CASE, answered.parse().expect("ASCII"));
        let mut messages = client.stream_both(request).await.expect(way).into_inner();
        assert!(messages.message().await.expect(way).is_some());
        assert!(!service::has_ended(&answered));
        drop(messages);
        eventually(async || service::has_ended(&answered)).await;
    }
}

#[tokio::test]
async fn timeout_on_sleeping_server() {
    let world = world().await;
    for (way, mut client) in clients::all(&world).await {
        let asked = StreamOutputRequest { outputs: vec![output(1), slow()], ..Default::default() };
        let mut request = Request::new(stream::iter([asked]).chain(stream::pending()));
        request.metadata_mut().insert("grpc-timeout", "300m".parse().expect("ASCII"));
        let mut messages = client.stream_both(request).await.expect(way).into_inner();
        assert!(messages.message().await.expect(way).is_some());
        assert_eq!(messages.message().await.expect_err(way).code(), Code::DeadlineExceeded, "{way}");
    }
}
