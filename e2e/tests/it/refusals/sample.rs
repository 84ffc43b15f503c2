//! Requests made from descriptors: one that is well formed for every RPC, and what can be done to its fields.

use bytes::{BufMut, Bytes, BytesMut};
use mesh_proto::{Method, generated::google::api::http_rule::Pattern};
use mesh_types::{Clock, SystemClock, new_id};
use prost::{
    Message,
    encoding::{WireType, encode_key, encode_varint},
};
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage, Value};

/// How deep messages are filled and walked; deeper ones are of types that were seen before.
const DEPTH: usize = 2;

/// What a resource says that is to be made, in whatever service: its name, what it is about, and one of its choices.
const RESOURCE: [&str; 4] = ["title", "name", "rrule", "task_id"];

/// Where a message must choose (`buf.validate.message`), the choice that every service takes.
const CHOICES: [&str; 3] = ["offset", "delay", "webhook"];

/// A request of `method` that says what it must and little more. Its ids name nothing that exists.
pub(super) fn sample(method: &Method) -> DynamicMessage {
    let kind = method.descriptor.input();
    let mut request = DynamicMessage::new(kind.clone());
    for field in kind.fields().filter(|field| !field.is_list() && !field.is_map() && !is_choice(field)) {
        match field.kind() {
            Kind::String => request.set_field(&field, Value::String(plausible(&field))),
            Kind::Message(inner) if !is_well_known(&inner) => {
                request.set_field(&field, Value::Message(resource(method, &inner)));
            }
            _ => {}
        }
    }
    choose(&mut request);
    request
}

/// A resource to be made, or, to be changed, nothing but its id.
fn resource(method: &Method, kind: &MessageDescriptor) -> DynamicMessage {
    let mut resource = DynamicMessage::new(kind.clone());
    let updates = method.descriptor.name().starts_with("Update");
    let names = if updates { ["title", "name", "id"].as_slice() } else { &RESOURCE };
    let request = method.descriptor.input();
    for field in names.iter().filter_map(|name| kind.get_field_by_name(name)) {
        if field.name() == "id" && !is_in_path(method, "id") {
            continue;
        }
        // What the request names itself, the resource need not.
        if field.name() == "id" || request.get_field_by_name(field.name()).is_none() {
            resource.set_field(&field, Value::String(plausible(&field)));
        }
    }
    if !updates {
        choose(&mut resource);
    }
    resource
}

/// Whether the route names the thing by this field of the resource; one that does not changes the caller's own.
pub(super) fn is_in_path(method: &Method, field: &str) -> bool {
    let pattern = method.http.as_ref().and_then(|rule| rule.pattern.as_ref());
    matches!(pattern, Some(Pattern::Patch(path)) if path.contains(&format!(".{field}}}")))
}

/// Takes one of each set of fields of which the contract wants one.
fn choose(message: &mut DynamicMessage) {
    let kind = message.descriptor();
    let choices = CHOICES.iter().filter_map(|name| kind.get_field_by_name(name));
    for field in choices.filter(|field| field.kind().as_message().is_some()) {
        let Some(inner) = field.kind().as_message().cloned() else { continue };
        let mut value = DynamicMessage::new(inner.clone());
        match inner.get_field_by_name("seconds") {
            Some(seconds) => value.set_field(&seconds, Value::I64(3600)),
            None => {
                for field in inner.fields().filter(|field| field.name() == "url") {
                    value.set_field(&field, Value::String(plausible(&field)));
                }
            }
        }
        message.set_field(&field, Value::Message(value));
    }
}

fn plausible(field: &FieldDescriptor) -> String {
    match field.name() {
        "id" | "entity_id" | "task_id" => new_id(SystemClock.now()).to_string(),
        "email" => format!("sample-{}@example.com", new_id(SystemClock.now())),
        "password" | "refresh_token" => "correct horse battery".to_owned(),
        "title" | "name" | "display_name" => "sample".to_owned(),
        "entity_type" => "task".to_owned(),
        "rrule" => "FREQ=DAILY".to_owned(),
        "start" => "2027-03-24T07:00:00".to_owned(),
        "url" => "https://example.com/hook".to_owned(),
        _ => String::new(),
    }
}

fn is_choice(field: &FieldDescriptor) -> bool {
    field.containing_oneof().is_some_and(|oneof| !oneof.is_synthetic())
}

fn is_well_known(kind: &MessageDescriptor) -> bool {
    kind.package_name() == "google.protobuf"
}

/// Whether only the service writes the field: what a client says there is not looked at.
pub(super) fn is_output_only(field: &FieldDescriptor) -> bool {
    const OUTPUT_ONLY: i32 = 3;
    let behaviour = mesh_proto::descriptors().get_extension_by_name("google.api.field_behavior");
    let listed = behaviour.map(|behaviour| field.options().get_extension(&behaviour).into_owned());
    let listed = listed.as_ref().and_then(Value::as_list).unwrap_or_default();
    listed.iter().any(|value| value.as_enum_number() == Some(OUTPUT_ONLY))
}

/// A string somewhere in a request.
#[derive(Clone, Debug)]
pub(super) struct StringField {
    /// The way to it, from the request.
    pub(super) way: Vec<FieldDescriptor>,
}

impl StringField {
    /// Every string of the request, down to [`DEPTH`] messages.
    pub(super) fn all(kind: &MessageDescriptor) -> Vec<Self> {
        let mut found = Vec::new();
        walk(kind, &mut Vec::new(), &mut found);
        found
    }

    /// The field itself.
    pub(super) fn field(&self) -> &FieldDescriptor {
        &self.way[self.way.len() - 1]
    }

    /// As `BadRequest` names it.
    pub(super) fn path(&self) -> String {
        let names: Vec<_> = self.way.iter().map(FieldDescriptor::name).collect();
        names.join(".")
    }

    /// Whether the contract has a rule for it.
    pub(super) fn has_rule(&self) -> bool {
        let rules = mesh_proto::descriptors().get_extension_by_name("buf.validate.field");
        rules.is_some_and(|rules| self.field().options().has_extension(&rules))
    }

    /// Whether the contract says that it holds an id.
    pub(super) fn is_id(&self) -> bool {
        let rules = mesh_proto::descriptors().get_extension_by_name("buf.validate.field");
        let options = self.field().options();
        let rules = rules.and_then(|rules| Some(options.get_extension(&rules).as_message()?.clone()));
        let string = rules.and_then(|rules| Some(rules.get_field_by_name("string")?.as_message()?.clone()));
        string.is_some_and(|rules| rules.get_field_by_name("uuid").is_some_and(|uuid| uuid.as_bool() == Some(true)))
    }

    /// `request` with these bytes as the field's value. On the wire what comes last counts, and messages merge.
    pub(super) fn replaced(&self, request: &DynamicMessage, value: &[u8]) -> Bytes {
        let mut part = value.to_vec();
        for field in self.way.iter().rev() {
            let mut outer = Vec::new();
            encode_key(field.number(), WireType::LengthDelimited, &mut outer);
            encode_varint(part.len() as u64, &mut outer);
            outer.put_slice(&part);
            part = outer;
        }
        let mut bytes = BytesMut::from(request.encode_to_vec().as_slice());
        bytes.put_slice(&part);
        bytes.freeze()
    }
}

fn walk(kind: &MessageDescriptor, way: &mut Vec<FieldDescriptor>, found: &mut Vec<StringField>) {
    for field in kind.fields().filter(|field| !field.is_map()) {
        way.push(field.clone());
        match field.kind() {
            Kind::String => found.push(StringField { way: way.clone() }),
            Kind::Message(inner) if way.len() < DEPTH && !field.is_list() && !is_well_known(&inner) => {
                walk(&inner, way, found);
            }
            _ => {}
        }
        way.pop();
    }
}

#[test]
fn a_sample_of_every_request_decodes_and_names_every_string() {
    for method in mesh_proto::methods() {
        let request = sample(method);
        for field in StringField::all(&request.descriptor()) {
            let changed = field.replaced(&request, b"changed");
            let decoded = DynamicMessage::decode(request.descriptor(), changed);
            let json = serde_json::to_string(&decoded.expect("it decodes")).expect("it is JSON");
            assert!(json.contains("changed"), "{} of {}: {json}", field.path(), method.path);
        }
    }
}
