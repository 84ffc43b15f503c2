//! The OpenAPI document, judged by others: two linters, a fuzzer that calls the gateway by it, and a browser that shows it.
//! Its examples are ours to judge.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::{Client, Face, Mode, RestRequest, Target, tools};
use http::Method as Verb;
use serde_json::{Value as Json, json};
use tempfile::TempDir;
use tokio::process::Command;

in_both_modes! {
    two_linters_find_nothing;
    schemathesis_finds_no_answer_that_the_document_does_not_tell;
    every_example_is_what_its_schema_says;
    every_example_of_a_request_is_understood;
    what_a_request_must_hold_is_missed;
    the_reference_calls_the_gateway_from_a_browser;
}

/// Would end the session that all other calls are made in.
const SIGN_OUT: &str = "signOutEverywhere";

/// How long schemathesis may take.
const FUZZING: Duration = Duration::from_secs(300);

async fn document(client: &Client) -> Result<Json> {
    let reply = client.http(RestRequest::new(Verb::GET, "/openapi.json")).await?;
    ensure!(reply.status == 200, "{reply:?}");
    Ok(serde_json::from_slice(&reply.body)?)
}

/// A folder with the document in a file of this name.
async fn saved(target: &Target, file: &str) -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    let document = document(&target.client(Face::Rest)?).await?;
    std::fs::write(folder.path().join(file), serde_json::to_vec_pretty(&document)?)?;
    Ok(folder)
}

async fn two_linters_find_nothing(mode: Mode) -> Result<()> {
    let folder = saved(Target::shared(mode).await?, "openapi.json").await?;
    let mut redocly = Command::new(tools::openapi_linter("redocly").await?);
    redocly.args(["lint", "openapi.json", "--format", "json", "--config"]);
    redocly.arg(tools::outside("openapi-linters/redocly.yaml"));
    redocly.env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true").env("REDOCLY_TELEMETRY", "off").current_dir(folder.path());
    let said: Json = serde_json::from_str(&tools::succeed(redocly).await?)?;
    ensure!(said["problems"] == json!([]), "redocly: {said:#}");

    let mut spectral = Command::new(tools::openapi_linter("spectral").await?);
    spectral.args(["lint", "openapi.json", "--format", "json", "--quiet", "--fail-severity", "hint", "--ruleset"]);
    spectral.arg(tools::outside("openapi-linters/spectral.yaml")).current_dir(folder.path());
    let said: Json = serde_json::from_str(&tools::succeed(spectral).await?)?;
    ensure!(said == json!([]), "spectral: {said:#}");
    Ok(())
}

async fn schemathesis_finds_no_answer_that_the_document_does_not_tell(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    let folder = saved(target, "openapi.json").await?;
    let (person, _) = target.person(Face::Rest, "schemathesis").await?;
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", tools::schemathesis().await?).current_dir(folder.path());
    python.args(["-m", "schemathesis.cli", "--no-color", "--config-file"]);
    python.arg(tools::outside("schemathesis/schemathesis.toml"));
    python.args(["run", "openapi.json", "--url", &format!("http://{}", target.address())]);
    // A session's token may do what a token for programs may not: manage tokens.
    python.args(["--header", &format!("Authorization: Bearer {}", person.access_token)]);
    let document = document(&target.client(Face::Rest)?).await?;
    let (untested, tested): (Vec<_>, Vec<_>) =
        operations(&document).into_iter().partition(|(_, _, operation)| operation["operationId"] == SIGN_OUT);
    python.args(untested.iter().flat_map(|_| ["--exclude-operation-id", SIGN_OUT]));
    let said = tools::succeed_within(python, FUZZING).await?;
    let told = said.lines().find(|line| line.trim_start().starts_with("Tested:")).context("it tested nothing")?;
    ensure!(told.ends_with(&format!(" {}", tested.len())), "{told} of {}\n{said}", tested.len());
    e2e::tell(format_args!(
        "schemathesis in {mode:?}: {}",
        said.lines().rev().find(|line| line.contains("generated")).unwrap_or_default().trim()
    ));
    Ok(())
}

/// Path, verb and description of each operation.
fn operations(document: &Json) -> Vec<(&str, &str, &Json)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    let verbs = paths.flat_map(|(path, item)| {
        let verbs = item.as_object().into_iter().flatten();
        verbs.map(move |(verb, operation)| (path.as_str(), verb.as_str(), operation))
    });
    verbs.collect()
}

/// Every object anywhere in the document, with its way.
fn objects<'a>(json: &'a Json, way: String, found: &mut Vec<(String, &'a Json)>) {
    match json {
        Json::Object(members) => {
            found.push((way.clone(), json));
            for (name, member) in members {
                objects(member, format!("{way}/{name}"), found);
            }
        }
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                objects(item, format!("{way}/{index}"), found);
            }
        }
        _ => {}
    }
}

async fn every_example_is_what_its_schema_says(mode: Mode) -> Result<()> {
    let document = document(&Target::shared(mode).await?.client(Face::Rest)?).await?;
    let mut found = Vec::new();
    objects(&document, String::new(), &mut found);
    let mut count = 0;
    for (way, object) in found {
        let one = object.get("example").zip(object.get("schema"));
        let own =
            object.get("examples").and_then(Json::as_array).into_iter().flatten().map(|example| (example, object));
        for (example, schema) in one.into_iter().chain(own) {
            // References are looked up in the whole document.
            let whole = json!({ "components": document["components"], "allOf": [schema] });
            let validator = jsonschema::options().should_validate_formats(true).build(&whole);
            let validator = validator.with_context(|| way.clone())?;
            let problems: Vec<_> = validator.iter_errors(example).map(|error| error.to_string()).collect();
            ensure!(problems.is_empty(), "{way}: {example} {problems:?}");
            count += 1;
        }
    }
    ensure!(count > 200, "only {count} examples were found");
    Ok(())
}

/// The request that the examples of an operation make; only what must be there of its path and query.
fn example(path: &str, verb: &str, operation: &Json) -> Result<RestRequest> {
    let mut target = path.to_owned();
    let parameters = operation["parameters"].as_array().context("parameters")?;
    let examples = parameters.iter().filter_map(|parameter| Some((parameter, parameter.get("example")?.as_str()?)));
    let mut query = Vec::new();
    for (parameter, example) in examples {
        let name = parameter["name"].as_str().context("a name")?;
        match parameter["in"].as_str() {
            Some("path") => target = target.replace(&format!("{{{name}}}"), example),
            Some("query") => query.push(format!("{name}={}", example.replace(' ', "%20"))),
            _ => {}
        }
    }
    if !query.is_empty() {
        target = format!("{target}?{}", query.join("&"));
    }
    let request = RestRequest::new(verb.to_uppercase().parse()?, target);
    let body = &operation["requestBody"]["content"]["application/json"]["example"];
    Ok(if body.is_null() { request } else { request.with_body(body.to_string()) })
}

async fn every_example_of_a_request_is_understood(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    let (person, client) = target.person(Face::Rest, "examples").await?;
    let client = client.with_token(&person.access_token);
    let document = document(&client).await?;
    for (path, verb, operation) in operations(&document).into_iter().filter(|it| it.2["operationId"] != SIGN_OUT) {
        let is_stream = operation["responses"]["200"]["content"].get("text/event-stream").is_some();
        let mut request = example(path, verb, operation)?;
        if is_stream {
            request.headers.insert("grpc-timeout", "200m".parse()?);
        }
        let reply = client.http(request).await?;
        let documented = operation["responses"].get(reply.status.to_string());
        ensure!(documented.is_some() && reply.status < 500, "{verb} {path}: {reply:?}");
        // Ids of examples name nothing, and their passwords and refresh tokens belong to nobody; all else is right.
        let expected = [200, 401, 404, 409].contains(&reply.status);
        ensure!(expected, "{verb} {path} does not understand its own example: {reply:?}");
        let is_known = reply.status != 401 || reply.failure().reason == "CREDENTIALS_INVALID";
        ensure!(is_known || operation["security"] == json!([]), "{verb} {path}: {reply:?}");
        let creates = operation["operationId"].as_str().is_some_and(|id| id.starts_with("create"));
        ensure!(!creates || [200, 404].contains(&reply.status), "{verb} {path}: {reply:?}");
    }
    Ok(())
}

async fn what_a_request_must_hold_is_missed(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    let (person, client) = target.person(Face::Rest, "required").await?;
    let client = client.with_token(&person.access_token);
    let document = document(&client).await?;
    let mut missed = 0;
    for (path, verb, operation) in operations(&document) {
        let body = &operation["requestBody"]["content"]["application/json"];
        for name in required(&document, &body["schema"]) {
            let mut less = body["example"].clone();
            less.as_object_mut().and_then(|body| body.remove(&name)).with_context(|| format!("{name} of {path}"))?;
            let reply = client.http(example(path, verb, operation)?.with_body(less.to_string())).await?;
            ensure!(reply.status == 400, "{verb} {path} without {name}: {reply:?}");
            missed += 1;
        }
    }
    ensure!(missed > 5, "only {missed} fields are required");
    Ok(())
}

/// The names that a schema requires, by itself or by what it refers to.
fn required(document: &Json, schema: &Json) -> Vec<String> {
    let own = schema["required"].as_array().into_iter().flatten().filter_map(Json::as_str).map(str::to_owned);
    let parts = schema["allOf"].as_array().into_iter().flatten();
    let referred = schema["$ref"].as_str().and_then(|way| document.pointer(way.trim_start_matches('#')));
    own.chain(parts.chain(referred).flat_map(|part| required(document, part))).collect()
}

async fn the_reference_calls_the_gateway_from_a_browser(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    let (person, _) = target.person(Face::Rest, "browser").await?;
    let (script, browser) = tools::browser().await?;
    let screenshots = tempfile::tempdir()?;
    let mut node = Command::new("node");
    node.arg(script).args([format!("http://{}", target.address()), person.api_token]);
    node.arg(browser).arg(screenshots.path());
    let said = tools::succeed(node).await?;
    ensure!(said.trim() == "a task was created from the page", "{said}");
    Ok(())
}
