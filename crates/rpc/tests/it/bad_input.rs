//! What is not a proper call gets a clear answer.

use http::StatusCode;
use mesh_proto::task::v1::GetTaskRequest;
use tonic::{Code, body::Body};
use tonic_types::StatusExt;
use tower::ServiceExt;

use crate::world::{World, frame, reason};

const CREATE: &str = "/taskmesh.task.v1.TaskService/CreateTask";

#[tokio::test]
async fn every_broken_rule_is_told_at_once() {
    let world = World::new().await;
    let request = mesh_proto::task::v1::CreateTaskRequest {
        workspace_id: "nowhere".to_owned(),
        request_id: "x".repeat(200),
        task: None,
    };
    let refused = world.client().create_task(request).await.expect_err("a refusal");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "FIELDS_INVALID"));
    let told = refused.get_details_bad_request().expect("BadRequest").field_violations;
    let mut fields: Vec<_> = told.iter().map(|violation| violation.field.as_str()).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["request_id", "task", "workspace_id"]);
    assert!(told.iter().all(|violation| !violation.description.is_empty()));
}

#[tokio::test]
async fn an_id_that_is_no_uuid_is_told_in_words() {
    let world = World::new().await;
    let refused = world.client().get_task(GetTaskRequest { id: "7".to_owned() }).await.expect_err("a refusal");
    let told = refused.get_details_bad_request().expect("BadRequest").field_violations;
    assert_eq!((told[0].field.as_str(), told[0].description.as_str()), ("id", "must be a UUID"));
}

#[tokio::test]
async fn what_cannot_be_decoded_is_malformed() {
    let world = World::new().await;
    let invalid_utf8 = frame(&[0x0a, 0x04, 0x2a, 0x02, 0xff, 0xfe]);
    let truncated = &frame(&[0x0a, 0x01, 0x00])[..6];
    let wrong_flag = [7, 0, 0, 0, 0];
    let bodies = [&frame(&[0x0a, 0xff])[..], &frame(b"{\"task\":{}}"), &invalid_utf8, truncated, &wrong_flag, b""];
    for body in bodies {
        let refused = world.send(CREATE, &[], body.to_vec()).await;
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "MALFORMED"), "{body:?}");
        assert!(!refused.message().to_lowercase().contains("protobuf"));
    }
}

#[tokio::test]
async fn a_request_that_is_too_large_is_refused() {
    let world = World::new().await;
    let refused = world.send(CREATE, &[], frame(&vec![0; 5 * 1024 * 1024])).await;
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::ResourceExhausted, "MESSAGE_TOO_LARGE"));
}

#[tokio::test]
async fn a_compressed_request_is_refused_as_grpc_asks() {
    let world = World::new().await;
    let refused = world.send(CREATE, &[("grpc-encoding", "gzip")], vec![1, 0, 0, 0, 1, 0]).await;
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Unimplemented, "MALFORMED"));
    assert!(refused.metadata().contains_key("grpc-accept-encoding"));
}

#[tokio::test]
async fn an_unknown_rpc_is_unimplemented() {
    let world = World::new().await;
    let unknown = "/taskmesh.task.v1.TaskService/Nothing";
    for path in [unknown, "/taskmesh.audit.v1.AuditService/ListAuditEvents", "/x/y/z", "/"] {
        let refused = world.send(path, &[], frame(b"")).await;
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Unimplemented, "METHOD_UNKNOWN"), "{path}");
    }
}

#[tokio::test]
async fn a_timeout_that_is_none_is_malformed() {
    let world = World::new().await;
    let refused = world.send(CREATE, &[("grpc-timeout", "soon")], frame(b"")).await;
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "MALFORMED"));
}

#[tokio::test]
async fn what_is_not_grpc_gets_a_bare_http_answer() {
    let world = World::new().await;
    let answer = async |request: http::request::Builder| {
        let request = request.uri(format!("http://memory{CREATE}")).body(Body::empty()).expect("a request");
        world.channel.clone().oneshot(request).await.expect("an answer").status()
    };
    let builder = || http::Request::builder().method("POST");
    assert_eq!(answer(builder().header("content-type", "application/json")).await, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(
        answer(builder().header("content-type", "application/grpc-web")).await,
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
    assert_eq!(answer(builder()).await, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let got = answer(http::Request::builder().header("content-type", "application/grpc")).await;
    assert_eq!(got, StatusCode::METHOD_NOT_ALLOWED);
}
