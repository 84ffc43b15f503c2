//! What needs no token: health and reflection.

use tokio_stream::StreamExt;
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
use tonic_reflection::pb::{v1, v1alpha};

use crate::world::{World, reason};

#[tokio::test]
async fn health_is_told_by_service() {
    let world = World::new().await;
    let mut client = HealthClient::new(world.channel.clone());
    let mut check = async |service: &str| {
        let request = HealthCheckRequest { service: service.to_owned() };
        client.check(request).await.map(|answer| answer.into_inner().status())
    };
    assert_eq!(check("").await.expect("an answer"), ServingStatus::Serving);
    assert_eq!(check("taskmesh.task.v1.TaskService").await.expect("an answer"), ServingStatus::Serving);
    let unknown = check("nothing").await.expect_err("no such service");
    assert_eq!((unknown.code(), reason(&unknown).as_str()), (Code::NotFound, "RESOURCE_NOT_FOUND"));
}

#[tokio::test]
async fn reflection_lists_the_services_of_this_server_only() {
    let world = World::new().await;
    let names = services(&world).await;
    assert!(names.contains(&"taskmesh.task.v1.TaskService".to_owned()), "{names:?}");
    assert!(names.contains(&"grpc.health.v1.Health".to_owned()), "{names:?}");
    assert!(!names.contains(&"taskmesh.audit.v1.AuditService".to_owned()), "{names:?}");
}

async fn services(world: &World) -> Vec<String> {
    let message_request = Some(v1::server_reflection_request::MessageRequest::ListServices(String::new()));
    let asked = v1::ServerReflectionRequest { host: String::new(), message_request };
    let mut client = v1::server_reflection_client::ServerReflectionClient::new(world.channel.clone());
    let answers = client.server_reflection_info(tokio_stream::once(asked)).await.expect("a stream");
    let answer = answers.into_inner().next().await.expect("an answer").expect("a good one");
    match answer.message_response {
        Some(v1::server_reflection_response::MessageResponse::ListServicesResponse(list)) => {
            list.service.into_iter().map(|service| service.name).collect()
        }
        other => panic!("not a list: {other:?}"),
    }
}

#[tokio::test]
async fn older_tools_reflect_too_and_see_routes() {
    let world = World::new().await;
    let symbol = "taskmesh.task.v1.TaskService".to_owned();
    let message_request = Some(v1alpha::server_reflection_request::MessageRequest::FileContainingSymbol(symbol));
    let asked = v1alpha::ServerReflectionRequest { host: String::new(), message_request };
    let mut client = v1alpha::server_reflection_client::ServerReflectionClient::new(world.channel.clone());
    let answers = client.server_reflection_info(tokio_stream::once(asked)).await.expect("a stream");
    let answer = answers.into_inner().next().await.expect("an answer").expect("a good one");
    let Some(v1alpha::server_reflection_response::MessageResponse::FileDescriptorResponse(files)) =
        answer.message_response
    else {
        panic!("not a file")
    };
    let route = b"/v1/tasks:watch";
    assert!(files.file_descriptor_proto.iter().any(|file| file.windows(route.len()).any(|part| part == route)));
}
