//! Abuse of HTTP/2: each kind ends the stream or the connection, and nobody else notices.

use std::time::Duration;

use gateway::http::HttpSettings;
use mesh_proto::task::v1::{GetTaskRequest, WatchTasksRequest};
use mesh_testkit::eventually;
use prost::Message;

use super::{
    super::{
        tasks,
        world::{World, answered},
    },
    raw::{
        CANCEL, CONTINUATION, DATA, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, GOAWAY, HEADERS, Http2, PING,
        REFUSED_STREAM, RST_STREAM, SETTINGS, call, frame, header,
    },
};

/// SETTINGS_INITIAL_WINDOW_SIZE of 0: nothing may be sent.
const CLOSED_WINDOW: &[(u16, u32)] = &[(4, 0)];

fn message(message: &impl Message) -> Vec<u8> {
    let message = message.encode_to_vec();
    let length = u32::try_from(message.len()).expect("small").to_be_bytes();
    [&[0], length.as_slice(), &message].concat()
}

/// A whole call.
fn whole(rpc: &str, stream: u32, request: &impl Message) -> Vec<u8> {
    let headers = frame(HEADERS, END_HEADERS, stream, &call(rpc));
    [headers, frame(DATA, END_STREAM, stream, &message(request))].concat()
}

async fn is_well(world: &World) {
    assert_eq!(answered(world.get("/v1/tasks/seven")).await.0, 200);
}

#[tokio::test]
async fn calls_that_are_taken_back_at_once_end_the_connection() {
    let world = World::new().await;
    let mut connection = Http2::connect(&world, &[]).await;
    let resets = (0..500).flat_map(|call_number| {
        let stream = 2 * call_number + 1;
        let headers = frame(HEADERS, END_HEADERS, stream, &call("GetTask"));
        [headers, frame(RST_STREAM, 0, stream, &CANCEL.to_be_bytes())].concat()
    });
    connection.send(&resets.collect::<Vec<_>>()).await;
    assert_eq!(connection.find(GOAWAY).await.error(), ENHANCE_YOUR_CALM);
    is_well(&world).await;
}

#[tokio::test]
async fn headers_without_end_end_the_connection() {
    let world = World::new().await;
    let mut connection = Http2::connect(&world, &[]).await;
    connection.send(&frame(HEADERS, END_STREAM, 1, &call("GetTask"))).await;
    for number in 0..1_000 {
        connection.send(&frame(CONTINUATION, 0, 1, &header(&format!("x-{number}"), "x"))).await;
    }
    assert_eq!(connection.find(GOAWAY).await.error(), ENHANCE_YOUR_CALM);
    is_well(&world).await;
}

#[tokio::test]
async fn a_connection_has_so_many_calls_open_and_no_more() {
    let world = World::with(HttpSettings { max_streams_per_connection: 3, ..HttpSettings::default() }).await;
    let mut connection = Http2::connect(&world, &[]).await;
    let settings = connection.find(SETTINGS).await.payload;
    assert!(settings.chunks(6).any(|setting| setting == [0, 3, 0, 0, 0, 3]), "it is told so: {settings:?}");
    for stream in [1, 3, 5, 7] {
        connection.send(&whole("GetTask", stream, &GetTaskRequest { id: "never".to_owned() })).await;
    }
    let reset = connection.find(RST_STREAM).await;
    assert_eq!((reset.stream, reset.error()), (7, REFUSED_STREAM));
}

#[tokio::test]
async fn a_stream_that_is_opened_and_never_read_is_reset_and_released() {
    let world = World::limited(|limits| limits.write_timeout_ms = 200).await;
    let mut connection = Http2::connect(&world, CLOSED_WINDOW).await;
    let watch = WatchTasksRequest { resume_token: "never-read".to_owned(), ..WatchTasksRequest::default() };
    connection.send(&whole("WatchTasks", 1, &watch)).await;
    let reset = connection.find(RST_STREAM).await;
    assert_eq!((reset.stream, reset.error()), (1, CANCEL));
    eventually(async || tasks::has_ended("never-read")).await;

    connection.send(&whole("GetTask", 3, &GetTaskRequest { id: "seven".to_owned() })).await;
    assert_eq!(connection.find(HEADERS).await.stream, 3, "the connection goes on");
    assert_eq!(connection.find(RST_STREAM).await.stream, 3, "an answer that is not taken is given up, too");
}

#[tokio::test]
async fn a_quiet_stream_is_not_taken_for_one_that_is_not_read() {
    let world = World::limited(|limits| limits.write_timeout_ms = 50).await;
    let mut connection = Http2::connect(&world, &[]).await;
    let watch = WatchTasksRequest { resume_token: "quiet".to_owned(), ..WatchTasksRequest::default() };
    connection.send(&whole("WatchTasks", 1, &watch)).await;
    connection.find(DATA).await;
    let reset = tokio::time::timeout(Duration::from_millis(500), connection.find(RST_STREAM)).await;
    assert!(reset.is_err() && !tasks::has_ended("quiet"));
}

#[tokio::test]
async fn a_client_that_pings_and_never_reads_is_cut_off() {
    let world = World::limited(|limits| limits.write_timeout_ms = 200).await;
    let mut connection = Http2::connect(&world, &[]).await;
    let pings: Vec<u8> = (0..20_000).flat_map(|_| frame(PING, 0, 0, &[0; 8])).collect();
    let flooding = async { while connection.flood(&pings).await {} };
    tokio::time::timeout(Duration::from_secs(20), flooding).await.expect("it is cut off");
    is_well(&world).await;
}

#[tokio::test]
async fn an_http2_connection_that_makes_no_more_calls_is_closed() {
    let world = World::limited(|limits| limits.idle_timeout_ms = 100).await;
    let mut connection = Http2::connect(&world, &[]).await;
    connection.send(&whole("GetTask", 1, &GetTaskRequest { id: "seven".to_owned() })).await;
    assert_eq!(connection.find(GOAWAY).await.error(), 0);
}
