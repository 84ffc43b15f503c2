//! Fields by their names: both spellings, and paths such as `task.due.date`.

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};

/// The field that a client calls `name`: the name in the contract, or its lowerCamelCase.
pub(super) fn named(message: &MessageDescriptor, name: &str) -> Option<FieldDescriptor> {
    message.get_field_by_json_name(name).or_else(|| message.get_field_by_name(name))
}

/// The fields along a dotted path.
///
/// # Errors
/// When a name is unknown, or a field on the way holds no message.
pub(super) fn resolve(message: &MessageDescriptor, path: &str) -> Result<Vec<FieldDescriptor>, String> {
    let mut fields: Vec<FieldDescriptor> = Vec::new();
    let mut current = Some(message.clone());
    for name in path.split('.') {
        let field = current.as_ref().and_then(|message| named(message, name));
        let field = field.ok_or_else(|| format!("there is no field {path}"))?;
        current = match field.kind() {
            Kind::Message(message) if !field.is_list() && !field.is_map() => Some(message),
            _ => None,
        };
        fields.push(field);
    }
    Ok(fields)
}

/// The path's name in the contract, as violations tell it.
pub(super) fn name(fields: &[FieldDescriptor]) -> String {
    fields.iter().map(FieldDescriptor::name).collect::<Vec<_>>().join(".")
}

/// Sets the field at the end of the path; messages on the way come into being.
pub(super) fn set(message: &mut DynamicMessage, fields: &[FieldDescriptor], value: Value) {
    if let [on_the_way @ .., field] = fields
        && let Some(message) = inner(message, on_the_way)
    {
        message.set_field(field, value);
    }
}

/// The list or map at the end of the path, to be changed; what is on the way, and it, come into being.
pub(super) fn get_mut<'a>(message: &'a mut DynamicMessage, fields: &[FieldDescriptor]) -> Option<&'a mut Value> {
    let [on_the_way @ .., field] = fields else { return None };
    Some(inner(message, on_the_way)?.get_field_mut(field))
}

fn inner<'a>(message: &'a mut DynamicMessage, fields: &[FieldDescriptor]) -> Option<&'a mut DynamicMessage> {
    fields.iter().try_fold(message, |message, field| message.get_field_mut(field).as_message_mut())
}

/// The text in the field at the end of the path, if it holds text; empty where nothing was set.
pub(super) fn text(message: &DynamicMessage, fields: &[FieldDescriptor]) -> Option<String> {
    match fields {
        [] => None,
        [field] => message.get_field(field).as_str().map(str::to_owned),
        [field, rest @ ..] => text(message.get_field(field).as_message()?, rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_followed_in_both_spellings() {
        let request = mesh_proto::descriptors().get_message_by_name("taskmesh.task.v1.UpdateTaskRequest").expect("it");
        let fields = resolve(&request, "task.due.timeZone").expect("a path");
        assert_eq!(name(&fields), "task.due.time_zone");
        let mut message = DynamicMessage::new(request.clone());
        assert_eq!(text(&message, &fields).as_deref(), Some(""));
        set(&mut message, &fields, Value::String("UTC".to_owned()));
        assert_eq!(text(&message, &fields).as_deref(), Some("UTC"));
        assert!(resolve(&request, "task.title.more").is_err());
        assert!(resolve(&request, "nothing").is_err());
    }
}
