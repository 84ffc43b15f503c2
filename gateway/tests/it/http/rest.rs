//! REST through the edge: requests, answers, and every way to get one wrong.

use reqwest::Method;
use serde_json::{Value as Json, json};

use super::world::{World, answered, fields, reason};

#[tokio::test]
async fn a_resource_is_created_from_its_json() {
    let world = World::new().await;
    let body = json!({"title": "Milch 🥛", "priority": "HIGH", "due": {"date": "2026-01-31", "time_zone": "UTC"}});
    let request = world.post("/v1/tasks", &body).header("idempotency-key", "once").header("x-forwarded-for", "6.6.6.6");
    let (status, task) = answered(request).await;
    assert_eq!((status, &task["title"], &task["priority"]), (200, &json!("Milch 🥛"), &json!("TASK_PRIORITY_HIGH")));
    assert_eq!(task["due"], json!({"date": "2026-01-31", "timeZone": "UTC"}));
    assert_eq!(task["createdBy"], "once", "Idempotency-Key is request_id");
    let headers: Json = serde_json::from_str(task["description"].as_str().expect("text")).expect("JSON");
    assert_eq!(headers["authorization"], "Bearer exchanged for 127.0.0.1");
    assert_eq!(headers["x-forwarded-for"], Json::Null);
}

#[tokio::test]
async fn lists_and_scalars_are_always_written_and_unset_fields_are_not() {
    let world = World::new().await;
    assert_eq!(answered(world.get("/v1/tasks")).await, (200, json!({"tasks": [], "nextPageToken": ""})));
    let (_, task) = answered(world.get("/v1/tasks/seven")).await;
    assert_eq!((&task["tags"], &task["version"], &task["createdBy"]), (&json!([]), &json!("3"), &json!("")));
    assert!(task.get("title").is_none() && task.get("due").is_none());
}

#[tokio::test]
async fn a_query_fills_fields_in_either_spelling() {
    let world = World::new().await;
    let path = "/v1/tasks?filter=title%3D%22a+b%26c%22&pageSize=7&order_by=due%20desc&showDeleted=true";
    let (_, list) = answered(world.get(path)).await;
    let told = list["nextPageToken"].as_str().expect("text");
    for part in ["filter: \"title=\\\"a b&c\\\"\"", "page_size: 7", "order_by: \"due desc\"", "show_deleted: true"] {
        assert!(told.contains(part), "{told}");
    }
}

#[tokio::test]
async fn an_etag_travels_as_etag_and_if_match() {
    let world = World::new().await;
    let answer = world.get("/v1/tasks/seven").send().await.expect("an answer");
    assert_eq!(answer.headers()["etag"], "\"3-abc\"");
    let request = world.request(Method::DELETE, "/v1/tasks/seven").bearer_auth("good").header("if-match", "\"3-abc\"");
    let (_, task) = answered(request).await;
    assert!(task["description"].as_str().expect("text").contains("etag: \"3-abc\""), "{task}");
}

#[tokio::test]
async fn a_verb_takes_a_body_or_none() {
    let world = World::new().await;
    let (status, task) = answered(world.request(Method::POST, "/v1/tasks/seven:complete").bearer_auth("good")).await;
    assert_eq!((status, &task["id"]), (200, &json!("seven")));
    let body = json!({"id": "another", "etag": "e"});
    let (_, task) = answered(world.post("/v1/tasks/seven:complete", &body)).await;
    assert_eq!(task["id"], "seven", "the path counts more than the body");
    assert!(task["description"].as_str().expect("text").contains("etag: \"e\""));
}

#[tokio::test]
async fn every_mistake_of_a_request_is_told_at_once() {
    let world = World::new().await;
    let body = json!({"titel": "x", "tags": "a", "due": {"day": 1}});
    let (status, error) = answered(world.post("/v1/tasks?nothing=1&requestId=a&requestId=b", &body)).await;
    assert_eq!((status, reason(&error)), (400, "FIELDS_INVALID"));
    assert_eq!(fields(&error), ["nothing", "request_id", "task.due.day", "task.tags", "task.titel"]);
    assert_eq!((&error["error"]["code"], &error["error"]["status"]), (&json!(400), &json!("INVALID_ARGUMENT")));

    let (status, error) = answered(world.get("/v1/tasks?pageSize=many&showDeleted=maybe&filter.x=1")).await;
    assert_eq!((status, fields(&error)), (400, vec!["filter.x", "page_size", "show_deleted"]));
    let (status, error) = answered(world.post("/v1/tasks/seven:complete?etag=e", &json!({}))).await;
    assert_eq!((status, fields(&error)), (400, vec!["etag"]));
}

#[tokio::test]
async fn what_no_parser_can_take_is_the_callers_fault() {
    let world = World::new().await;
    let post = |body: &'static [u8]| world.request(Method::POST, "/v1/tasks").bearer_auth("good").body(body);
    let deep: &'static str = "{\"due\":".repeat(500).leak();
    for body in [b"{".as_slice(), b"\xff\xfe", b"nonsense", deep.as_bytes()] {
        let (status, error) = answered(post(body)).await;
        assert_eq!((status, reason(&error)), (400, "MALFORMED"), "{error}");
    }
    for path in ["/v1/tasks/%00", "/v1/tasks/%ff", "/v1/tasks?filter=%00", "/v1/tasks?filter=%fe", "/v1/tasks?%ff=1"] {
        let (status, error) = answered(world.get(path)).await;
        assert_eq!((status, reason(&error)), (400, "FIELDS_INVALID"), "{path}");
    }
    let (status, error) = answered(post(b"{\"title\": \"a\\u0000b\"}")).await;
    assert_eq!((status, fields(&error)), (400, vec!["task.title"]));
    let many = format!("/v1/tasks?{}", "filter=a&".repeat(65));
    assert_eq!(answered(world.get(&many)).await.0, 400);
    let (status, error) = answered(world.post("/v1/tasks", &json!({"title": "x".repeat(1 << 20)}))).await;
    assert_eq!((status, reason(&error)), (413, "MESSAGE_TOO_LARGE"));
}

#[tokio::test]
async fn whoever_has_not_signed_in_may_send_little() {
    let world = World::new().await;
    let body = json!({"email": "ada@example.com", "password": "x".repeat(70_000)});
    let (status, error) = answered(world.request(Method::POST, "/v1/auth/signin").json(&body)).await;
    assert_eq!((status, reason(&error)), (413, "MESSAGE_TOO_LARGE"));
}

#[tokio::test]
async fn failures_of_services_have_the_shape_of_aip_193() {
    let world = World::new().await;
    let (status, error) = answered(world.get("/v1/tasks/missing")).await;
    assert_eq!((status, reason(&error)), (404, "RESOURCE_NOT_FOUND"));
    assert_eq!(error["error"]["message"], "no such task");
    let resource =
        json!({"@type": "type.googleapis.com/google.rpc.ResourceInfo", "resourceType": "task", "resourceName": "ü%"});
    assert!(error["error"]["details"].as_array().expect("details").contains(&resource), "{error}");
    let busy = world.get("/v1/tasks/busy").send().await.expect("an answer");
    assert_eq!((busy.status().as_u16(), &busy.headers()["retry-after"]), (503, &"1".parse().expect("ASCII")));
}

#[tokio::test]
async fn without_a_good_token_nothing_is_looked_at() {
    let world = World::new().await;
    for (header, expected) in
        [(None, "TOKEN_MISSING"), (Some("Basic x"), "TOKEN_INVALID"), (Some("Bearer x"), "TOKEN_INVALID")]
    {
        let mut request = world.request(Method::POST, "/v1/tasks").body("{");
        if let Some(header) = header {
            request = request.header("authorization", header);
        }
        let answer = request.send().await.expect("an answer");
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["www-authenticate"]),
            (401, &"Bearer".parse().expect("ASCII"))
        );
        assert_eq!(reason(&answer.json().await.expect("JSON")), expected);
    }
}

#[tokio::test]
async fn public_calls_need_no_token_and_tell_the_clients_address() {
    let world = World::new().await;
    let request = world.request(Method::POST, "/v1/auth/signin").header("user-agent", "test/1").bearer_auth("forged");
    let request = request.header("x-taskmesh-client-address", "6.6.6.6").json(&json!({"email": "a@b.c"}));
    let (status, session) = answered(request).await;
    assert_eq!(status, 200, "{session}");
    let headers: Json = serde_json::from_str(session["accessToken"].as_str().expect("text")).expect("JSON");
    assert_eq!(headers["x-taskmesh-client-address"], "127.0.0.1");
    assert_eq!(headers["x-taskmesh-client-agent"], "test/1");
    assert_eq!(headers["authorization"], Json::Null);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_told_apart() {
    let world = World::new().await;
    for path in ["/v1/nothing", "/v1/tasks/", "/v1//tasks", "/v1/tasks/a/b", "/v1/audit/events"] {
        let (status, error) = answered(world.get(path)).await;
        assert_eq!((status, reason(&error)), (404, "METHOD_UNKNOWN"), "{path}");
    }
    for (method, path, allow) in [
        (Method::PUT, "/v1/tasks/seven", "DELETE, GET, PATCH, HEAD, OPTIONS"),
        (Method::GET, "/v1/tasks/seven:complete", "POST, OPTIONS"),
        (Method::DELETE, "/v1/tasks", "GET, POST, HEAD, OPTIONS"),
    ] {
        let answer = world.request(method, path).bearer_auth("good").send().await.expect("an answer");
        assert_eq!((answer.status().as_u16(), answer.headers()["allow"].to_str().ok()), (405, Some(allow)), "{path}");
    }
    let (_, task) = answered(world.get("/v1/tasks/a%3Ab")).await;
    assert_eq!(task["id"], "a:b");
    let (_, task) = answered(world.get("/v1/tasks/seven:unbound")).await;
    assert_eq!(task["id"], "seven:unbound", "an unbound verb is a part of the value");
}

#[tokio::test]
async fn head_and_options_tell_of_a_path_without_its_body() {
    let world = World::new().await.over_http2();
    let head = world.request(Method::HEAD, "/v1/tasks/seven").bearer_auth("good").send().await.expect("an answer");
    assert_eq!(
        (head.status().as_u16(), &head.headers()["content-type"]),
        (200, &"application/json".parse().expect("ASCII"))
    );
    let length: usize = head.headers()["content-length"].to_str().expect("ASCII").parse().expect("a number");
    assert!(length > 0);
    assert_eq!(head.bytes().await.expect("a body").len(), 0);
    let options = world.request(Method::OPTIONS, "/v1/tasks").send().await.expect("an answer");
    assert_eq!(
        (options.status().as_u16(), options.headers()["allow"].to_str().ok()),
        (204, Some("GET, POST, HEAD, OPTIONS"))
    );
}

#[tokio::test]
async fn a_unary_call_has_a_deadline_of_its_own() {
    let world = World::new().await;
    let (status, error) = answered(world.get("/v1/tasks/never").header("grpc-timeout", "200m")).await;
    assert_eq!((status, reason(&error)), (504, "DEADLINE_EXCEEDED"));
    let (status, error) = answered(world.get("/v1/tasks/seven").header("grpc-timeout", "soon")).await;
    assert_eq!((status, reason(&error)), (400, "MALFORMED"));
}
