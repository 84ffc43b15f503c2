//! The query of a URL: pairs, each naming a field of the request.

use mesh_types::Violation;
use prost_reflect::{DynamicMessage, FieldDescriptor, Value};

use super::{
    field,
    json::Mistakes,
    path::decoded,
    route::{BodyRule, Route},
    scalar,
};

/// More pairs than this are refused.
const MAX_PAIRS: usize = 64;

/// Fills the fields that `query` names.
pub(super) fn fill(route: &Route, query: &str, message: &mut DynamicMessage, mistakes: &mut Mistakes) {
    let pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    if pairs.len() > MAX_PAIRS {
        let description = format!("at most {MAX_PAIRS} query parameters are taken");
        return mistakes.add(Violation::new("query", "query.max_pairs", description));
    }
    let mut seen: Vec<Vec<FieldDescriptor>> = Vec::new();
    for pair in pairs {
        let (key, text) = pair.split_once('=').unwrap_or((pair, ""));
        let pair = form_decoded("query", key).and_then(|key| Ok((form_decoded(&key, text)?, key)));
        let filled = pair.and_then(|(text, key)| fill_one(route, &key, &text, message, &mut seen));
        if let Err(violation) = filled {
            mistakes.add(violation);
        }
    }
}

fn fill_one(
    route: &Route,
    key: &str,
    text: &str,
    message: &mut DynamicMessage,
    seen: &mut Vec<Vec<FieldDescriptor>>,
) -> Result<(), Violation> {
    if matches!(route.body, BodyRule::Everything) {
        return Err(Violation::new(key, "query.unknown_field", "belongs in the body: this route takes no query"));
    }
    let fields = field::resolve(&route.input, key);
    let fields = fields.map_err(|_| Violation::new(key, "query.unknown_field", "there is no such field"))?;
    let (name, last) = (field::name(&fields), fields.last());
    let Some(last) = last.filter(|last| !last.is_map()) else {
        return Err(Violation::new(name, "query.type", "cannot be given in a query"));
    };
    let value = scalar::from_text(&last.kind(), text);
    let value = value.map_err(|mistake| Violation::new(&name, mistake.rule, mistake.description))?;
    if last.is_list() {
        push(message, &fields, value);
        return Ok(());
    }
    if seen.contains(&fields) {
        return Err(Violation::new(name, "query.duplicate_field", "is given more than once"));
    }
    field::set(message, &fields, value);
    seen.push(fields);
    Ok(())
}

fn push(message: &mut DynamicMessage, fields: &[FieldDescriptor], value: Value) {
    match fields {
        [] => {}
        [field] => {
            if let Some(items) = message.get_field_mut(field).as_list_mut() {
                items.push(value);
            }
        }
        [field, rest @ ..] => {
            if let Some(inner) = message.get_field_mut(field).as_message_mut() {
                push(inner, rest, value);
            }
        }
    }
}

/// Text of a form: `+` is a space.
fn form_decoded(field: &str, text: &str) -> Result<String, Violation> {
    decoded(field, &text.replace('+', " "))
}
