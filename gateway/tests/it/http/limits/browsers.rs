//! What browsers are told: which pages may call, and what an answer is not.

use gateway::http::HttpSettings;
use http::HeaderMap;
use mesh_proto::task::v1::GetTaskRequest;
use reqwest::{Method, RequestBuilder};

use super::super::world::{World, authorized};

const OURS: &str = "https://app.example";

async fn with_origins(origins: &[&str]) -> World {
    let allowed_origins = origins.iter().map(|&origin| origin.to_owned()).collect();
    World::with(HttpSettings { allowed_origins, ..HttpSettings::default() }).await
}

fn preflight(world: &World, path: &str, origin: &str) -> RequestBuilder {
    world
        .request(Method::OPTIONS, path)
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type,idempotency-key,x-grpc-web")
}

async fn headers(request: RequestBuilder) -> HeaderMap {
    request.send().await.expect("an answer").headers().clone()
}

#[tokio::test]
async fn pages_of_named_origins_may_call_with_cookies_and_others_may_not() {
    let world = with_origins(&[OURS]).await;
    for path in ["/v1/tasks", "/taskmesh.task.v1.TaskService/GetTask"] {
        let ours = headers(preflight(&world, path, OURS)).await;
        assert_eq!(ours["access-control-allow-origin"], OURS);
        assert_eq!(ours["access-control-allow-credentials"], "true");
        assert_eq!(ours["access-control-max-age"], "7200");
        assert!(ours["access-control-allow-headers"].to_str().expect("ASCII").contains("idempotency-key"));
        let theirs = headers(preflight(&world, path, "https://evil.example")).await;
        assert!(!theirs.contains_key("access-control-allow-origin"), "{theirs:?}");
    }
    let called = headers(world.get("/v1/tasks/seven").header("origin", OURS)).await;
    assert_eq!(called["access-control-allow-origin"], OURS);
    let without = headers(world.get("/v1/tasks/seven")).await;
    assert!(without["vary"].to_str().expect("ASCII").contains("origin"), "caches must not mix answers up");
}

#[tokio::test]
async fn where_any_origin_may_call_no_cookies_are_sent() {
    let world = World::new().await;
    let any = headers(preflight(&world, "/v1/tasks", OURS)).await;
    assert_eq!(any["access-control-allow-origin"], "*");
    assert!(!any.contains_key("access-control-allow-credentials"));
}

#[tokio::test]
async fn a_page_can_read_why_it_was_refused() {
    let mut settings = HttpSettings::default();
    (settings.limits.calls_per_second_per_address, settings.limits.call_burst_per_address) = (1, 1);
    let world = World::with(settings).await;
    for _ in 0..50 {
        let answer = world.get("/v1/tasks/seven").header("origin", OURS).send().await.expect("an answer");
        assert_eq!(answer.headers()["access-control-allow-origin"], "*");
        if answer.status() == 429 {
            let exposed = answer.headers()["access-control-expose-headers"].to_str().expect("ASCII").to_owned();
            return assert!(exposed.contains("retry-after"), "{exposed}");
        }
    }
    panic!("nothing was refused");
}

#[tokio::test]
async fn every_answer_protects_itself_from_browsers() {
    let world = World::with(HttpSettings { hsts_max_age_s: 3600, ..HttpSettings::default() }).await;
    let web = |id: &[u8]| {
        let frame = [&[0, 0, 0, 0, 2 + u8::try_from(id.len()).expect("short"), 10, id.len() as u8][..], id].concat();
        world.web("GetTask", "application/grpc-web", frame)
    };
    let requests = [
        world.get("/v1/tasks/seven"),
        world.get("/v1/tasks/missing"),
        world.get("/v1/nothing"),
        world.request(Method::GET, "/v1/tasks/seven"),
        world.request(Method::GET, "/"),
        world.request(Method::OPTIONS, "/v1/tasks"),
        world.request(Method::TRACE, "/"),
        web(b"seven"),
        web(b"missing"),
    ];
    for request in requests {
        let told = headers(request).await;
        assert_eq!(told["x-content-type-options"], "nosniff");
        assert_eq!(told["content-security-policy"], "default-src 'none'; frame-ancestors 'none'");
        assert_eq!(told["x-frame-options"], "DENY");
        assert_eq!(told["referrer-policy"], "no-referrer");
        assert_eq!(told["cross-origin-resource-policy"], "same-origin");
        assert_eq!(told["strict-transport-security"], "max-age=3600");
        assert!(told.contains_key("cache-control") && !told.contains_key("server"));
    }
    let keys = headers(world.request(Method::GET, "/.well-known/jwks.json")).await;
    assert_eq!(keys["cache-control"], "public, max-age=300", "what an answer says itself stands");
    let native = world.client().await.get_task(authorized(GetTaskRequest { id: "seven".to_owned() })).await;
    assert!(!native.expect("an answer").metadata().contains_key("content-security-policy"), "no browser speaks it");
}
