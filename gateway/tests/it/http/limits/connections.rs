//! Connections that misbehave do not hold the others up.

use std::{net::SocketAddr, time::Duration};

use gateway::http::HttpSettings;
use mesh_testkit::eventually;
use reqwest::Method;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use super::super::world::{World, answered};

/// A connection that has said nothing yet.
async fn silent(world: &World) -> TcpStream {
    TcpStream::connect(world.address).await.expect("it connects")
}

/// A connection that has made a call, and is quiet now.
async fn quiet(world: &World) -> TcpStream {
    let mut stream = silent(world).await;
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("it is taken");
    let mut answer = Vec::new();
    while !answer.ends_with(b"}") {
        answer.push(stream.read_u8().await.expect("it is answered"));
    }
    stream
}

/// Waits until the other side closes it.
async fn closed(stream: &mut TcpStream) {
    let read = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut Vec::new())).await;
    assert!(read.is_ok(), "still open");
}

async fn is_well(world: &World) -> bool {
    let answer = world.request(Method::GET, "/healthz").send().await;
    answer.is_ok_and(|answer| answer.status() == 200)
}

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
async fn for_a_connection_too_many_a_quiet_one_is_closed() {
    let world = World::with(HttpSettings { max_connections: 2, ..HttpSettings::default() }).await;
    let mut useful = quiet(&world).await;
    let mut useless = silent(&world).await;
    let _third = quiet(&world).await;
    closed(&mut useless).await;
    let _fourth = quiet(&world).await;
    closed(&mut useful).await;
}

#[tokio::test]
async fn while_all_connections_are_busy_a_further_one_is_refused_at_once() {
    let world = World::with(HttpSettings { max_connections: 1, ..HttpSettings::default() }).await;
    let mut stream = world.get("/v1/tasks:watch?filter=forever").send().await.expect("it opens");
    assert!(stream.chunk().await.expect("no failure").is_some());
    closed(&mut silent(&world).await).await;
    assert!(stream.chunk().await.expect("no failure").is_some(), "the busy one goes on");
    drop(stream);
    eventually(async || is_well(&world).await).await;
}

#[tokio::test]
async fn one_address_cannot_hold_all_connections() {
    let world = World::limited(|limits| limits.max_connections_per_address = 2).await;
    let _held = [silent(&world).await, silent(&world).await];
    eventually(async || {
        let mut third = silent(&world).await;
        tokio::time::timeout(Duration::from_millis(200), third.read_u8()).await.is_ok()
    })
    .await;
    let other = TcpSocket::new_v4().expect("a socket");
    other.bind(SocketAddr::from(([127, 0, 0, 2], 0))).expect("another address of this machine");
    let mut other = other.connect(world.address).await.expect("it connects");
    other.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("it is taken");
    other.read_exact(&mut [0; 12]).await.expect("it is answered");
}

#[tokio::test]
async fn behind_proxies_connections_are_not_counted_by_address() {
    let mut settings = HttpSettings { trusted_proxies: 1, ..HttpSettings::default() };
    settings.limits.max_connections_per_address = 1;
    let world = World::with(settings).await;
    let _held = [silent(&world).await, quiet(&world).await];
    assert_eq!(answered(world.request(Method::GET, "/healthz")).await.0, 200);
}

#[tokio::test]
async fn a_flood_of_half_open_connections_keeps_nobody_out() {
    let world = World::with(HttpSettings { max_connections: 50, ..HttpSettings::default() }).await;
    let mut held = Vec::new();
    for _ in 0..200 {
        held.push(silent(&world).await);
    }
    for _ in 0..20 {
        eventually(async || is_well(&world).await).await;
        held.push(silent(&world).await);
    }
}

#[tokio::test]
async fn a_connection_that_makes_no_more_calls_is_closed() {
    let world = World::limited(|limits| limits.idle_timeout_ms = 100).await;
    closed(&mut quiet(&world).await).await;
}

#[tokio::test]
async fn a_stream_without_messages_is_no_idle_connection() {
    let mut settings = HttpSettings { heartbeat_ms: 1_000, ..HttpSettings::default() };
    settings.limits.idle_timeout_ms = 50;
    let world = World::with(settings).await;
    let mut stream = world.get("/v1/tasks:watch?filter=forever").send().await.expect("it opens");
    let mut seen = String::new();
    while !seen.contains(": keep-alive") {
        let chunk = stream.chunk().await.expect("no failure").expect("no end");
        seen.push_str(std::str::from_utf8(&chunk).expect("text"));
    }
}
