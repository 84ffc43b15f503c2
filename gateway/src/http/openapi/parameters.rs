//! What a route takes beside its body: of its path, its query and its headers.

use http::Method;
use prost_reflect::{FieldDescriptor, Kind};
use serde_json::{Value as Json, json};

use super::{
    examples,
    field::{self, json_path},
    rules,
    schema::{Schemas, Way},
};
use crate::http::rest::{BodyRule, Route, Step};

/// The path as OpenAPI writes it: each variable step has the name of the field that it fills.
pub(super) fn path(route: &Route) -> String {
    let mut path = String::new();
    for (index, step) in route.template.steps.iter().enumerate() {
        path.push('/');
        match step {
            Step::Literal(text) => path.push_str(text),
            Step::Single | Step::Rest => path.push_str(&format!("{{{}}}", variable(route, index))),
        }
    }
    if let Some(verb) = &route.template.verb {
        path.push_str(&format!(":{verb}"));
    }
    path
}

/// The name of the variable at a step: that of its field, counted where the field takes several.
fn variable(route: &Route, step: usize) -> String {
    let capture = route.captures.iter().find(|capture| capture.span.takes(step));
    let Some(capture) = capture else { return format!("segment{step}") };
    let name = capture.field.last().map(FieldDescriptor::json_name).unwrap_or_default();
    let variable = |at: &usize| capture.span.takes(*at) && !matches!(route.template.steps[*at], Step::Literal(_));
    let variables: Vec<_> = (0..route.template.steps.len()).filter(variable).collect();
    match variables.len() {
        1 => name.to_owned(),
        _ => format!("{name}{}", 1 + variables.iter().take_while(|at| **at < step).count()),
    }
}

/// All parameters of a route.
pub(super) fn all(route: &Route, schemas: &mut Schemas) -> Vec<Json> {
    let mut parameters = in_path(route, schemas);
    if !matches!(route.body, BodyRule::Everything | BodyRule::Raw(None)) {
        for field in route.input.fields() {
            in_query(route, vec![field], schemas, &mut parameters);
        }
    }
    parameters.extend(in_headers(route));
    parameters
}

fn in_path(route: &Route, schemas: &mut Schemas) -> Vec<Json> {
    let mut parameters = Vec::new();
    for (index, step) in route.template.steps.iter().enumerate() {
        let capture = route.captures.iter().find(|capture| capture.span.takes(index));
        let (Step::Single | Step::Rest, Some(field)) = (step, capture.and_then(|capture| capture.field.last())) else {
            continue;
        };
        parameters.push(json!({
            "name": variable(route, index), "in": "path", "required": true, "description": field::described(field),
            "schema": schemas.value(field, Way::Request), "example": examples::any(field),
        }));
    }
    parameters
}

/// The parameters that fill the field at the end of `way`, or the fields of the message there.
fn in_query(route: &Route, way: Vec<FieldDescriptor>, schemas: &mut Schemas, parameters: &mut Vec<Json>) {
    let Some(last) = way.last() else { return };
    let fills_body = match &route.body {
        BodyRule::Field(body) | BodyRule::Raw(Some(body)) => way.first() == Some(body),
        _ => false,
    };
    if fills_body || route.is_captured(&way) || field::is_output_only(last) {
        return;
    }
    if let (Some(inner), false) = (field::own_message(last), last.is_list() || last.is_map()) {
        let seen = way.iter().filter_map(field::own_message).filter(|message| *message == inner).count() > 1;
        for field in inner.fields().filter(|_| !seen) {
            in_query(route, [way.clone(), vec![field]].concat(), schemas, parameters);
        }
        return;
    }
    if matches!(last.kind(), Kind::Message(_)) && field::own_message(last).is_some() {
        // A list of messages cannot be told in a query.
        return;
    }
    let mut parameter = json!({
        "name": json_path(&way), "in": "query", "description": field::described(last), "schema": schemas.value(last, Way::Request),
    });
    if way.len() == 1 && rules::needs_value(last) {
        parameter["required"] = json!(true);
    }
    if last.is_map() {
        // Entries are given as name[key]=value.
        parameter["style"] = json!("deepObject");
    }
    if let Some(example) = examples::stated(last) {
        parameter["example"] = example;
    }
    parameters.push(parameter);
}

/// Whether the route changes a thing only if it has the etag that was read; what is only made has none.
pub(super) fn is_conditional(route: &Route) -> bool {
    let creates = route.verb == Method::POST && matches!(route.body, BodyRule::Field(_));
    route.etag.is_some() && !creates
}

/// Whether the answer need not be sent to whoever has it.
pub(super) fn is_kept(route: &Route) -> bool {
    route.answer_etag.is_some() && route.verb == Method::GET
}

fn in_headers(route: &Route) -> Vec<Json> {
    let header = |name: &str, description: &str, longest: usize| {
        let schema = json!({ "type": "string", "maxLength": longest, "pattern": "^[ -~]*$" });
        json!({ "name": name, "in": "header", "description": description, "schema": schema })
    };
    let mut headers = Vec::new();
    if route.request_id.is_some() {
        let text = "Makes a repeated call harmless for 24 hours: the same key and request get the same answer. \
                    Fills `requestId`.";
        headers.push(header("Idempotency-Key", text, 128));
    }
    if is_conditional(route) {
        let text = "The `ETag` that was read: the call fails with 409 (`ETAG_MISMATCH`) if it is another by now. Fills \
                    `etag`.";
        headers.push(header("If-Match", text, 66));
    }
    if is_kept(route) {
        let text = "Entity tags that the caller has already: if the answer's is one of them, it is 304 without a body.";
        // What is no entity tag is none that the answer has.
        let schema = json!({ "type": "string" });
        headers.push(json!({ "name": "If-None-Match", "in": "header", "description": text, "schema": schema }));
    }
    if route.last_event_id.is_some() {
        let text = "The `id` of the last event that was seen; a browser's EventSource sends it when it reconnects. The \
                    stream goes on right after it.";
        headers.push(header("Last-Event-ID", text, 512));
    }
    headers
}
