//! What a route answers: its message, its stream, or a failure.

use serde_json::{Map, Value as Json, json};

use super::{
    examples, field, parameters,
    reasons::{self, Reason},
    schema::{Schemas, Way},
};
use crate::http::rest::Route;
use mesh_proto::{StreamForm, comment};

/// The answers that several routes share, by the name that refers to them.
#[derive(Default)]
pub(super) struct Shared(Vec<(String, Json)>);

impl Shared {
    /// A reference to this answer.
    fn reference(&mut self, status: u16, response: Json) -> Json {
        let known = self.0.iter().find(|(_, other)| *other == response).map(|(name, _)| name.clone());
        let name = known.unwrap_or_else(|| {
            let base = name_of(status);
            let count = self.0.iter().filter(|(name, _)| name.starts_with(base)).count();
            let name = if count == 0 { base.to_owned() } else { format!("{base}{}", count + 1) };
            self.0.push((name.clone(), response));
            name
        });
        json!({ "$ref": format!("#/components/responses/{name}") })
    }

    /// All of them.
    pub(super) fn into_components(self) -> Map<String, Json> {
        self.0.into_iter().collect()
    }
}

fn name_of(status: u16) -> &'static str {
    match status {
        304 => "NotModified",
        400 => "BadRequest",
        401 => "Unauthenticated",
        403 => "Forbidden",
        404 => "NotFound",
        415 => "WrongType",
        408 => "RequestTimeout",
        409 => "Conflict",
        413 => "TooLarge",
        414 => "UriTooLong",
        429 => "TooManyRequests",
        503 => "Unavailable",
        504 => "DeadlineExceeded",
        500 => "Internal",
        _ => "Failure",
    }
}

/// Every answer of a route by its status.
pub(super) fn of(route: &Route, schemas: &mut Schemas, shared: &mut Shared) -> Json {
    let mut responses = Map::new();
    responses.insert("200".to_owned(), success(route, schemas));
    if parameters::is_kept(route) {
        let known = json!({ "description": "The caller has the answer already (`If-None-Match`)." });
        responses.insert("304".to_owned(), shared.reference(304, known));
    }
    for (status, reasons) in reasons::of(route) {
        responses.insert(status.to_string(), shared.reference(status, failure(status, &reasons)));
    }
    Json::Object(responses)
}

fn success(route: &Route, schemas: &mut Schemas) -> Json {
    let text = comment(&route.output.parent_file(), route.output.path());
    let mut headers = json!({ "x-request-id": { "$ref": "#/components/headers/RequestId" } });
    if route.answer_etag.is_some() {
        headers["ETag"] = json!({ "$ref": "#/components/headers/ETag" });
    }
    let (schema, example) = match &route.response_body {
        Some(field) => (schemas.value(field, Way::Answer), examples::any(field)),
        None => (schemas.message(&route.output, Way::Answer), examples::answer(&route.output)),
    };
    let media = json!({ "schema": schema, "example": example });
    let Some(form) = route.stream else {
        return json!({ "description": text, "headers": headers, "content": { "application/json": media } });
    };
    let event = "As server-sent events, each `data` is one such message and each `id` its resume token; an `event: error` \
                 with the body of an error ends a stream that failed. As NDJSON (`Accept: application/x-ndjson`) each line \
                 is one.";
    let lines = "As NDJSON each line is one such message, and a line with the body of an error ends a stream that failed. \
                 As server-sent events (`Accept: text/event-stream`) each `data` is one.";
    let how = if form == StreamForm::Sse { event } else { lines };
    let content = json!({ "text/event-stream": events(route, &media), "application/x-ndjson": media });
    json!({ "description": format!("{text} {how}"), "headers": headers, "content": content })
}

/// Server-sent events, as OpenAPI 3.2 describes them: an object for each, with its message as text.
fn events(route: &Route, message: &Json) -> Json {
    let mut example = json!({ "data": message["example"].to_string() });
    if let Some(id) = route.event_id.as_ref().and_then(|field| message["example"].get(field.json_name())) {
        example["id"] = id.clone();
    }
    let data = json!({ "type": "string", "description": "The message as JSON, or the body of an error.",
        "contentMediaType": "application/json", "contentSchema": { "anyOf": [message["schema"], error_schema()] } });
    let event = json!({ "type": "string", "description": "`error` for a failure, which ends the stream." });
    let id = json!({ "type": "string", "description": "For `Last-Event-ID`." });
    let schema = json!({ "type": "object", "required": ["data"],
        "properties": { "data": data, "event": event, "id": id } });
    json!({ "schema": schema, "example": example })
}

fn failure(status: u16, reasons: &[Reason]) -> Json {
    let lines: Vec<_> = reasons.iter().map(|reason| format!("- `{}`: {}", reason.name, reason.when)).collect();
    let mut headers = json!({ "x-request-id": { "$ref": "#/components/headers/RequestId" } });
    if matches!(status, 429 | 503) {
        headers["Retry-After"] = json!({ "$ref": "#/components/headers/RetryAfter" });
    }
    if status == 401 {
        headers["WWW-Authenticate"] = json!({ "$ref": "#/components/headers/WwwAuthenticate" });
    }
    let media = json!({ "schema": error_schema(), "example": example(status, reasons) });
    json!({ "description": lines.join("\n"), "headers": headers, "content": { "application/json": media } })
}

fn example(status: u16, reasons: &[Reason]) -> Json {
    let Some(reason) = reasons.first() else { return Json::Null };
    let info =
        json!({ "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason.name, "domain": "taskmesh" });
    let mut details = vec![info];
    if reason.name == "FIELDS_INVALID" {
        let violation = json!({ "field": "task.title", "description": "must have 1 to 500 characters", "reason": "string.max_len" });
        details.push(json!({ "@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation] }));
    }
    let message = field::first_sentence(&reason.when);
    json!({ "error": { "code": status, "message": message, "status": reason.code, "details": details } })
}

fn error_schema() -> Json {
    json!({ "$ref": "#/components/schemas/Error" })
}

/// Adds the schema of failures.
pub(super) fn add_error(schemas: &mut Schemas) {
    let detail = json!({
        "type": "object", "description": "A message of `google.rpc`: every error has an `ErrorInfo` with its `reason`; \
            `BadRequest` lists the wrong fields, `RetryInfo` says when to try again, `ResourceInfo` what it is about.",
        "required": ["@type"],
        "properties": {
            "@type": { "type": "string", "description": "Which message it is.",
                "examples": ["type.googleapis.com/google.rpc.ErrorInfo"] },
            "reason": { "type": "string", "description": "Of ErrorInfo: why it failed. Reasons do not change." },
            "domain": { "type": "string", "description": "Of ErrorInfo: who gives such reasons." },
            "metadata": { "type": "object", "additionalProperties": { "type": "string" },
                "description": "Of ErrorInfo: what belongs to the reason, such as the current etag." },
            "fieldViolations": { "type": "array", "items": { "type": "object" },
                "description": "Of BadRequest: each wrong `field`, its `description`, and the broken rule as `reason`." },
            "retryDelay": { "type": "string", "description": "Of RetryInfo: how long to wait, such as `1.5s`." },
        },
    });
    let error = json!({
        "type": "object", "description": "What went wrong (AIP-193).", "required": ["code", "message", "status", "details"],
        "properties": {
            "code": { "type": "integer", "description": "The HTTP status." },
            "message": { "type": "string", "description": "What went wrong, in English, for developers; it may change." },
            "status": { "type": "string", "description": "The name of the gRPC code." },
            "details": { "type": "array", "items": detail, "description": "What a program needs to know." },
        },
    });
    schemas.add(
        "Error",
        json!({ "type": "object", "description": "The body of every failure.", "required": ["error"],
        "properties": { "error": error } }),
    );
}
