//! What the contract says beside its types: comments, and the options of fields.

use prost_reflect::{FieldDescriptor, FileDescriptor, Value};

/// The comment before the element of `file` at `path` (as `google.protobuf.SourceCodeInfo` counts), with its lines
/// joined; paragraphs stay apart. Empty where there is none.
pub fn comment(file: &FileDescriptor, path: &[i32]) -> String {
    let source = file.file_descriptor_proto().source_code_info.as_ref();
    let mut locations = source.into_iter().flat_map(|source| &source.location);
    let text = locations.find(|location| location.path == path).map(|location| location.leading_comments());
    let paragraphs = text.unwrap_or_default().split("\n\n");
    let paragraphs = paragraphs.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
    paragraphs.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// The value of an option of a field by the option's full name, such as `buf.validate.field`, if it is set.
pub fn field_option(field: &FieldDescriptor, name: &str) -> Option<Value> {
    let extension = field.parent_file().parent_pool().get_extension_by_name(name)?;
    let options = field.options();
    options.has_extension(&extension).then(|| options.get_extension(&extension).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_is_found_and_its_lines_are_joined() {
        let request =
            crate::descriptors().get_message_by_name("taskmesh.task.v1.ListTasksRequest").expect("it is there");
        let field = request.get_field_by_name("order_by").expect("it is there");
        let text = comment(&field.parent_file(), field.path());
        assert!(text.starts_with("Fields in order of weight") && text.contains("title, position."), "{text}");
        assert_eq!(comment(&field.parent_file(), &[99]), "");
    }

    #[test]
    fn options_of_a_field_are_found_by_name() {
        let task = crate::descriptors().get_message_by_name("taskmesh.task.v1.Task").expect("it is there");
        let field = task.get_field_by_name("title").expect("it is there");
        let example = field_option(&field, "taskmesh.api.v1.example");
        assert_eq!(example.as_ref().and_then(Value::as_str), Some("Buy milk"));
        assert!(field_option(&field, "google.api.field_behavior").is_none());
    }
}
