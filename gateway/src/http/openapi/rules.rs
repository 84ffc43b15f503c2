//! Rules of `buf.validate` as keywords of JSON Schema. What has no keyword is left to the comment.

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, ReflectMessage, Value};
use regex::Regex;
use serde_json::{Map, Value as Json, json};

use super::field;

const UUID_OR_EMPTY: &str = "^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})?$";

/// Adds the keywords for a field's rules to its schema.
pub(super) fn add(field: &FieldDescriptor, schema: &mut Map<String, Json>) {
    if let Some(rules) = field::rules(field) {
        add_all(&rules, schema);
    }
}

fn add_all(rules: &DynamicMessage, schema: &mut Map<String, Json>) {
    let Some(typed) = typed(rules) else { return };
    for (rule, value) in typed.fields() {
        match (rule.name(), value) {
            ("items", Value::Message(items)) => {
                if let Some(Json::Object(schema)) = schema.get_mut("items") {
                    add_all(items, schema);
                }
            }
            ("max_bytes", value) => {
                // A text of so many characters may still be too long, one of more is.
                schema.entry("maxLength").or_insert(number(value));
            }
            (name, value) => {
                if let Some((keyword, value)) = keyword(name, value) {
                    schema.insert(keyword.to_owned(), value);
                }
            }
        }
    }
}

/// Whether the rules do not look at the value that the field has when it is left out.
fn ignores_zero(rules: &DynamicMessage) -> bool {
    rules.get_field_by_name("ignore").is_some_and(|ignore| ignore.as_enum_number() != Some(0))
}

/// Lets an id be empty, too, where that means what leaving it out means.
pub(super) fn allow_empty(field: &FieldDescriptor, schema: &mut Map<String, Json>) {
    let empty_is_absent = field::rules(field).is_some_and(|rules| ignores_zero(&rules));
    if empty_is_absent && schema.get("format") == Some(&json!("uuid")) {
        schema.remove("format");
        schema.insert("pattern".to_owned(), json!(UUID_OR_EMPTY));
    }
}

/// The rules of the field's type, such as `buf.validate.StringRules`.
fn typed(rules: &DynamicMessage) -> Option<DynamicMessage> {
    let mut set = rules.fields().filter_map(|(_, value)| value.as_message());
    set.find(|message| message.descriptor().name().ends_with("Rules")).cloned()
}

fn keyword(rule: &str, value: &Value) -> Option<(&'static str, Json)> {
    let text = || value.as_str().map(Json::from);
    let bound = || Some(number(value)).filter(|number| !number.is_null());
    let format = |name: &'static str| (value.as_bool() == Some(true)).then(|| ("format", json!(name)));
    match rule {
        "min_len" => Some(("minLength", bound()?)),
        "max_len" => Some(("maxLength", bound()?)),
        "pattern" => Some(("pattern", text()?)),
        "min_items" => Some(("minItems", bound()?)),
        "max_items" => Some(("maxItems", bound()?)),
        "min_pairs" => Some(("minProperties", bound()?)),
        "max_pairs" => Some(("maxProperties", bound()?)),
        "unique" => Some(("uniqueItems", json!(value.as_bool()?))),
        "gte" => Some(("minimum", bound()?)),
        "gt" => Some(("exclusiveMinimum", bound()?)),
        "lte" => Some(("maximum", bound()?)),
        "lt" => Some(("exclusiveMaximum", bound()?)),
        "uuid" => format("uuid"),
        "email" => format("email"),
        "uri" => format("uri"),
        "uri_ref" => format("uri-reference"),
        "hostname" => format("hostname"),
        "ipv4" => format("ipv4"),
        "ipv6" => format("ipv6"),
        _ => None,
    }
}

/// A number as JSON Schema compares it; 64 bits are text in ProtoJSON, which it cannot compare.
fn number(value: &Value) -> Json {
    match value {
        Value::I32(number) => json!(number),
        Value::U32(number) => json!(number),
        Value::U64(number) => json!(number),
        Value::F32(number) => json!(number),
        Value::F64(number) => json!(number),
        _ => Json::Null,
    }
}

/// Whether requests must hold the field: its rules refuse the value that it has when it is left out.
pub(super) fn needs_value(field: &FieldDescriptor) -> bool {
    let Some(rules) = field::rules(field) else { return false };
    if rules.get_field_by_name("required").is_some_and(|required| required.as_bool() == Some(true)) {
        return true;
    }
    if field.supports_presence() || ignores_zero(&rules) {
        return false;
    }
    typed(&rules)
        .is_some_and(|typed| typed.fields().any(|(rule, value)| refuses_zero(&field.kind(), rule.name(), value)))
}

fn refuses_zero(kind: &Kind, rule: &str, value: &Value) -> bool {
    match rule {
        "min_len" | "min_bytes" | "len" | "min_items" | "min_pairs" => value.as_u64().is_some_and(|least| least > 0),
        "uuid" | "email" | "uri" | "hostname" | "ip" | "ipv4" | "ipv6" => value.as_bool() == Some(true),
        "pattern" => value.as_str().is_some_and(|text| Regex::new(text).is_ok_and(|pattern| !pattern.is_match(""))),
        "not_in" if matches!(kind, Kind::Enum(_)) => {
            value.as_list().is_some_and(|numbers| numbers.iter().any(|number| number.as_i32() == Some(0)))
        }
        "gt" | "gte" => number(value).as_f64().is_some_and(|least| least > 0.0 || (rule == "gt" && least == 0.0)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(message: &str, name: &str) -> FieldDescriptor {
        let message = mesh_proto::descriptors().get_message_by_name(&format!("taskmesh.{message}")).expect("a message");
        message.get_field_by_name(name).expect("a field")
    }

    fn keywords(message: &str, name: &str, schema: Json) -> Json {
        let Json::Object(mut schema) = schema else { panic!("an object") };
        add(&field(message, name), &mut schema);
        Json::Object(schema)
    }

    #[test]
    fn rules_become_keywords() {
        let title = keywords("task.v1.Task", "title", json!({}));
        assert_eq!(title, json!({"minLength": 1, "maxLength": 500}));
        let tags = keywords("task.v1.Task", "tags", json!({"items": {}}));
        assert_eq!(tags, json!({"maxItems": 50, "items": {"minLength": 1, "maxLength": 64}}));
        let limit = keywords("scheduler.v1.Reminder", "repeat_limit", json!({}));
        assert_eq!(limit, json!({"minimum": 1, "maximum": 1000}));
        assert_eq!(keywords("auth.v1.SignUpRequest", "email", json!({})), json!({"format": "email", "maxLength": 254}));
        assert_eq!(keywords("task.v1.Task", "id", json!({})), json!({}));
    }

    #[test]
    fn what_rules_do_not_let_be_empty_is_needed() {
        for (message, name) in [
            ("auth.v1.SignUpRequest", "email"),
            ("auth.v1.SignUpRequest", "password"),
            ("task.v1.GetTaskRequest", "id"),
            ("task.v1.CreateTaskRequest", "task"),
            ("scheduler.v1.PreviewScheduleRequest", "start"),
        ] {
            assert!(needs_value(&field(message, name)), "{name} of {message}");
        }
        for (message, name) in [
            ("task.v1.CreateTaskRequest", "workspace_id"),
            ("task.v1.Task", "title"),
            ("task.v1.ListTasksRequest", "page_size"),
            ("task.v1.ListTasksRequest", "workspace_id"),
        ] {
            assert!(!needs_value(&field(message, name)), "{name} of {message}");
        }
    }
}
