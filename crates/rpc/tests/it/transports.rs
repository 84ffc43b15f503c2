//! The same server over TCP and in memory.

use mesh_rpc::{Upstream, UpstreamConfig};
use tonic::Code;

use crate::world::{World, reason};

#[tokio::test]
async fn a_server_on_a_socket_answers_like_one_in_memory() {
    for world in [World::over_tcp().await, World::new().await] {
        assert_eq!(world.ask("hello").await.expect("an answer").title(), "hello");
        let refused = world.ask("not found").await.expect_err("a refusal");
        assert_eq!(reason(&refused), "RESOURCE_NOT_FOUND");
        assert_eq!(world.ask("much").await.expect("an answer").etag.len(), 3 * 1024 * 1024);
    }
}

#[tokio::test]
async fn a_channel_to_nobody_is_unavailable_until_somebody_listens() {
    let config = UpstreamConfig { uri: "http://127.0.0.1:1".to_owned(), ..UpstreamConfig::default() };
    let channel = Upstream::Remote(config).channel("nobody").expect("lazily connected");
    let mut client = mesh_proto::task::v1::task_service_client::TaskServiceClient::new(channel);
    let failed = client.create_task(crate::world::asking("x")).await.expect_err("nobody there");
    assert_eq!(failed.code(), Code::Unavailable);
}

#[tokio::test]
async fn an_upstream_that_is_no_address_is_refused_at_once() {
    for uri in ["", "task-svc:80", "https://task-svc", "/path", "http://"] {
        let config = UpstreamConfig { uri: uri.to_owned(), ..UpstreamConfig::default() };
        assert!(Upstream::Remote(config).channel("nobody").is_err(), "{uri}");
    }
}
