//! From a request message to the HTTP request that `google.api.http` describes, as a client of the contract does it.

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use mesh_proto::{
    Method,
    google::api::{HttpRule, http_rule::Pattern},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use prost_reflect::DynamicMessage;
use serde_json::{Map, Value};

/// An HTTP request to the gateway.
#[derive(Clone, Debug)]
pub struct RestRequest {
    /// The verb.
    pub method: http::Method,
    /// Path and query.
    pub path: String,
    /// Header fields beyond the token's.
    pub headers: HeaderMap,
    /// A JSON body.
    pub body: Option<Bytes>,
}

impl RestRequest {
    /// A request without a body.
    pub fn new(method: http::Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: HeaderMap::new(), body: None }
    }

    /// The same with a body.
    #[must_use]
    pub fn with_body(self, body: impl Into<Bytes>) -> Self {
        Self { body: Some(body.into()), ..self }
    }
}

/// Header fields that stand for request fields.
const REQUEST_ID: (&str, &str) = ("requestId", "idempotency-key");
const LAST_EVENT_ID: &str = "last-event-id";
/// Kept as they are in a path segment (RFC 3986, unreserved).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The HTTP request for `message` to `method`.
///
/// # Errors
/// When the method has no route or the message lacks what the path needs.
pub fn rest_request(method: &Method, message: &DynamicMessage) -> Result<RestRequest> {
    let rule = method.http.as_ref().context("it has no route")?;
    let (verb, template) = pattern(rule)?;
    let Value::Object(mut fields) = serde_json::to_value(message)? else { anyhow::bail!("not an object") };
    let mut request = RestRequest::new(verb, String::new());
    request.path = bind_path(template, &mut fields)?;
    take_header(&mut fields, REQUEST_ID.0, REQUEST_ID.1, &mut request.headers)?;
    let resumes = &method.last_event_id_field;
    if !resumes.is_empty() {
        take_header(&mut fields, &camel(resumes), LAST_EVENT_ID, &mut request.headers)?;
    }
    match rule.body.as_str() {
        "" => {}
        "*" => request.body = Some(serde_json::to_vec(&std::mem::take(&mut fields))?.into()),
        field => {
            let mask = fields.remove("updateMask").and_then(|mask| mask.as_str().map(str::to_owned));
            let mut body = fields.remove(&camel(field)).unwrap_or_else(|| Value::Object(Map::new()));
            match mask {
                // The names in a body cannot say what is meant within a field; the query can.
                Some(mask) if mask.contains('.') => _ = fields.insert("updateMask".to_owned(), mask.into()),
                mask => hold_to_mask(&mut body, mask.as_deref().unwrap_or_default()),
            }
            request.body = Some(serde_json::to_vec(&body)?.into());
        }
    }
    append_query(&mut request.path, &fields);
    Ok(request)
}

fn pattern(rule: &HttpRule) -> Result<(http::Method, &str)> {
    Ok(match rule.pattern.as_ref().context("the route has no pattern")? {
        Pattern::Get(path) => (http::Method::GET, path),
        Pattern::Put(path) => (http::Method::PUT, path),
        Pattern::Post(path) => (http::Method::POST, path),
        Pattern::Delete(path) => (http::Method::DELETE, path),
        Pattern::Patch(path) => (http::Method::PATCH, path),
    })
}

/// Fills `{field.path}` in the template from the message and takes these fields out of it.
fn bind_path(template: &str, fields: &mut Map<String, Value>) -> Result<String> {
    let mut path = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').context("an open brace")?;
        let value = take(fields, name).unwrap_or_default();
        path.push_str(before);
        path.extend(utf8_percent_encode(&value, ESCAPED));
        rest = after;
    }
    path.push_str(rest);
    Ok(path)
}

/// Takes the text at a dotted path out of an object.
fn take(fields: &mut Map<String, Value>, path: &str) -> Option<String> {
    match path.split_once('.') {
        Some((first, rest)) => take(fields.get_mut(&camel(first))?.as_object_mut()?, rest),
        None => fields.remove(&camel(path))?.as_str().map(str::to_owned),
    }
}

fn take_header(fields: &mut Map<String, Value>, field: &str, header: &'static str, to: &mut HeaderMap) -> Result<()> {
    if let Some(value) = fields.remove(field) {
        to.insert(header, HeaderValue::from_str(value.as_str().unwrap_or_default())?);
    }
    Ok(())
}

/// REST has no mask: what the body names is changed. So it holds what the mask names and no more but the etag, and a
/// field that is cleared as `null`.
fn hold_to_mask(body: &mut Value, mask: &str) {
    let names: Vec<_> = mask.split(',').filter(|name| !name.is_empty()).collect();
    let Some(body) = body.as_object_mut().filter(|_| !names.is_empty()) else { return };
    body.retain(|name, _| name == "etag" || names.contains(&name.as_str()));
    for name in names {
        body.entry(name).or_insert(Value::Null);
    }
}

fn append_query(path: &mut String, fields: &Map<String, Value>) {
    let mut separator = '?';
    for (name, value) in fields {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let pair = format!("{separator}{name}={}", utf8_percent_encode(&text, ESCAPED));
        path.push_str(&pair);
        separator = '&';
    }
}

/// `page_size` is `pageSize` in JSON.
fn camel(name: &str) -> String {
    let mut upper = false;
    let mut camel = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter {
            '_' => upper = true,
            letter if upper => {
                camel.extend(letter.to_uppercase());
                upper = false;
            }
            letter => camel.push(letter),
        }
    }
    camel
}

#[cfg(test)]
mod tests {
    use mesh_proto::{
        scheduler::v1::{Schedule, SplitScheduleRequest, TaskTemplate, UpdateScheduleRequest},
        task::v1::{Task, UpdateTaskRequest},
    };
    use prost::Message;

    use super::*;

    #[test]
    fn an_update_becomes_a_patch_with_nulls_for_what_is_cleared() {
        let task = Task { id: "a/b".to_owned(), title: Some("t".to_owned()), version: 7, ..Task::default() };
        let mask = prost_types_mask(&["title", "due"]);
        let request = UpdateTaskRequest { task: Some(task), update_mask: Some(mask), request_id: "r".to_owned() };
        let http = rest("/UpdateTask", &request);
        assert_eq!((http.method, http.path.as_str()), (http::Method::PATCH, "/v1/tasks/a%2Fb"));
        assert_eq!(http.headers["idempotency-key"], "r");
        assert_eq!(http.body.as_deref(), Some(br#"{"due":null,"title":"t"}"#.as_slice()));
    }

    #[test]
    fn an_update_within_a_field_says_so_in_the_query() {
        let template = Some(TaskTemplate { title: Some("t".to_owned()), ..TaskTemplate::default() });
        let schedule = Some(Schedule { id: "s".to_owned(), template, ..Schedule::default() });
        let update_mask = Some(prost_types_mask(&["template.title", "policies.ahead_count"]));
        let http =
            rest("/UpdateSchedule", &UpdateScheduleRequest { schedule, update_mask, request_id: "r".to_owned() });
        assert_eq!(http.path, "/v1/schedules/s?updateMask=template.title%2Cpolicies.aheadCount");
        assert_eq!(http.body.as_deref(), Some(br#"{"template":{"title":"t"}}"#.as_slice()));
    }

    #[test]
    fn a_mask_stays_in_a_body_that_is_the_whole_request() {
        let update_mask = Some(prost_types_mask(&["template.title"]));
        let request = SplitScheduleRequest { id: "s".to_owned(), update_mask, ..SplitScheduleRequest::default() };
        let http = rest("/SplitSchedule", &request);
        assert_eq!(http.path, "/v1/schedules/s:split");
        assert_eq!(http.body.as_deref(), Some(br#"{"updateMask":"template.title"}"#.as_slice()));
    }

    fn rest(method: &str, request: &impl Message) -> RestRequest {
        let method = mesh_proto::methods().iter().find(|known| known.path.ends_with(method));
        let method = method.expect("the contract has it");
        let message = DynamicMessage::decode(method.descriptor.input(), request.encode_to_vec().as_slice());
        rest_request(method, &message.expect("it decodes")).expect("it has a route")
    }

    fn prost_types_mask(paths: &[&str]) -> prost_types::FieldMask {
        prost_types::FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() }
    }
}
