//! PATCH: what a body names is what changes. The test's service answers with the mask as `position`.

use reqwest::Method;
use serde_json::{Value as Json, json};

use super::world::{World, answered, fields};

async fn patched(world: &World, path: &str, body: Json) -> (u16, Json) {
    answered(world.request(Method::PATCH, path).bearer_auth("good").json(&body)).await
}

#[tokio::test]
async fn the_mask_is_what_the_body_names() {
    let world = World::new().await;
    let body = json!({"id": "other", "title": "x", "listId": null, "due": {"date": "2026-01-31"}, "etag": "e"});
    let (status, task) = patched(&world, "/v1/tasks/seven", body).await;
    assert_eq!(status, 200, "{task}");
    let mut mask: Vec<_> = task["position"].as_str().expect("text").split(',').collect();
    mask.sort_unstable();
    assert_eq!(mask, ["due", "list_id", "title"], "null names and clears; neither the path's id nor the etag changes");
    assert_eq!((&task["id"], &task["title"], &task["etag"]), (&json!("seven"), &json!("x"), &json!("e")));
    assert!(task.get("listId").is_none());
}

#[tokio::test]
async fn a_mask_in_the_query_counts_more() {
    let world = World::new().await;
    let (_, task) =
        patched(&world, "/v1/tasks/seven?updateMask=title,listId", json!({"title": "x", "tags": ["a"]})).await;
    assert_eq!(task["position"], "title,list_id");
    let (_, task) = patched(&world, "/v1/tasks/seven", json!({})).await;
    assert_eq!(task["position"], "");
}

#[tokio::test]
async fn what_is_unknown_or_no_object_changes_nothing() {
    let world = World::new().await;
    let (status, error) = patched(&world, "/v1/tasks/seven", json!({"titel": null})).await;
    assert_eq!((status, fields(&error)), (400, vec!["task.titel"]));
    let (status, error) = patched(&world, "/v1/tasks/seven", json!([1])).await;
    assert_eq!((status, fields(&error)), (400, vec!["task"]));
}

#[tokio::test]
async fn if_match_is_the_etag_unless_the_body_has_one() {
    let world = World::new().await;
    let request = world.request(Method::PATCH, "/v1/tasks/seven").bearer_auth("good").header("if-match", "W/\"9-f\"");
    let (_, task) = answered(request.json(&json!({"title": "x"}))).await;
    assert_eq!((&task["etag"], &task["position"]), (&json!("9-f"), &json!("title")));
}
