//! The OpenAPI document and the page that shows it, as browsers and tools fetch them.

use mesh_proto::{google::api::http_rule::Pattern, methods};
use reqwest::{Method, Response};
use serde_json::{Value as Json, json};

use super::world::{World, answered};

async fn get(world: &World, path: &str, headers: &[(&'static str, &str)]) -> Response {
    let request =
        headers.iter().fold(world.request(Method::GET, path), |request, (name, value)| request.header(*name, *value));
    request.send().await.expect("an answer")
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[tokio::test]
async fn the_document_is_compressed_and_sent_once() {
    let world = World::new().await;
    let plain = get(&world, "/openapi.json", &[]).await;
    let etag = header(&plain, "etag").to_owned();
    assert_eq!((plain.status().as_u16(), header(&plain, "content-type")), (200, "application/json"));
    assert_eq!((header(&plain, "vary"), header(&plain, "cache-control")), ("accept-encoding", "public, max-age=300"));
    let length = plain.bytes().await.expect("a body").len();

    let compressed = get(&world, "/openapi.json", &[("accept-encoding", "gzip")]).await;
    assert_eq!((header(&compressed, "content-encoding"), header(&compressed, "etag")), ("gzip", etag.as_str()));
    assert!(compressed.bytes().await.expect("a body").len() * 4 < length);

    let known = get(&world, "/openapi.json", &[("if-none-match", &etag)]).await;
    assert_eq!((known.status().as_u16(), known.bytes().await.expect("a body").len()), (304, 0));
    let head = world.request(Method::HEAD, "/openapi.json").send().await.expect("an answer");
    assert_eq!(header(&head, "content-length"), length.to_string());
    assert_eq!(answered(world.request(Method::POST, "/openapi.json")).await.0, 405);
}

#[tokio::test]
async fn every_route_that_is_served_is_in_the_document() {
    let world = World::new().await;
    let (_, document) = answered(world.request(Method::GET, "/openapi.json")).await;
    assert_eq!(document["openapi"], "3.1.0");
    let operations = operations(&document);
    let served = ["taskmesh.task.v1.TaskService", "taskmesh.auth.v1.AuthService"];
    for method in methods() {
        let is_served = served.contains(&method.descriptor.parent_service().full_name());
        let verb = method.http.as_ref().and_then(|rule| {
            Some(match rule.pattern.as_ref()? {
                Pattern::Get(_) => "get",
                Pattern::Put(_) => "put",
                Pattern::Post(_) => "post",
                Pattern::Delete(_) => "delete",
                Pattern::Patch(_) => "patch",
            })
        });
        let documented = operations.iter().find(|(_, operation)| {
            operation["description"].as_str().is_some_and(|text| text.contains(&format!("`{}`", method.path)))
        });
        assert_eq!(documented.map(|(verb, _)| verb.as_str()), verb.filter(|_| is_served), "{}", method.path);
        if let Some((_, operation)) = documented {
            assert_eq!(operation["security"] == json!([]), method.public, "{}", method.path);
            assert_eq!(operation["x-required-scope"].as_str().unwrap_or_default(), method.scope, "{}", method.path);
        }
    }
}

/// Every operation and its verb.
fn operations(document: &Json) -> Vec<(String, Json)> {
    let paths = document["paths"].as_object().expect("paths").values().filter_map(Json::as_object);
    paths.flatten().map(|(verb, operation)| (verb.clone(), operation.clone())).collect()
}

#[tokio::test]
async fn an_operation_tells_all_that_it_takes_and_answers() {
    let world = World::new().await;
    let (_, document) = answered(world.request(Method::GET, "/openapi.json")).await;
    let update = &document["paths"]["/v1/tasks/{id}"]["patch"];
    let names: Vec<_> = update["parameters"].as_array().expect("parameters").iter().map(|it| &it["name"]).collect();
    assert_eq!(names, ["id", "updateMask", "requestId", "Idempotency-Key", "If-Match"]);
    let body = &update["requestBody"]["content"]["application/json"]["schema"]["$ref"];
    assert_eq!(body, "#/components/schemas/taskmesh.task.v1.Task.Patch");
    assert_eq!(update["responses"]["200"]["headers"]["ETag"]["$ref"], "#/components/headers/ETag");
    let statuses: Vec<_> = update["responses"].as_object().expect("responses").keys().map(String::as_str).collect();
    assert_eq!(
        statuses,
        ["200", "400", "401", "403", "404", "408", "409", "413", "414", "415", "429", "500", "503", "504"]
    );

    let watch = &document["paths"]["/v1/tasks:watch"]["get"];
    let forms: Vec<_> = watch["responses"]["200"]["content"].as_object().expect("forms").keys().collect();
    assert_eq!(forms, ["application/x-ndjson", "text/event-stream"]);
    assert!(watch["parameters"].as_array().expect("parameters").iter().any(|it| it["name"] == "Last-Event-ID"));
}

#[tokio::test]
async fn a_schema_says_what_answers_always_hold_and_what_requests_may() {
    let world = World::new().await;
    let (_, document) = answered(world.request(Method::GET, "/openapi.json")).await;
    let schema = |name: &str| &document["components"]["schemas"][format!("taskmesh.task.v1.{name}")];
    let required = schema("Task")["required"].as_array().expect("names").clone();
    assert!(
        required.contains(&json!("tags")) && required.contains(&json!("etag")) && !required.contains(&json!("title"))
    );
    let title = &schema("Task.Input")["properties"]["title"];
    assert_eq!(
        (&title["type"], &title["minLength"], &title["maxLength"]),
        (&json!(["string", "null"]), &json!(1), &json!(500))
    );
    assert_eq!(schema("Task.Input")["properties"].get("createTime"), None, "the server alone writes it");
    assert_eq!(schema("Task.Patch")["properties"]["title"]["type"], json!(["string", "null"]));
    assert_eq!(schema("Task")["properties"]["version"]["format"], "int64");
    assert_eq!(schema("TaskPriority")["enum"][1], "TASK_PRIORITY_NONE");
    let create = &document["paths"]["/v1/tasks"]["post"]["requestBody"]["content"]["application/json"];
    assert_eq!(create["schema"]["allOf"][1]["required"], json!(["title"]));
}

#[tokio::test]
async fn the_reference_is_a_page_that_may_load_its_own_files_only() {
    let world = World::new().await;
    let page = get(&world, "/docs", &[]).await;
    let policy = header(&page, "content-security-policy").to_owned();
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    let page = page.text().await.expect("text");
    assert!(!page.contains("http:") && !page.contains("https:") && !page.contains('{'), "{page}");
    let links = page.split('"').filter(|text| text.starts_with("/docs/")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(links.len(), 5);
    for link in links {
        let file = get(&world, &link, &[]).await;
        assert_eq!((file.status().as_u16(), header(&file, "x-content-type-options")), (200, "nosniff"), "{link}");
        assert!(header(&file, "cache-control").contains("immutable"), "{link}");
        let gzip = get(&world, &link, &[("accept-encoding", "gzip")]).await;
        assert_eq!(header(&gzip, "content-encoding"), "gzip", "{link}");
    }
    assert_eq!(answered(world.request(Method::GET, "/docs/0/start.js")).await.0, 404);
    let (_, about) = answered(world.request(Method::GET, "/")).await;
    assert_eq!((&about["docs"], &about["openapi"]), (&json!("/docs"), &json!("/openapi.json")));
}
