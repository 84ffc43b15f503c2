//! An event's body, shown by its descriptor: what the thing was before, what it is after, which fields changed. No line
//! here knows any one event; every message in `taskmesh.event.v1` has `after`, `before` and `changed`.

use mesh_proto::descriptors;
use prost_reflect::{DynamicMessage, MessageDescriptor, SerializeOptions};
use prost_types::{ListValue, Struct, Value, value::Kind};
use serde_json::Value as Json;

/// What an event says of a change.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Change {
    pub(super) before: Option<Struct>,
    pub(super) after: Option<Struct>,
    /// JSON names.
    pub(super) changed: Vec<String>,
}

/// The change in an event of this type; `None` for a type that is not known here, or a body that is not of it.
pub(super) fn change(event_type: &str, payload: &[u8]) -> Option<Change> {
    let descriptor = descriptors().get_message_by_name(event_type)?;
    let thing = descriptor.get_field_by_name("after")?.kind().as_message()?.clone();
    let event = DynamicMessage::decode(descriptor, payload).ok()?;
    let paths = changed_paths(&event);
    Some(Change {
        before: part(&event, "before").map(|before| with_unset(before, &thing, &paths)),
        after: part(&event, "after"),
        changed: paths.iter().map(|path| json_name(path)).collect(),
    })
}

/// The paths that the mask `changed` names.
fn changed_paths(event: &DynamicMessage) -> Vec<String> {
    let mask = event.get_field_by_name("changed");
    let paths = mask.as_ref().and_then(|mask| mask.as_message()?.get_field_by_name("paths"));
    let paths = paths.as_ref().and_then(|paths| paths.as_list()).unwrap_or_default();
    paths.iter().filter_map(|path| path.as_str().map(str::to_owned)).collect()
}

/// The field `name` of an event as ProtoJSON (lowerCamelCase, enums by name, instants as RFC 3339), if it is set.
fn part(event: &DynamicMessage, name: &str) -> Option<Struct> {
    if !event.has_field_by_name(name) {
        return None;
    }
    let field = event.get_field_by_name(name)?;
    let json = field.as_message()?.serialize_with_options(serde_json::value::Serializer, &SerializeOptions::new());
    match json.ok()? {
        Json::Object(fields) => Some(object(fields)),
        _ => None,
    }
}

/// The changed fields as they were; one that was not set is null.
fn with_unset(mut before: Struct, thing: &MessageDescriptor, paths: &[String]) -> Struct {
    let tops = paths.iter().filter_map(|path| path.split('.').next());
    for field in tops.filter_map(|top| thing.get_field_by_name(top)) {
        before.fields.entry(field.json_name().to_owned()).or_insert_with(|| value(Json::Null));
    }
    before
}

/// `due.time_zone` becomes `due.timeZone`.
fn json_name(path: &str) -> String {
    let mut words = path.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let mut letters = word.chars();
        name + &letters.next().map(|letter| letter.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    })
}

fn object(fields: serde_json::Map<String, Json>) -> Struct {
    Struct { fields: fields.into_iter().map(|(name, field)| (name, value(field))).collect() }
}

fn value(json: Json) -> Value {
    let kind = match json {
        Json::Null => Kind::NullValue(0),
        Json::Bool(bool) => Kind::BoolValue(bool),
        Json::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or_default()),
        Json::String(text) => Kind::StringValue(text),
        Json::Array(values) => Kind::ListValue(ListValue { values: values.into_iter().map(value).collect() }),
        Json::Object(fields) => Kind::StructValue(object(fields)),
    };
    Value { kind: Some(kind) }
}

#[cfg(test)]
mod tests {
    use mesh_proto::{event::v1::TaskChanged, task::v1::Task};
    use prost::Message;
    use prost_types::FieldMask;

    use super::*;

    fn field<'a>(object: &'a Struct, name: &str) -> Option<&'a Kind> {
        object.fields.get(name)?.kind.as_ref()
    }

    fn text(text: &str) -> Kind {
        Kind::StringValue(text.to_owned())
    }

    #[test]
    fn a_change_is_shown_by_its_json_names() {
        let task = |title: &str| Task { title: Some(title.to_owned()), ..Task::default() };
        let after = Task { workspace_id: "w".to_owned(), description: Some("d".to_owned()), ..task("new 🎈") };
        let paths = ["title", "description", "due.time_zone"].map(str::to_owned).to_vec();
        let event = TaskChanged { after: Some(after), before: Some(task("old")), changed: Some(FieldMask { paths }) };
        let shown = change("taskmesh.event.v1.TaskChanged", &event.encode_to_vec()).expect("a known event");
        assert_eq!(shown.changed, ["title", "description", "due.timeZone"]);
        let (before, after) = (shown.before.expect("there was one"), shown.after.expect("there is one"));
        assert_eq!(field(&before, "title"), Some(&text("old")));
        assert_eq!(field(&before, "description"), Some(&Kind::NullValue(0)), "it was not set");
        assert_eq!(field(&after, "title"), Some(&text("new 🎈")));
        assert_eq!(field(&after, "workspaceId"), Some(&text("w")));
    }

    #[test]
    fn what_was_created_has_no_before() {
        let event = TaskChanged { after: Some(Task::default()), before: None, changed: None };
        let shown = change("taskmesh.event.v1.TaskChanged", &event.encode_to_vec()).expect("a known event");
        assert_eq!(shown, Change { before: None, after: Some(Struct::default()), changed: Vec::new() });
    }

    #[test]
    fn what_is_not_understood_is_not_shown_half() {
        assert_eq!(change("taskmesh.event.v1.Unheard", &[]), None);
        assert_eq!(change("taskmesh.event.v1.TaskChanged", &[0xff, 0xff]), None);
        assert_eq!(change("taskmesh.task.v1.Task", &[]), None, "a message, but no event");
    }
}
