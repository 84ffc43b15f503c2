//! JSON in: ProtoJSON to messages, with every mistake told by the field it is in.
//!
//! prost-reflect could do this too, but stops at the first mistake and tells it in its parser's words.

use mesh_types::{ErrorKind, Fault, Reason, Violation};
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};
use serde_json::{Map, Value as Json};

use super::{
    field, scalar,
    strict::{Strict, TWICE},
};

/// Further mistakes are not told.
const MAX_VIOLATIONS: usize = 32;
/// How long a key may be to be told again.
const LONGEST_KEY: usize = 100;

/// The mistakes found in a request.
#[derive(Debug, Default)]
pub(super) struct Mistakes(Vec<Violation>);

impl Mistakes {
    pub(super) fn add(&mut self, violation: Violation) {
        if self.0.len() < MAX_VIOLATIONS {
            self.0.push(violation);
        }
    }

    /// # Errors
    /// INVALID_ARGUMENT with all of them, if there are any.
    pub(super) fn check(self) -> Result<(), Fault> {
        if self.0.is_empty() { Ok(()) } else { Err(Fault::invalid(self.0)) }
    }
}

/// Parses a body; `None` if there is none.
///
/// # Errors
/// INVALID_ARGUMENT (`MALFORMED`) for what is no JSON.
pub(super) fn parse(body: &[u8]) -> Result<Option<Json>, Fault> {
    let malformed = |message: String| Fault::new(ErrorKind::InvalidArgument, Reason::Malformed, message);
    let text = std::str::from_utf8(body).map_err(|_| malformed("the body is not UTF-8".to_owned()))?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    let parsed = serde_json::from_str(text).map(|Strict(json)| Some(json));
    parsed.map_err(|error| {
        let (told, line, column) = (error.to_string(), error.line(), error.column());
        if told.starts_with("recursion limit") {
            return malformed("the body is nested too deeply".to_owned());
        }
        let place = format!("line {line}, column {column}");
        match told.strip_prefix(TWICE).and_then(|told| told.rsplit_once(" at line ")) {
            Some((key, _)) if key.len() <= LONGEST_KEY => malformed(format!("the body gives {key} twice ({place})")),
            Some(_) => malformed(format!("the body gives a key twice ({place})")),
            None => malformed(format!("the body is not valid JSON ({place})")),
        }
    })
}

/// The message that a JSON object describes. `at` is the message's own path, empty for the request.
pub(super) fn message(
    descriptor: &MessageDescriptor,
    object: Map<String, Json>,
    at: &str,
    mistakes: &mut Mistakes,
) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    let mut seen = Vec::with_capacity(object.len());
    for (key, json) in object {
        let Some(field) = field::named(descriptor, &key) else {
            mistakes.add(Violation::new(join(at, &key), "json.unknown_field", "there is no such field"));
            continue;
        };
        let at = join(at, field.name());
        if seen.contains(&field.number()) {
            mistakes.add(Violation::new(at, "json.duplicate_field", "is given twice"));
            continue;
        }
        seen.push(field.number());
        if json.is_null() && !takes_null(&field) {
            continue;
        }
        if let Some(other) = rival(&message, &field) {
            mistakes.add(Violation::new(at, "json.oneof", format!("cannot be given together with {other}")));
            continue;
        }
        if let Some(value) = value(&field, json, &at, mistakes) {
            message.set_field(&field, value);
        }
    }
    message
}

/// A field's value: a list, a map, or one thing.
pub(super) fn value(field: &FieldDescriptor, json: Json, at: &str, mistakes: &mut Mistakes) -> Option<Value> {
    if field.is_map() {
        return map(field, json, at, mistakes);
    }
    if !field.is_list() {
        return one(&field.kind(), json, at, mistakes);
    }
    let Json::Array(items) = json else {
        mistakes.add(Violation::new(at, "json.type", "must be a list"));
        return None;
    };
    let kind = field.kind();
    let items = items.into_iter().enumerate();
    Some(Value::List(items.filter_map(|(index, item)| one(&kind, item, &format!("{at}[{index}]"), mistakes)).collect()))
}

fn one(kind: &Kind, json: Json, at: &str, mistakes: &mut Mistakes) -> Option<Value> {
    let read = match (kind, json) {
        (Kind::Message(descriptor), Json::Object(object)) if !scalar::is_well_known(descriptor) => {
            return Some(Value::Message(message(descriptor, object, at, mistakes)));
        }
        (Kind::Message(descriptor), json) => scalar::well_known(descriptor, json),
        (kind, json) => scalar::from_json(kind, &json),
    };
    read.map_err(|mistake| mistakes.add(Violation::new(at, mistake.rule, mistake.description))).ok()
}

fn map(field: &FieldDescriptor, json: Json, at: &str, mistakes: &mut Mistakes) -> Option<Value> {
    let (Json::Object(object), Kind::Message(entry)) = (json, field.kind()) else {
        mistakes.add(Violation::new(at, "json.type", "must be an object"));
        return None;
    };
    let (key_kind, value_kind) = (entry.map_entry_key_field().kind(), entry.map_entry_value_field().kind());
    let mut values = std::collections::HashMap::with_capacity(object.len());
    for (key, json) in object {
        let at = format!("{at}[{key}]");
        match scalar::from_text(&key_kind, &key).map(Value::into_map_key) {
            Ok(Some(key)) => {
                if let Some(value) = one(&value_kind, json, &at, mistakes) {
                    values.insert(key, value);
                }
            }
            _ => mistakes.add(Violation::new(at, "json.type", "is no key of this map")),
        }
    }
    Some(Value::Map(values))
}

/// `google.protobuf.Value` can hold null; for every other field null is "not given".
fn takes_null(field: &FieldDescriptor) -> bool {
    matches!(field.kind(), Kind::Message(kind) if kind.full_name() == "google.protobuf.Value") && !field.is_list()
}

/// The field of the same oneof that was given already.
fn rival(message: &DynamicMessage, field: &FieldDescriptor) -> Option<String> {
    let oneof = field.containing_oneof()?;
    let given = oneof.fields().find(|other| other != field && message.has_field(other));
    given.map(|other| other.name().to_owned())
}

/// The path of a field in the message at `at`.
pub(super) fn join(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(json: Json) -> (DynamicMessage, Vec<Violation>) {
        let descriptor = mesh_proto::descriptors().get_message_by_name("taskmesh.task.v1.Task").expect("it is there");
        let Json::Object(object) = json else { panic!("an object") };
        let mut mistakes = Mistakes::default();
        (message(&descriptor, object, "task", &mut mistakes), mistakes.0)
    }

    #[test]
    fn both_spellings_short_enum_names_and_nested_messages_are_read() {
        let due = json!({"date": "2026-01-31", "timeZone": "Europe/Berlin"});
        let body = json!({"title": "x", "list_id": "l", "parentId": "p", "priority": "high", "status": 30, "due": due,
            "version": "7", "createTime": "2026-01-31T09:00:00Z", "tags": ["a", "b"], "description": null});
        let (task, mistakes) = read(body);
        assert_eq!(mistakes, []);
        let written = serde_json::to_value(&task).expect("it can be written");
        let expected = json!({"title": "x", "listId": "l", "parentId": "p", "priority": "TASK_PRIORITY_HIGH",
            "status": "TASK_STATUS_COMPLETED", "due": due, "version": "7", "createTime": "2026-01-31T09:00:00Z",
            "tags": ["a", "b"]});
        assert_eq!(written, expected);
    }

    #[test]
    fn every_mistake_is_told_by_its_field() {
        let body = json!({"titel": "x", "title": 5, "tags": ["a", 1], "due": {"date": "d", "localTime": "t"},
            "priority": "loud", "version": 1.5, "create_time": "soon", "description": "a\0b", "start": "now"});
        let (_, mistakes) = read(body);
        let mut told: Vec<_> = mistakes.iter().map(|one| (one.field.as_str(), one.rule.as_str())).collect();
        told.sort_unstable();
        let expected = [
            ("task.create_time", "json.type"),
            ("task.description", "string.nul"),
            ("task.due.local_time", "json.oneof"),
            ("task.priority", "enum.unknown"),
            ("task.start", "json.type"),
            ("task.tags[1]", "json.type"),
            ("task.titel", "json.unknown_field"),
            ("task.title", "json.type"),
            ("task.version", "json.type"),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_no_json_is_refused_in_our_own_words() {
        assert_eq!(parse(b"{\"a\":").expect_err("cut").message, "the body is not valid JSON (line 1, column 5)");
        assert_eq!(parse(b"\xff").expect_err("bytes").message, "the body is not UTF-8");
        assert_eq!(parse("[".repeat(200).as_bytes()).expect_err("deep").message, "the body is nested too deeply");
        assert_eq!(parse(b"\xef\xbb\xbf{}").expect_err("BOM").message, "the body is not valid JSON (line 1, column 1)");
        assert_eq!(parse(b"{} {}").expect_err("two").message, "the body is not valid JSON (line 1, column 4)");
        assert_eq!(parse(b"1e999").expect_err("huge").message, "the body is not valid JSON (line 1, column 5)");
        let twice = br#"{"a": {"b": 1, "c": 2, "b": 3}}"#;
        assert_eq!(parse(twice).expect_err("twice").message, "the body gives \"b\" twice (line 1, column 26)");
        assert_eq!((parse(b" "), parse(b"null")), (Ok(None), Ok(Some(Json::Null))));
    }
}
