//! Connections that misbehave do not hold the others up.

use std::time::Duration;

use gateway::http::HttpSettings;
use mesh_testkit::eventually;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::world::{World, answered};

#[tokio::test]
async fn a_connection_that_does_not_say_what_it_wants_is_closed() {
    let world = World::with(HttpSettings { header_timeout_ms: 100, ..HttpSettings::default() }).await;
    for beginning in ["", "PRI * HTTP/2", "GET /healthz HTTP/1.1\r\nhost: x\r\n"] {
        let mut stream = TcpStream::connect(world.address).await.expect("it connects");
        stream.write_all(beginning.as_bytes()).await.expect("it is taken");
        let mut rest = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await;
        assert!(read.is_ok(), "still open after {beginning:?}");
    }
}

#[tokio::test]
async fn further_connections_wait_until_one_is_closed() {
    let world = World::with(HttpSettings { max_connections: 1, ..HttpSettings::default() }).await;
    let mut first = TcpStream::connect(world.address).await.expect("it connects");
    first.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("it is taken");
    first.read_exact(&mut [0; 12]).await.expect("it is answered");
    let waiting = world.request(reqwest::Method::GET, "/healthz").timeout(Duration::from_millis(300)).send().await;
    assert!(waiting.is_err_and(|error| error.is_timeout()));
    drop(first);
    eventually(async || answered(world.request(reqwest::Method::GET, "/healthz")).await.0 == 200).await;
}

#[tokio::test]
async fn headers_that_are_too_large_are_refused() {
    let world = World::new().await;
    let request = world.get("/healthz").header("x-large", "x".repeat(200_000));
    let refused = request.send().await.map_or(true, |answer| answer.status().is_client_error());
    assert!(refused);
    assert_eq!(answered(world.get("/healthz")).await.0, 200);
}
