//! REST requests that no client of the contract would send.

use anyhow::{Context, Result, ensure};
use e2e::{Client, Face, Failure, Mode, RestRequest, Target, rest_request};
use http::Method as Verb;
use mesh_proto::{Method, methods};
use prost_reflect::FieldDescriptor;
use tonic::Code;

use super::{clear, sample::sample};

in_both_modes! {
    bodies_that_are_no_request_are_refused;
    unknown_query_parameters_are_refused;
    unknown_routes_and_verbs_are_refused;
    urls_that_make_no_sense_are_refused;
}

/// Sends it and expects a refusal that is clear.
async fn refused(client: &Client, request: RestRequest) -> Result<Failure> {
    let what = format!(
        "{} {} {:?}",
        request.method,
        request.path,
        request.body.as_ref().map(|body| body.slice(..body.len().min(60)))
    );
    let reply =
        tokio::time::timeout(super::BOUND, client.http(request)).await.with_context(|| format!("{what} hangs"))?;
    let reply = reply.with_context(|| what.clone())?;
    ensure!((400..500).contains(&reply.status), "{what}: {reply:?}");
    let failure = reply.failure();
    clear(&failure).with_context(|| what)?;
    Ok(failure)
}

/// Every RPC with a route, as a well-formed request.
fn routes() -> Result<Vec<(&'static Method, RestRequest)>> {
    let routed = methods().iter().filter(|method| method.http.is_some());
    routed.map(|method| Ok((method, rest_request(method, &sample(method))?))).collect()
}

async fn bodies_that_are_no_request_are_refused(mode: Mode) -> Result<()> {
    let deep = [vec![b'['; 20_000], vec![b']'; 20_000]].concat();
    let deep_object = [br#"{"a":"#.repeat(9_000), b"1".to_vec(), vec![b'}'; 9_000]].concat();
    let bodies: [Vec<u8>; 12] = [
        b"{".to_vec(),
        b"nonsense".to_vec(),
        b"[]".to_vec(),
        b"\"text\"".to_vec(),
        b"42".to_vec(),
        b"{} {}".to_vec(),
        br#"{"noSuchField": 1}"#.to_vec(),
        br#"{"title": "\ud800"}"#.to_vec(),
        b"\xff\xfe".to_vec(),
        b"\xef\xbb\xbf{\"noSuchField\":1}".to_vec(),
        deep,
        deep_object,
    ];
    let target = Target::shared(mode).await?;
    let (person, client) = target.person(Face::Rest, "bodies").await?;
    let client = client.with_token(&person.access_token);
    for (method, route) in routes()?.into_iter().filter(|(_, route)| route.body.is_some()) {
        for body in &bodies {
            let failure = refused(&client, route.clone().with_body(body.clone())).await?;
            ensure!(failure.code == Code::InvalidArgument, "{}: {failure:?}", method.path);
        }
        for (name, body) in wrong_types(method) {
            let failure = refused(&client, route.clone().with_body(body)).await?;
            ensure!(failure.code == Code::InvalidArgument, "{name} of {}: {failure:?}", method.path);
        }
    }
    Ok(())
}

/// For each field of the body, a JSON value of another type.
fn wrong_types(method: &Method) -> Vec<(String, String)> {
    let input = method.descriptor.input();
    let body = method.http.as_ref().map(|rule| rule.body.clone()).unwrap_or_default();
    let inner = input.get_field_by_name(&body).and_then(|field| field.kind().as_message().cloned());
    let kind = inner.unwrap_or(input);
    let wrong = |field: FieldDescriptor| {
        let value = if field.is_list() { r#"{"a":1}"# } else { r#"[[1]]"# };
        (field.name().to_owned(), format!(r#"{{"{}":{value}}}"#, field.json_name()))
    };
    kind.fields().map(wrong).collect()
}

async fn unknown_query_parameters_are_refused(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    let (person, client) = target.person(Face::Rest, "query").await?;
    let client = client.with_token(&person.access_token);
    for (_, mut route) in routes()? {
        let separator = if route.path.contains('?') { '&' } else { '?' };
        route.path = format!("{}{separator}noSuchParameter=1", route.path);
        let failure = refused(&client, route).await?;
        ensure!(failure.code == Code::InvalidArgument, "{failure:?}");
    }
    for query in ["pageSize=abc", "pageSize=99999999999999", "pageSize=", "pageSize=1&pageSize=2", "showDeleted=maybe"]
    {
        let failure = refused(&client, RestRequest::new(Verb::GET, format!("/v1/tasks?{query}"))).await?;
        ensure!(failure.code == Code::InvalidArgument, "{query}: {failure:?}");
    }
    Ok(())
}

async fn unknown_routes_and_verbs_are_refused(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    let (_, client) = target.person(Face::Rest, "routes").await?;
    let id = "018f0000-0000-7000-8000-000000000000";
    let paths = ["/v1", "/v1/", "/v1/nope", "/v2/tasks", "/v1/tasks/", "/v1//tasks", "/v1/tasks/a/b", "/V1/tasks"];
    for path in paths.map(str::to_owned).into_iter().chain([format!("/v1/tasks/{id}:nope"), format!("/v1/tasks/{id}:")])
    {
        for verb in [Verb::GET, Verb::POST, Verb::PATCH, Verb::DELETE] {
            let request = RestRequest::new(verb.clone(), path.as_str());
            let request = if verb == Verb::POST || verb == Verb::PATCH { request.with_body("{}") } else { request };
            refused(&client, request).await?;
        }
    }
    for verb in [Verb::PUT, Verb::DELETE] {
        refused(&client, RestRequest::new(verb, "/v1/tasks")).await?;
    }
    Ok(())
}

async fn urls_that_make_no_sense_are_refused(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    let (_, client) = target.person(Face::Rest, "urls").await?;
    for path in [
        "/v1/tasks/%",
        "/v1/tasks/%zz",
        "/v1/tasks/%00",
        "/v1/tasks/%2e%2e%2f",
        "/v1/tasks/..%2f..",
        "/v1/tasks?filter=%ff",
    ] {
        refused(&client, RestRequest::new(Verb::GET, path)).await?;
    }
    let endless = RestRequest::new(Verb::GET, format!("/v1/tasks?filter={}", "x".repeat(60_000)));
    let reply = client.http(endless).await?;
    ensure!((400..500).contains(&reply.status), "{reply:?}");
    Ok(())
}
