//! What the contract says of a field and of a message, as documents tell it.

use mesh_proto::{comment, field_option, google::api::FieldBehavior};
use prost_reflect::{DynamicMessage, FieldDescriptor, MessageDescriptor, Value};

/// A dotted path as JSON spells it.
pub(super) fn json_path(fields: &[FieldDescriptor]) -> String {
    fields.iter().map(FieldDescriptor::json_name).collect::<Vec<_>>().join(".")
}

/// The comment of a field.
pub(super) fn described(field: &FieldDescriptor) -> String {
    comment(&field.parent_file(), field.path())
}

/// The first sentence of a text.
pub(super) fn first_sentence(text: &str) -> &str {
    let end = text.find(". ").or_else(|| text.find(".\n")).map_or(text.len(), |end| end + 1);
    text[..end].trim_end_matches('.')
}

fn has_behavior(field: &FieldDescriptor, wanted: FieldBehavior) -> bool {
    let behavior = field_option(field, "google.api.field_behavior");
    let listed = behavior.as_ref().and_then(Value::as_list).unwrap_or_default();
    listed.iter().any(|value| value.as_enum_number() == Some(wanted.into()))
}

/// Whether only the server writes it.
pub(super) fn is_output_only(field: &FieldDescriptor) -> bool {
    has_behavior(field, FieldBehavior::OutputOnly)
}

/// Whether an update may change it, or makes sure of it as an etag.
pub(super) fn can_change(field: &FieldDescriptor) -> bool {
    !is_output_only(field) && !has_behavior(field, FieldBehavior::Immutable)
}

/// Whether it is taken but never told.
pub(super) fn is_input_only(field: &FieldDescriptor) -> bool {
    has_behavior(field, FieldBehavior::InputOnly)
}

/// Whether answers hold it whatever its value is: lists, maps, and scalars that cannot be absent.
pub(super) fn is_always_written(field: &FieldDescriptor) -> bool {
    !field.supports_presence()
}

/// Whether it is a message that answers usually hold: it is not marked `optional`, nor one of several.
pub(super) fn is_usually_written(field: &FieldDescriptor) -> bool {
    is_always_written(field) || field.containing_oneof().is_none()
}

/// The rules of a field (`buf.validate.FieldRules`).
pub(super) fn rules(field: &FieldDescriptor) -> Option<DynamicMessage> {
    field_option(field, "buf.validate.field")?.as_message().cloned()
}

/// The message that a field holds, or lists, unless JSON writes it in a form of its own.
pub(super) fn own_message(field: &FieldDescriptor) -> Option<MessageDescriptor> {
    let kind = if field.is_map() { field.kind().as_message()?.map_entry_value_field().kind() } else { field.kind() };
    kind.as_message().filter(|message| message.package_name() != "google.protobuf").cloned()
}

/// Sets of fields of which a message holds at most one, or, where the second is true, exactly one.
pub(super) fn choices(message: &MessageDescriptor) -> Vec<(Vec<FieldDescriptor>, bool)> {
    let pool = message.parent_pool();
    let required = |options: DynamicMessage, extension: &str| {
        let extension = pool.get_extension_by_name(extension)?;
        Some(options.get_extension(&extension).as_message()?.get_field_by_name("required")?.as_bool() == Some(true))
    };
    let oneofs = message
        .oneofs()
        .filter(|oneof| !oneof.is_synthetic())
        .map(|oneof| (oneof.fields().collect(), required(oneof.options(), "buf.validate.oneof").unwrap_or_default()));
    oneofs.chain(message_choices(message)).collect()
}

/// The same, from `buf.validate.message`.
fn message_choices(message: &MessageDescriptor) -> Vec<(Vec<FieldDescriptor>, bool)> {
    let rules = message.parent_pool().get_extension_by_name("buf.validate.message");
    let rules = rules.map(|extension| message.options().get_extension(&extension).into_owned());
    let rules = rules.as_ref().and_then(Value::as_message).and_then(|rules| rules.get_field_by_name("oneof"));
    let choice = |rule: &Value| {
        let rule = rule.as_message()?;
        let names = rule.get_field_by_name("fields")?;
        let names = names.as_list()?.iter().filter_map(Value::as_str);
        let fields = names.filter_map(|name| message.get_field_by_name(name)).collect();
        Some((fields, rule.get_field_by_name("required")?.as_bool() == Some(true)))
    };
    rules.as_ref().and_then(|rules| rules.as_list()).unwrap_or_default().iter().filter_map(choice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_the_first_sentence() {
        assert_eq!(first_sentence("Creates a task. A title is all it needs."), "Creates a task");
        assert_eq!(first_sentence("One (e.g.) thing"), "One (e.g.) thing");
    }

    #[test]
    fn choices_come_from_oneofs_and_from_rules() {
        let names = |message: &str| {
            let message = mesh_proto::descriptors().get_message_by_name(message).expect("it is there");
            let choices = choices(&message).into_iter();
            choices.map(|(fields, required)| (json_path(&fields), required)).collect::<Vec<_>>()
        };
        assert_eq!(names("taskmesh.task.v1.TaskTime"), [("time.localTime.date".to_owned(), true)]);
        assert_eq!(names("taskmesh.scheduler.v1.Reminder"), [("offset.at".to_owned(), false)]);
        assert_eq!(names("taskmesh.scheduler.v1.SnoozeReminderRequest"), [("delay.until.preset".to_owned(), true)]);
    }
}
