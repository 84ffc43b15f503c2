//! The request that an HTTP request describes. The path counts most, then the body, then the query.

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, header};
use mesh_types::{Fault, Violation};
use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, Value};
use serde_json::Value as Json;

use super::{
    field,
    json::{self, Mistakes},
    path, query,
    route::{BodyRule, Route},
    scalar,
};

/// The encoded request, as one gRPC frame.
///
/// # Errors
/// INVALID_ARGUMENT with every mistake that was found.
pub(super) fn build(
    route: &Route,
    segments: &[&str],
    query: Option<&str>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Bytes, Fault> {
    let mut mistakes = Mistakes::default();
    let mut message = DynamicMessage::new(route.input.clone());
    query::fill(route, query.unwrap_or_default(), &mut message, &mut mistakes);
    match &route.body {
        BodyRule::Raw(field) => fill_raw(field.as_ref(), headers, body, &mut message),
        _ => fill_from_body(route, body, &mut message, &mut mistakes)?,
    }
    for capture in &route.captures {
        let name = field::name(&capture.field);
        let text = path::text(&name, capture.span, segments);
        let kind = capture.field.last().map_or(Kind::String, FieldDescriptor::kind);
        let value = text.and_then(|text| {
            scalar::from_text(&kind, &text).map_err(|wrong| Violation::new(name, wrong.rule, wrong.description))
        });
        match value {
            Ok(value) => field::set(&mut message, &capture.field, value),
            Err(violation) => mistakes.add(violation),
        }
    }
    fill_from_headers(route, headers, &mut message, &mut mistakes);
    mistakes.check()?;
    Ok(framed(&message))
}

/// A message as a gRPC frame.
pub(super) fn framed(message: &impl Message) -> Bytes {
    let length = message.encoded_len();
    let mut frame = BytesMut::with_capacity(5 + length);
    frame.put_u8(0);
    frame.put_u32(u32::try_from(length).unwrap_or(u32::MAX));
    // The buffer grows as needed, so this cannot fail.
    let _ = message.encode(&mut frame);
    frame.freeze()
}

fn fill_from_body(
    route: &Route,
    body: &[u8],
    message: &mut DynamicMessage,
    mistakes: &mut Mistakes,
) -> Result<(), Fault> {
    let json = match route.body {
        BodyRule::Nothing => return Ok(()),
        _ => json::parse(body)?,
    };
    match (&route.body, json) {
        (_, None) | (BodyRule::Nothing | BodyRule::Raw(_), _) => {}
        (BodyRule::Everything, Some(Json::Object(object))) => {
            *message = json::message(&route.input, object, "", mistakes)
        }
        (BodyRule::Everything, _) => mistakes.add(Violation::new("body", "json.type", "must be an object")),
        (BodyRule::Field(field), Some(json)) => {
            let mask = json.as_object().and_then(|object| derived_mask(route, field, object.keys()));
            if let Some(value) = json::value(field, json, field.name(), mistakes) {
                message.set_field(field, value);
            }
            if let (Some(mask_field), Some(mask)) = (&route.update_mask, mask)
                && !message.has_field(mask_field)
            {
                message.set_field(mask_field, mask);
            }
        }
    }
    Ok(())
}

/// Fills a `google.api.HttpBody`, which is `field` or the request itself.
fn fill_raw(field: Option<&FieldDescriptor>, headers: &HeaderMap, body: &[u8], message: &mut DynamicMessage) {
    let message = match field {
        Some(field) => message.get_field_mut(field).as_message_mut(),
        None => Some(message),
    };
    let Some(message) = message else { return };
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    message.set_field_by_name("content_type", Value::String(content_type.to_owned()));
    message.set_field_by_name("data", Value::Bytes(Bytes::copy_from_slice(body)));
}

/// What a PATCH changes: the fields that its body names, null or not; but neither what the path says anyway nor the etag,
/// which is a condition.
fn derived_mask<'a>(route: &Route, body: &FieldDescriptor, keys: impl Iterator<Item = &'a String>) -> Option<Value> {
    let (Kind::Message(mask), Kind::Message(resource)) = (route.update_mask.as_ref()?.kind(), body.kind()) else {
        return None;
    };
    let named = keys.filter_map(|key| field::named(&resource, key));
    let changed = named.filter(|field| field.name() != "etag" && !route.is_captured(&[body.clone(), field.clone()]));
    Some(Value::Message(scalar::mask(&mask, changed.map(|field| field.name().to_owned()))))
}

/// Fills what headers say: an id or etag, which must not be given otherwise elsewhere; the last event in any case, because
/// a browser that reconnects asks with its first URL.
fn fill_from_headers(route: &Route, headers: &HeaderMap, message: &mut DynamicMessage, mistakes: &mut Mistakes) {
    let mut fill = |fields: &[FieldDescriptor], name: &str, keep: bool| {
        let Some(value) = headers.get(name) else { return };
        let Ok(text) = value.to_str() else {
            return mistakes.add(Violation::new(name, "header.ascii", "must be printable ASCII"));
        };
        let text = if name == "if-match" { unquoted(text) } else { text };
        if text.is_empty() || text == "*" {
            return;
        }
        match field::text(message, fields).filter(|given| keep && !given.is_empty()) {
            Some(given) if given != text => {
                let description = format!("is another than {}, which is given, too", field::name(fields));
                mistakes.add(Violation::new(name, "header.conflict", description));
            }
            _ => field::set(message, fields, Value::String(text.to_owned())),
        }
    };
    if let Some(field) = &route.request_id {
        fill(std::slice::from_ref(field), "idempotency-key", true);
    }
    if let Some(fields) = &route.etag {
        fill(fields, "if-match", true);
    }
    if let Some(field) = &route.last_event_id {
        fill(std::slice::from_ref(field), "last-event-id", false);
    }
}

/// An etag without the quotes that HTTP puts around it.
fn unquoted(text: &str) -> &str {
    let text = text.trim().trim_start_matches("W/");
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, Method};
    use mesh_proto::task::v1::{CreateTaskRequest, TaskPriority, UpdateTaskRequest, task_time};
    use mesh_types::ErrorKind;
    use proptest::prelude::*;

    use super::*;
    use crate::http::rest::{Found, Router, route::sample};

    /// What a request to TaskService comes to, as the service reads it.
    fn read<M: Message + Default>(method: &Method, target: &str, headers: &HeaderMap, body: &[u8]) -> Result<M, Fault> {
        let router = Router::new(sample::table().iter()).expect("good routes");
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let Found::Route(route, segments) = router.find(method, path) else { panic!("no route: {target}") };
        let frame = build(route, &segments, Some(query), headers, body)?;
        Ok(M::decode(&frame[5..]).expect("it decodes"))
    }

    #[tokio::test]
    async fn a_query_reaches_nested_repeated_and_enum_fields() {
        let target = "/v1/tasks?task.due.localTime=2026-01-31T09:00:00&task.due.time_zone=UTC&task.tags=a&task.tags=b\
            &task.priority=high&task.status=30&task.title=a+b%2Bc";
        let request: CreateTaskRequest = read(&Method::POST, target, &HeaderMap::new(), b"").expect("it is good");
        let task = request.task.expect("a task");
        assert_eq!((task.title(), task.tags.as_slice()), ("a b+c", ["a".to_owned(), "b".to_owned()].as_slice()));
        assert_eq!((task.priority(), task.status), (TaskPriority::High, Some(30)));
        let due = task.due.expect("a time");
        assert_eq!(due.value, Some(task_time::Value::LocalTime("2026-01-31T09:00:00".to_owned())));
    }

    #[tokio::test]
    async fn the_path_counts_more_than_the_body_and_the_body_more_than_the_query() {
        let target = "/v1/tasks/path?task.id=query&task.title=query&requestId=same";
        let mut headers = HeaderMap::new();
        headers.insert(HeaderName::from_static("idempotency-key"), "same".parse().expect("ASCII"));
        let body = br#"{"id": "body", "title": "body"}"#;
        let request: UpdateTaskRequest = read(&Method::PATCH, target, &headers, body).expect("it is good");
        let task = request.task.expect("a task");
        assert_eq!((task.id.as_str(), task.title(), request.request_id.as_str()), ("path", "body", "same"));
        assert_eq!(request.update_mask.expect("a mask").paths, ["title"]);
    }

    #[tokio::test]
    async fn a_header_that_says_other_than_the_query_is_refused() {
        let headers = HeaderMap::from_iter([(HeaderName::from_static("idempotency-key"), "a".parse().expect("ASCII"))]);
        let read = |target: &str| read::<UpdateTaskRequest>(&Method::PATCH, target, &headers, b"{}");
        assert_eq!(read("/v1/tasks/id?requestId=b").expect_err("two ids").violations[0].rule, "header.conflict");
        assert_eq!(read("/v1/tasks/id?requestId=").expect("one id").request_id, "a");
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(query in ".{0,40}", body in body()) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            let _inside = runtime.enter();
            let target = format!("/v1/tasks/id?{query}");
            if let Err(fault) = read::<UpdateTaskRequest>(&Method::PATCH, &target, &HeaderMap::new(), body.as_bytes()) {
                prop_assert_eq!(fault.kind, ErrorKind::InvalidArgument);
            }
        }
    }

    /// Anything, and JSON that is nearly right.
    fn body() -> impl Strategy<Value = String> {
        let value = prop_oneof![
            ".{0,10}".prop_map(|text| serde_json::Value::from(text).to_string()),
            "\"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,12})?(Z|[+-][0-9]{2}:[0-9]{2})\"",
            any::<f64>().prop_map(|number| number.to_string()),
            Just("null".to_owned()),
            Just("{\"time\": \"2026-01-31T09:00:00Z\"}".to_owned()),
            Just("[[], {}, 1, \"a\"]".to_owned()),
        ];
        let name =
            prop_oneof![Just("title"), Just("due"), Just("tags"), Just("version"), Just("createTime"), Just("x")];
        let pair = (name, value).prop_map(|(name, value)| format!("\"{name}\": {value}"));
        let object = proptest::collection::vec(pair, 0..5).prop_map(|pairs| format!("{{{}}}", pairs.join(", ")));
        prop_oneof![object, ".{0,40}"]
    }
}
