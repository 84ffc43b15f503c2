//! Health, reflection, keys and the other pages that the edge answers itself.

use gateway::http::HttpSettings;
use mesh_testkit::eventually;
use reqwest::Method;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_stream::StreamExt;
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

use super::world::{World, answered};

#[tokio::test]
async fn it_is_ready_when_the_services_behind_it_serve() {
    let world = World::new().await;
    eventually(async || {
        let (status, body) = answered(world.request(Method::GET, "/readyz")).await;
        if status == 200 { Ok(()) } else { Err(format!("{status}: {body}")) }
    })
    .await;
    let mut health = HealthClient::new(world.channel().await);
    for service in ["", "taskmesh.task.v1.TaskService", "taskmesh.auth.v1.AuthService"] {
        let request = HealthCheckRequest { service: service.to_owned() };
        let answer = health.check(request).await.expect("it is known").into_inner();
        assert_eq!(answer.status(), ServingStatus::Serving, "{service}");
    }
    let unknown = health.check(HealthCheckRequest { service: "x.Y".to_owned() }).await.expect_err("it is not known");
    assert_eq!(unknown.code(), Code::NotFound);
}

#[tokio::test]
async fn it_is_not_ready_without_them_but_alive() {
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let world = World::before(free, HttpSettings::default()).await;
    let (status, body) = answered(world.request(Method::GET, "/readyz")).await;
    assert_eq!((status, body["waitingFor"].as_array().map(Vec::len)), (503, Some(2)));
    let tzdata = json!({"version": mesh_types::tzdata_version(), "source": mesh_types::tzdata_source()});
    let alive = (200, json!({"status": "ok", "tzdata": tzdata}));
    assert_eq!(answered(world.request(Method::GET, "/healthz")).await, alive);
    let mut health = HealthClient::new(world.channel().await);
    eventually(async || {
        let answer = health.check(HealthCheckRequest::default()).await.expect("an answer").into_inner();
        answer.status() == ServingStatus::NotServing
    })
    .await;
}

#[tokio::test]
async fn every_service_of_the_contract_can_be_reflected() {
    let world = World::new().await;
    let ask = |request| ServerReflectionRequest { host: String::new(), message_request: Some(request) };
    let requests = [
        ask(MessageRequest::ListServices(String::new())),
        ask(MessageRequest::FileContainingSymbol("taskmesh.task.v1.TaskService".to_owned())),
    ];
    let mut client = ServerReflectionClient::new(world.channel().await);
    let answers = client.server_reflection_info(tokio_stream::iter(requests)).await.expect("it opens").into_inner();
    let answers: Vec<_> = answers.map(|answer| answer.expect("no failure").message_response).collect().await;
    let Some(MessageResponse::ListServicesResponse(list)) = &answers[0] else { panic!("{answers:?}") };
    let names: Vec<_> = list.service.iter().map(|service| service.name.as_str()).collect();
    for name in ["taskmesh.task.v1.TaskService", "taskmesh.audit.v1.AuditService", "grpc.health.v1.Health"] {
        assert!(names.contains(&name), "{names:?}");
    }
    assert!(matches!(&answers[1], Some(MessageResponse::FileDescriptorResponse(_))));
}

#[tokio::test]
async fn keys_and_the_front_page_are_open_to_all() {
    let world = World::new().await;
    let keys =
        world.request(Method::GET, "/.well-known/jwks.json").header("origin", "https://a.b").send().await.expect("it");
    assert_eq!(keys.headers()["access-control-allow-origin"], "*");
    assert_eq!(keys.json::<serde_json::Value>().await.expect("JSON"), json!({"keys": []}));
    assert_eq!(answered(world.request(Method::GET, "/")).await.0, 200);
    assert_eq!(answered(world.request(Method::POST, "/healthz")).await.0, 405);
}

#[tokio::test]
async fn every_answer_names_its_request() {
    let world = World::new().await;
    for (sent, kept) in [("mine-7", true), ("has space", false), (&*"x".repeat(200), false)] {
        let request = world.request(Method::GET, "/v1/nothing").header("x-request-id", sent);
        let answer = request.send().await.expect("an answer");
        let id = answer.headers()["x-request-id"].to_str().expect("ASCII");
        assert_eq!(id == sent, kept, "{id}");
        assert!(!id.is_empty());
    }
}
