//! The query of a URL: pairs, each naming a field of the request.

use mesh_types::Violation;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};

use super::{
    field,
    json::Mistakes,
    path::decoded,
    route::{BodyRule, Route},
    scalar::{self, Mistake},
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
    let (path, entry) = match key.strip_suffix(']').and_then(|key| key.split_once('[')) {
        Some((path, entry)) => (path, Some(entry)),
        None => (key, None),
    };
    let fields = field::resolve(&route.input, path);
    let fields = fields.map_err(|_| Violation::new(key, "query.unknown_field", "there is no such field"))?;
    let (name, last) = (field::name(&fields), fields.last());
    let Some(last) = last.filter(|last| last.is_map() == entry.is_some()) else {
        return Err(Violation::new(
            name,
            "query.type",
            "entries of maps, and only those, are given as name[key]=value",
        ));
    };
    if let (Some(entry), Kind::Message(kind)) = (entry, last.kind()) {
        return put(message, &fields, &kind, (entry, text))
            .map_err(|wrong| Violation::new(key, wrong.rule, wrong.description));
    }
    let value = scalar::from_text(&last.kind(), text);
    let value = value.map_err(|mistake| Violation::new(&name, mistake.rule, mistake.description))?;
    if last.is_list() {
        if let Some(items) = field::get_mut(message, &fields).and_then(Value::as_list_mut) {
            items.push(value);
        }
        return Ok(());
    }
    if seen.contains(&fields) {
        return Err(Violation::new(name, "query.duplicate_field", "is given more than once"));
    }
    field::set(message, &fields, value);
    seen.push(fields);
    Ok(())
}

/// Puts an entry, key and value as text, into the map at the end of the path.
fn put(
    message: &mut DynamicMessage,
    fields: &[FieldDescriptor],
    kind: &MessageDescriptor,
    (key, text): (&str, &str),
) -> Result<(), Mistake> {
    let read = scalar::from_text(&kind.map_entry_key_field().kind(), key)?;
    let value = scalar::from_text(&kind.map_entry_value_field().kind(), text)?;
    let mistake = |description: &str| Mistake { rule: "query.duplicate_field", description: description.to_owned() };
    let key = read.into_map_key().ok_or_else(|| mistake("is no key of this map"))?;
    let map = field::get_mut(message, fields).and_then(Value::as_map_mut);
    match map.and_then(|map| map.insert(key, value)) {
        Some(_) => Err(mistake("is given more than once")),
        None => Ok(()),
    }
}

/// Text of a form: `+` is a space.
fn form_decoded(field: &str, text: &str) -> Result<String, Violation> {
    decoded(field, &text.replace('+', " "))
}
