//! Server streams over REST: events and lines.

use gateway::http::HttpSettings;
use mesh_proto::task::v1::WatchTasksRequest;
use mesh_testkit::eventually;
use serde_json::{Value as Json, json};

use super::{
    tasks,
    world::{CREDENTIAL, World, answered, authorized, reason},
};

/// The events of a body: id, kind, data.
fn events(body: &str) -> Vec<(String, String, Json)> {
    let event = |block: &str| {
        let field = |name: &str| {
            let line = block.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default().to_owned()
        };
        (field("id: "), field("event: "), serde_json::from_str(&field("data: ")).expect("JSON on one line"))
    };
    body.split("\n\n").filter(|block| !block.is_empty() && !block.starts_with(':')).map(event).collect()
}

#[tokio::test]
async fn a_watch_is_a_stream_of_events_with_ids() {
    let world = World::new().await;
    let answer = world.get("/v1/tasks:watch?filter=two&resumeToken=old").header("last-event-id", "token-1");
    let answer = answer.send().await.expect("an answer");
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    assert_eq!(answer.headers()["x-accel-buffering"], "no");
    let events = events(&answer.text().await.expect("a body"));
    assert_eq!(events[0].0, "after token-1", "the last event counts more than the first URL");
    assert_eq!(events[0].2, json!({"position": {}, "resumeToken": "after token-1"}));
    assert_eq!((events[1].0.as_str(), events.len()), ("token-2", 2));
    let task = &events[1].2["changed"]["task"];
    assert_eq!((&task["title"], &task["version"]), (&json!("zwölf 🥚\nline"), &json!("1152921504606846976")));
}

#[tokio::test]
async fn a_failure_in_the_middle_is_an_event() {
    let world = World::new().await;
    let answer = world.get("/v1/tasks:watch?filter=resync").send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let events = events(&answer.text().await.expect("a whole body"));
    let (_, kind, error) = events.last().expect("the failure");
    assert_eq!((kind.as_str(), reason(error)), ("error", "RESYNC_REQUIRED"));
    assert_eq!(error["error"]["code"], 400);
}

#[tokio::test]
async fn a_failure_before_the_first_message_is_a_real_one() {
    let world = World::new().await;
    let (status, error) = answered(world.get("/v1/tasks:watch?filter=early")).await;
    assert_eq!((status, reason(&error)), (400, "RESYNC_REQUIRED"));
    let (status, error) = answered(world.get("/v1/tasks:watch?filter=missing")).await;
    assert_eq!((status, reason(&error)), (404, "RESOURCE_NOT_FOUND"));
    let none = world.get("/v1/tasks:watch?filter=none").send().await.expect("an answer");
    assert_eq!((none.status().as_u16(), none.text().await.expect("a body").as_str()), (200, ""));
}

#[tokio::test]
async fn a_quiet_stream_says_that_it_is_alive() {
    let world = World::with(HttpSettings { heartbeat_ms: 50, ..HttpSettings::default() }).await;
    let mut answer = world.get("/v1/tasks:watch?filter=forever").send().await.expect("an answer");
    let mut seen = String::new();
    while !seen.contains(": keep-alive\n\n: keep-alive\n\n") {
        let chunk = answer.chunk().await.expect("no failure").expect("no end");
        seen.push_str(std::str::from_utf8(&chunk).expect("text"));
    }
    assert_eq!(events(&seen).len(), 2);
}

#[tokio::test]
async fn a_stream_that_is_slow_to_begin_is_opened_all_the_same() {
    let world = World::with(HttpSettings { heartbeat_ms: 50, ..HttpSettings::default() }).await;
    let answer = world.get("/v1/tasks:watch?filter=slow").send().await.expect("an answer");
    let body = answer.text().await.expect("a whole body");
    assert!(body.starts_with(": keep-alive\n\n"), "{body}");
    assert_eq!(events(&body).len(), 2);
}

#[tokio::test]
async fn lines_are_had_for_the_asking() {
    let world = World::new().await;
    let answer = world.get("/v1/tasks:watch?filter=resync").header("accept", "application/x-ndjson");
    let answer = answer.send().await.expect("an answer");
    assert_eq!(answer.headers()["content-type"], "application/x-ndjson");
    let body = answer.text().await.expect("a whole body");
    let lines: Vec<Json> = body.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((lines.len(), &lines[1]["resumeToken"]), (3, &json!("token-2")));
    assert_eq!(reason(&lines[2]), "RESYNC_REQUIRED");
}

#[tokio::test]
async fn when_the_gateway_stops_a_stream_says_so_and_ends() {
    let mut world = World::new().await;
    let mut answer = world.get("/v1/tasks:watch?filter=forever").send().await.expect("an answer");
    assert!(answer.chunk().await.expect("no failure").is_some());
    world.stop.cancel();
    let rest = answer.text().await.expect("a whole body");
    assert!(rest.contains("event: error") && rest.contains("DEPENDENCY_UNAVAILABLE"), "{rest}");
    world.tasks.join_next().await.expect("the front ends").expect("without a panic");
}

#[tokio::test]
async fn when_a_client_leaves_the_service_is_told() {
    let world = World::new().await;
    let mut events = world.get("/v1/tasks:watch?resumeToken=left-by-rest").send().await.expect("an answer");
    assert!(events.chunk().await.expect("no failure").is_some());
    let watch = WatchTasksRequest { resume_token: "left-by-grpc".to_owned(), ..WatchTasksRequest::default() };
    let mut messages = world.client().await.watch_tasks(authorized(watch)).await.expect("it opens").into_inner();
    assert!(messages.message().await.expect("no failure").is_some());
    assert!(!tasks::has_ended("left-by-rest") && !tasks::has_ended("left-by-grpc"));
    drop((events, messages));
    eventually(async || tasks::has_ended("left-by-rest") && tasks::has_ended("left-by-grpc")).await;
}

#[tokio::test]
async fn a_stream_ends_with_the_credential_it_was_opened_with_by_every_face() {
    let world = World::new().await;
    let message = authorized(WatchTasksRequest::default());
    let mut native = world.client().await.watch_tasks(message).await.expect("it opens").into_inner();
    let mut events = world.get("/v1/tasks:watch").send().await.expect("it opens");
    native.message().await.expect("no failure").expect("a message");
    events.chunk().await.expect("no failure").expect("an event");
    assert_eq!(world.streams.credentials(), [CREDENTIAL]);
    world.streams.end(CREDENTIAL);
    let ended = loop {
        if let Err(status) = native.message().await {
            break status;
        }
    };
    assert_eq!(ended.code(), tonic::Code::Unauthenticated);
    let rest = events.text().await.expect("a whole body");
    assert!(rest.contains("event: error") && rest.contains("TOKEN_INVALID"), "{rest}");
}

#[tokio::test]
async fn a_browser_follows_a_stream_by_its_cookie() {
    let world = World::new().await;
    // An EventSource can send no header of its own.
    let request = world.request(reqwest::Method::GET, "/v1/tasks:watch?filter=two");
    let request =
        request.header("cookie", "theme=dark; __Host-taskmesh-access=good").header("accept", "text/event-stream");
    let answer = request.send().await.expect("an answer");
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (200, &"text/event-stream".parse().expect("ASCII"))
    );
    assert_eq!(events(&answer.text().await.expect("a body")).len(), 2);
}
