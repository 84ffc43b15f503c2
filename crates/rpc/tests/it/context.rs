//! What travels with a call.

use tonic::Request;

use crate::world::{World, asking};

#[tokio::test]
async fn a_request_id_is_taken_over_and_comes_back() {
    let world = World::new().await;
    let mut request = Request::new(asking("the id"));
    request.metadata_mut().insert("x-request-id", "mine-7".parse().expect("a header"));
    let answer = world.client().create_task(request).await.expect("an answer");
    assert_eq!(answer.metadata().get("x-request-id").expect("an id"), "mine-7");
    assert_eq!(answer.into_inner().etag, "mine-7");
}

#[tokio::test]
async fn errors_carry_the_request_id_too() {
    let world = World::new().await;
    let refused = world.ask("not found").await.expect_err("a refusal");
    let id = refused.metadata().get("x-request-id").expect("an id").to_str().expect("text");
    assert_eq!(id.len(), 36, "made here: {id}");
}

#[tokio::test]
async fn the_caller_s_trace_goes_on() {
    let world = World::new().await;
    let mut request = Request::new(asking("the trace"));
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    request.metadata_mut().insert("traceparent", parent.parse().expect("a header"));
    let ours = world.client().create_task(request).await.expect("an answer").into_inner().etag;
    assert!(ours.starts_with("00-0af7651916cd43dd8448eb211c80319c-") && ours != parent, "{ours}");
    let fresh = world.ask("the trace").await.expect("an answer").etag;
    assert_eq!((fresh.len(), fresh.starts_with("00-")), (55, true), "{fresh}");
}
