//! The types of `google.protobuf` that JSON writes in a form of its own.

use prost_reflect::MessageDescriptor;
use serde_json::{Value as Json, json};

/// The schema of such a type.
pub(super) fn schema(message: &MessageDescriptor) -> Json {
    match message.name() {
        "Timestamp" => json!({ "type": "string", "format": "date-time" }),
        "Duration" => json!({ "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]{1,9})?s$" }),
        "FieldMask" => json!({ "type": "string" }),
        "Struct" | "Empty" => json!({ "type": "object" }),
        "ListValue" => json!({ "type": "array", "items": {} }),
        "Any" => json!({ "type": "object", "properties": { "@type": { "type": "string" } }, "required": ["@type"] }),
        "BoolValue" => json!({ "type": "boolean" }),
        "Int32Value" | "UInt32Value" => json!({ "type": "integer" }),
        "FloatValue" | "DoubleValue" => json!({ "type": "number" }),
        "Int64Value" => json!({ "type": "string", "format": "int64" }),
        "UInt64Value" => json!({ "type": "string", "format": "uint64" }),
        "StringValue" => json!({ "type": "string" }),
        "BytesValue" => json!({ "type": "string", "contentEncoding": "base64" }),
        // `Value` is whatever JSON can say.
        _ => json!({}),
    }
}

/// An example of such a type.
pub(super) fn example(message: &MessageDescriptor) -> Json {
    match message.name() {
        "Timestamp" => json!("2027-01-31T09:00:00Z"),
        "Duration" => json!("1.500s"),
        "FieldMask" => json!("title,due"),
        "ListValue" => json!([]),
        "Any" => json!({ "@type": "type.googleapis.com/google.protobuf.Empty" }),
        "BoolValue" => json!(true),
        "Int32Value" | "UInt32Value" | "FloatValue" | "DoubleValue" => json!(1),
        "Int64Value" | "UInt64Value" => json!("1"),
        "StringValue" | "BytesValue" => json!(""),
        _ => json!({}),
    }
}
