//! Messages and enums of the contract as JSON Schema, by their full names.
//!
//! An answer's schema says what is always there: lists and scalars are written whatever they are. A request's names what
//! its rules need, leaves out what the server alone writes, and takes nothing else; a message that is used both ways has
//! its request's under the name with `.Input`, and the body of a PATCH under the one with `.Patch`.

use std::collections::{BTreeMap, BTreeSet};

use mesh_proto::comment;
use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Value as Json, json};

use super::{examples, field, rules, well_known};
use crate::http::rest::Route;

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// To the server.
    Request,
    /// From the server.
    Answer,
}

/// The schemas that the document needs, made as they are referred to.
#[derive(Default)]
pub(super) struct Schemas {
    /// The messages that can stand in an answer.
    in_answers: BTreeSet<String>,
    components: BTreeMap<String, Json>,
}

impl Schemas {
    /// None yet, for a document of these routes.
    pub(super) fn of<'a>(routes: impl Iterator<Item = &'a Route>) -> Self {
        let mut schemas = Self::default();
        routes.for_each(|route| reach(&route.output, &mut schemas.in_answers));
        schemas
    }

    /// All that were made.
    pub(super) fn into_components(self) -> BTreeMap<String, Json> {
        self.components
    }

    /// Adds a schema that is no message of the contract.
    pub(super) fn add(&mut self, name: &str, schema: Json) {
        self.components.insert(name.to_owned(), schema);
    }

    /// A reference to a message's schema.
    pub(super) fn message(&mut self, message: &MessageDescriptor, way: Way) -> Json {
        match way {
            Way::Request => self.request(message, &[]),
            Way::Answer => self.named(message.full_name(), |schemas| {
                let fields = message.fields().filter(|field| !field::is_input_only(field));
                schemas.object(message, fields.collect(), way, &field::is_always_written)
            }),
        }
    }

    /// A reference to the schema of a message in a request, without the fields that the path fills.
    pub(super) fn request(&mut self, message: &MessageDescriptor, captured: &[FieldDescriptor]) -> Json {
        let name = message.full_name();
        let name = if self.in_answers.contains(name) { format!("{name}.Input") } else { name.to_owned() };
        self.named(&name, |schemas| {
            let fields = message.fields().filter(|field| !captured.contains(field) && !field::is_output_only(field));
            let mut schema = schemas.object(message, fields.collect(), Way::Request, &rules::needs_value);
            schema["additionalProperties"] = json!(false);
            schema
        })
    }

    /// A reference to the schema of the body of a PATCH: nothing has to be there.
    pub(super) fn patch(&mut self, message: &MessageDescriptor, captured: &[FieldDescriptor]) -> Json {
        self.named(&format!("{}.Patch", message.full_name()), |schemas| {
            let fields = message.fields().filter(|field| !captured.contains(field) && field::can_change(field));
            let mut schema = schemas.object(message, fields.collect(), Way::Request, &|_| false);
            let what = schema["description"].as_str().unwrap_or_default();
            let description =
                format!("{what}\n\nThese are the fields to change: those that are absent stay, null clears one.");
            schema["description"] = json!(description);
            schema["additionalProperties"] = json!(false);
            schema
        })
    }

    fn named(&mut self, name: &str, make: impl FnOnce(&mut Self) -> Json) -> Json {
        if !self.components.contains_key(name) {
            // Held by its name first: messages may hold themselves.
            self.components.insert(name.to_owned(), Json::Null);
            let schema = make(self);
            self.components.insert(name.to_owned(), schema);
        }
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    fn object(
        &mut self,
        message: &MessageDescriptor,
        fields: Vec<FieldDescriptor>,
        way: Way,
        is_required: &dyn Fn(&FieldDescriptor) -> bool,
    ) -> Json {
        let required: Vec<_> =
            fields.iter().filter(|field| is_required(field)).map(FieldDescriptor::json_name).collect();
        let mut schema = json!({ "type": "object", "description": described(message), "properties": {} });
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        for field in &fields {
            let mut property = self.property(field, way);
            if way == Way::Request && !is_required(field) {
                // Null is "not given", in every message and for every type.
                nullable(&mut property);
            }
            schema["properties"][field.json_name()] = property;
        }
        schema
    }

    /// A field's schema with all that is said of it.
    fn property(&mut self, field: &FieldDescriptor, way: Way) -> Json {
        let mut schema = self.value(field, way);
        schema["description"] = json!(field::described(field));
        if field::is_output_only(field) {
            schema["readOnly"] = json!(true);
        }
        if field::is_input_only(field) {
            schema["writeOnly"] = json!(true);
        }
        if let Some(example) = examples::of(field).filter(|_| field::own_message(field).is_none()) {
            schema["examples"] = json!([example]);
        }
        schema
    }

    /// The schema of a field's value.
    pub(super) fn value(&mut self, field: &FieldDescriptor, way: Way) -> Json {
        let schema = match field.kind() {
            Kind::Message(entry) if field.is_map() => {
                let values = self.kind(&entry.map_entry_value_field().kind(), way);
                json!({ "type": "object", "additionalProperties": values })
            }
            kind if field.is_list() => json!({ "type": "array", "items": self.kind(&kind, way) }),
            kind => self.kind(&kind, way),
        };
        let Json::Object(mut schema) = schema else { return schema };
        rules::add(field, &mut schema);
        if way == Way::Request {
            rules::allow_empty(field, &mut schema);
        }
        Json::Object(schema)
    }

    fn kind(&mut self, kind: &Kind, way: Way) -> Json {
        match kind {
            Kind::Double | Kind::Float => json!({ "type": "number" }),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => json!({ "type": "integer", "format": "int32" }),
            Kind::Uint32 | Kind::Fixed32 => json!({ "type": "integer", "minimum": 0 }),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
                json!({ "type": "string", "format": "int64", "pattern": "^-?[0-9]+$" })
            }
            Kind::Uint64 | Kind::Fixed64 => json!({ "type": "string", "format": "uint64", "pattern": "^[0-9]+$" }),
            Kind::Bool => json!({ "type": "boolean" }),
            Kind::String => json!({ "type": "string" }),
            Kind::Bytes => json!({ "type": "string", "contentEncoding": "base64" }),
            Kind::Enum(descriptor) => self.named(descriptor.full_name(), |_| enumeration(descriptor)),
            Kind::Message(message) if message.package_name() == "google.protobuf" => well_known::schema(message),
            Kind::Message(message) => self.message(message, way),
        }
    }
}

/// Notes the message and all that it holds.
fn reach(message: &MessageDescriptor, reached: &mut BTreeSet<String>) {
    if reached.insert(message.full_name().to_owned()) {
        message.fields().filter_map(|field| field::own_message(&field)).for_each(|inner| reach(&inner, reached));
    }
}

/// A message's comment, and which of its fields exclude one another.
fn described(message: &MessageDescriptor) -> String {
    let mut text = comment(&message.parent_file(), message.path());
    for (fields, required) in field::choices(message) {
        let names: Vec<_> = fields.iter().map(|field| format!("`{}`", field.json_name())).collect();
        let count = if required { "Exactly" } else { "At most" };
        text.push_str(&format!("\n\n{count} one of {} is there.", names.join(", ")));
    }
    text
}

fn enumeration(descriptor: &EnumDescriptor) -> Json {
    let file = descriptor.parent_file();
    let zero = descriptor.default_value();
    let prefix = zero.name().strip_suffix("UNSPECIFIED").unwrap_or_default().to_owned();
    let mut text = comment(&file, descriptor.path());
    text.push('\n');
    for value in descriptor.values() {
        text.push_str(&format!("\n- `{}`: {}", value.name(), comment(&file, value.path())));
    }
    if let Some(short) = descriptor.values().find_map(|value| value.name().strip_prefix(&prefix).map(str::to_owned)) {
        text.push_str(&format!("\n\nRequests may leave out `{prefix}`, as in `{short}`."));
    }
    let names: Vec<_> = descriptor.values().map(|value| value.name().to_owned()).collect();
    json!({ "type": "string", "description": text, "enum": names })
}

/// Lets a property be null, too.
fn nullable(property: &mut Json) {
    let Some(schema) = property.as_object_mut() else { return };
    match schema.get("type").cloned() {
        Some(kind) => {
            schema.insert("type".to_owned(), json!([kind, "null"]));
        }
        None => {
            if let Some(reference) = schema.remove("$ref") {
                schema.insert("anyOf".to_owned(), json!([{ "$ref": reference }, { "type": "null" }]));
            }
        }
    }
}
