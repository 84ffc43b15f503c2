//! What a route takes as its body.

use prost_reflect::FieldDescriptor;
use serde_json::{Value as Json, json};

use super::{examples, field, rules, schema::Schemas};
use crate::http::rest::{BodyRule, Route};

/// The body, if the route takes one.
pub(super) fn of(route: &Route, schemas: &mut Schemas) -> Option<Json> {
    let required_fields = &route.rpc.method.required_fields;
    let (schema, example, required, description) = match &route.body {
        BodyRule::Nothing => return None,
        // Bytes of any type, which `google.api.HttpBody` takes as they are.
        BodyRule::Raw(_) => return Some(json!({ "description": "Any bytes.", "content": { "*/*": {} } })),
        BodyRule::Everything => {
            let captured = captured(route, 1);
            let open = |field: &FieldDescriptor| !captured.contains(field);
            let required = route.input.fields().filter(open).any(|field| rules::needs_value(&field));
            let example = examples::request(&route.input, &captured, required_fields);
            (schemas.request(&route.input, &captured), example, required, request_description(required))
        }
        BodyRule::Field(body) => {
            let resource = field::own_message(body)?;
            let captured = captured(route, 2);
            let mut elsewhere = captured.clone();
            if route.update_mask.is_some() {
                elsewhere.extend(resource.fields().filter(|field| !field::can_change(field)));
            }
            let example = examples::request(&resource, &elsewhere, required_fields);
            let schema = match &route.update_mask {
                Some(_) => schemas.patch(&resource, &captured),
                None => needing(schemas.request(&resource, &captured), &resource, required_fields),
            };
            (schema, example, rules::needs_value(body), field::described(body))
        }
    };
    let media = json!({ "schema": schema, "example": example });
    let (content, description) = if route.rpc.method.descriptor.is_client_streaming() {
        (json!({ "application/x-ndjson": media }), format!("{description} Any number of them, one on each line."))
    } else {
        (json!({ "application/json": media }), description)
    };
    Some(json!({ "required": required, "description": description, "content": content }))
}

fn request_description(required: bool) -> String {
    if required { "The request." } else { "The request; it may be left out." }.to_owned()
}

/// The last fields of captured paths of this length.
fn captured(route: &Route, length: usize) -> Vec<FieldDescriptor> {
    let fields = route.captures.iter().filter(|capture| capture.field.len() == length);
    fields.filter_map(|capture| capture.field.last().cloned()).collect()
}

/// The resource with the fields that a new one must have.
fn needing(schema: Json, resource: &prost_reflect::MessageDescriptor, required: &[String]) -> Json {
    if required.is_empty() {
        return schema;
    }
    let fields = required.iter().filter_map(|name| resource.get_field_by_name(name));
    let names: Vec<_> = fields.map(|field| field.json_name().to_owned()).collect();
    json!({ "allOf": [schema, { "required": names }] })
}
