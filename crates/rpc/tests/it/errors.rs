//! How failures reach the caller.

use mesh_types::{ErrorKind, Fault, Reason, Violation};
use tonic::Code;
use tonic_types::StatusExt;

use crate::world::{World, reason};

#[tokio::test]
async fn a_fault_arrives_with_its_code_reason_and_details() {
    let world = World::new().await;
    let refused = world.ask("not found").await.expect_err("a refusal");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "RESOURCE_NOT_FOUND"));
    let resource = refused.get_details_resource_info().expect("ResourceInfo");
    assert_eq!((resource.resource_type.as_str(), resource.resource_name.as_str()), ("task", "7"));
}

#[tokio::test]
async fn a_panic_is_an_internal_error_and_the_server_goes_on() {
    let world = World::new().await;
    let refused = world.ask("panic").await.expect_err("an error");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Internal, "INTERNAL"));
    world.ask("anything").await.expect("an answer");
}

#[tokio::test]
async fn a_panic_in_a_stream_ends_it_with_an_internal_error() {
    let world = World::new().await;
    let request = mesh_proto::task::v1::WatchTasksRequest { filter: "panic".to_owned(), ..Default::default() };
    let mut stream = world.client().watch_tasks(request).await.expect("a stream").into_inner();
    let ended = stream.message().await.expect_err("an error");
    assert_eq!((ended.code(), reason(&ended).as_str()), (Code::Internal, "INTERNAL"));
}

#[tokio::test]
async fn errors_that_are_not_ours_do_not_tell_of_our_insides() {
    let world = World::new().await;
    let failed = world.ask("a bare error").await.expect_err("an error");
    assert_eq!((failed.code(), reason(&failed).as_str()), (Code::Internal, "INTERNAL"));
    assert!(!failed.message().contains("SELECT"));
    let refused = world.ask("a bare refusal").await.expect_err("a refusal");
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(!refused.message().contains("prost") && !reason(&refused).is_empty());
}

#[tokio::test]
async fn an_answer_that_is_too_large_says_so() {
    let world = World::new().await;
    let failed = world.ask("too much").await.expect_err("an error");
    assert_eq!((failed.code(), reason(&failed).as_str()), (Code::ResourceExhausted, "MESSAGE_TOO_LARGE"));
}

#[test]
fn an_error_with_very_many_violations_stays_small_enough_for_headers() {
    let violation = |index| Violation::new(format!("requests[{index}].task.title"), "string.max_len", "ü".repeat(400));
    let status = mesh_rpc::status(Fault::invalid((0..1000).map(violation).collect()));
    assert!(status.details().len() < 5_000, "{}", status.details().len());
    assert!(status.message().chars().count() < 600);
    let told = status.get_details_bad_request().expect("BadRequest").field_violations.len();
    let info = status.get_details_error_info().expect("ErrorInfo");
    assert!(told > 3);
    assert_eq!(info.metadata.get("omitted_violations"), Some(&(1000 - told).to_string()));
}

#[test]
fn every_kind_of_failure_has_its_code() {
    let code = |kind| mesh_rpc::status(Fault::new(kind, Reason::Internal, "")).code();
    assert_eq!(code(ErrorKind::Aborted), Code::Aborted);
    assert_eq!(code(ErrorKind::OutOfRange), Code::OutOfRange);
    assert_eq!(code(ErrorKind::FailedPrecondition), Code::FailedPrecondition);
    assert_eq!(code(ErrorKind::AlreadyExists), Code::AlreadyExists);
    assert_eq!(code(ErrorKind::Unavailable), Code::Unavailable);
}

#[test]
fn what_the_operator_should_know_is_not_told_to_the_caller() {
    #[derive(Debug, thiserror::Error)]
    #[error("no space left on /var/lib")]
    struct DiskFull;

    impl From<DiskFull> for Fault {
        fn from(_: DiskFull) -> Self {
            Self::internal()
        }
    }

    let told = mesh_rpc::status_of(DiskFull);
    assert_eq!((told.code(), reason(&told).as_str()), (Code::Internal, "INTERNAL"));
    assert!(!told.message().contains("/var/lib") && !String::from_utf8_lossy(told.details()).contains("/var/lib"));
}
