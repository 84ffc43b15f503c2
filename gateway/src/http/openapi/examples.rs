//! Examples: what the contract gives for a field, else what such a field usually holds.

use mesh_proto::field_option;
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value as Json, json};

use super::{field, rules, well_known};

/// Ids are UUIDs everywhere.
pub(super) const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
/// Messages are not followed deeper than this.
const DEPTH: usize = 5;

/// A telling example of the field, if there is one.
pub(super) fn of(field: &FieldDescriptor) -> Option<Json> {
    stated(field).or_else(|| usual(field))
}

/// What the contract gives: text as it is, everything else as JSON.
pub(super) fn stated(field: &FieldDescriptor) -> Option<Json> {
    let value = field_option(field, "taskmesh.api.v1.example")?;
    let text = value.as_str()?;
    Some(match field.kind() {
        _ if field.is_list() || field.is_map() => serde_json::from_str(text).unwrap_or(Json::Null),
        Kind::String | Kind::Enum(_) | Kind::Bytes => json!(text),
        Kind::Message(message) if matches!(message.name(), "Timestamp" | "Duration" | "FieldMask") => json!(text),
        _ => serde_json::from_str(text).unwrap_or(Json::Null),
    })
}

/// What fields of this name or type hold.
fn usual(field: &FieldDescriptor) -> Option<Json> {
    let one = match (field.name(), field.kind()) {
        ("request_id", Kind::String) => json!("buy-milk-1"),
        ("etag", Kind::String) => json!("3-1f0c8a"),
        ("version", Kind::Int64) => json!("3"),
        ("id" | "created_by", Kind::String) => json!(ID),
        (name, Kind::String) if name.ends_with("_id") || name.ends_with("_ids") => json!(ID),
        (_, Kind::Message(message)) if matches!(message.name(), "Timestamp" | "Duration") => {
            well_known::example(&message)
        }
        _ => return None,
    };
    Some(if field.is_list() { json!([one]) } else { one })
}

/// An answer.
pub(super) fn answer(message: &MessageDescriptor) -> Json {
    object(message, DEPTH, &|field| {
        let is_chosen = !field::choices(message).iter().any(|(fields, _)| fields.contains(field));
        is_chosen && field::is_usually_written(field)
    })
}

/// A request, without the fields that `elsewhere` says are told in another place.
pub(super) fn request(message: &MessageDescriptor, elsewhere: &[FieldDescriptor], required: &[String]) -> Json {
    let mut example = Map::new();
    for field in message.fields().filter(|field| !elsewhere.contains(field) && !field::is_output_only(field)) {
        let needed = rules::needs_value(&field) || required.iter().any(|name| name == field.name());
        let value = match (stated(&field), field::own_message(&field)) {
            (Some(value), _) => value,
            (None, Some(inner)) if needed && !field.is_list() => request(&inner, &[], &[]),
            (None, Some(inner)) if needed => json!([request(&inner, &[], &[])]),
            (None, None) if needed => one_or_list(&field, DEPTH),
            _ => continue,
        };
        example.insert(field.json_name().to_owned(), value);
    }
    Json::Object(example)
}

/// Some value of the field.
pub(super) fn any(field: &FieldDescriptor) -> Json {
    of(field).unwrap_or_else(|| one_or_list(field, DEPTH))
}

fn object(message: &MessageDescriptor, depth: usize, is_written: &dyn Fn(&FieldDescriptor) -> bool) -> Json {
    let mut example = Map::new();
    for field in message.fields().filter(|field| !field::is_input_only(field)) {
        let (stated, written) = (stated(&field), is_written(&field));
        let value = match (stated, field::own_message(&field)) {
            // What is always written is not stated again.
            (Some(Json::Object(stated)), Some(_)) if depth > 0 => {
                let mut whole = one(&field, depth);
                whole.as_object_mut().into_iter().for_each(|whole| whole.extend(stated.clone()));
                whole
            }
            (Some(stated), _) => stated,
            (None, _) if written && (depth > 0 || field::is_always_written(&field)) => {
                usual(&field).unwrap_or_else(|| one_or_list(&field, depth))
            }
            _ => continue,
        };
        example.insert(field.json_name().to_owned(), value);
    }
    choose(message, depth, &mut example);
    Json::Object(example)
}

/// Writes one of the fields that exclude one another, where one must be there: the first that holds something.
fn choose(message: &MessageDescriptor, depth: usize, example: &mut Map<String, Json>) {
    for (fields, required) in field::choices(message) {
        if !required && message.oneofs().all(|oneof| oneof.is_synthetic()) {
            continue;
        }
        if fields.iter().any(|field| example.contains_key(field.json_name())) {
            continue;
        }
        let holds_something =
            |field: &&FieldDescriptor| field::own_message(field).is_none_or(|it| it.fields().len() > 0);
        if let Some(field) = fields.iter().find(holds_something).filter(|_| depth > 0) {
            example.insert(field.json_name().to_owned(), one_or_list(field, depth));
        }
    }
}

fn one_or_list(field: &FieldDescriptor, depth: usize) -> Json {
    if field.is_map() {
        return json!({});
    }
    if !field.is_list() {
        return one(field, depth);
    }
    if field::own_message(field).is_some() && depth > 0 { json!([one(field, depth)]) } else { json!([]) }
}

fn one(field: &FieldDescriptor, depth: usize) -> Json {
    match field.kind() {
        Kind::Message(message) if message.package_name() == "google.protobuf" => well_known::example(&message),
        Kind::Message(message) => object(&message, depth.saturating_sub(1), &|field| {
            field::is_usually_written(field)
                && !field::choices(&message).iter().any(|(fields, _)| fields.contains(field))
        }),
        Kind::Enum(descriptor) => {
            let value = descriptor.values().find(|value| value.number() != 0);
            value.map_or(Json::Null, |value| json!(value.name()))
        }
        Kind::Bool => json!(false),
        Kind::String => json!(text(field)),
        Kind::Bytes => json!(""),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 | Kind::Uint64 | Kind::Fixed64 => json!("1"),
        _ => json!(1),
    }
}

/// Some text that the rules let pass; empty where they have none to say.
fn text(field: &FieldDescriptor) -> String {
    let mut schema = Map::new();
    rules::add(field, &mut schema);
    match schema.get("format").and_then(Json::as_str) {
        Some("uuid") => ID.to_owned(),
        Some("email") => "ada@example.com".to_owned(),
        Some("uri") => "https://example.com/".to_owned(),
        _ => {
            let least = schema.get("minLength").and_then(Json::as_u64).and_then(|least| usize::try_from(least).ok());
            "some text ".chars().cycle().take(least.unwrap_or_default()).collect()
        }
    }
}
