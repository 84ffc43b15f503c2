//! Settings from the environment.

use figment::{
    Error, Figment, Metadata, Profile, Provider,
    value::{Dict, Map, Value},
};

/// The variables of one program, as nested settings.
pub(super) struct Variables {
    prefix: String,
    settings: Dict,
}

impl Variables {
    /// Those of `variables` that are named `TASKMESH_<NAME>__…`. What is text by default stays text, even if it looks
    /// like a number.
    pub(super) fn of(name: &str, variables: impl Iterator<Item = (String, String)>, defaults: &Figment) -> Self {
        let prefix = format!("TASKMESH_{}__", name.to_uppercase().replace('-', "_"));
        let mut settings = Dict::new();
        for (key, text) in variables {
            let Some(rest) = key.strip_prefix(&prefix) else { continue };
            let path = rest.to_lowercase().replace("__", ".");
            let value = match defaults.find_value(&path) {
                Ok(Value::String(..)) => Value::from(text),
                _ => typed(text),
            };
            merge(&mut settings, &mut path.split('.'), value);
        }
        Self { prefix, settings }
    }
}

/// A number, a truth value or a list if it is written like one, else text.
fn typed(text: String) -> Value {
    match text.parse::<Value>() {
        Ok(value @ (Value::Bool(..) | Value::Array(..))) => value,
        Ok(value @ Value::Num(..)) if !has_leading_zero(&text) => value,
        _ => Value::from(text),
    }
}

/// `0123` is somebody's password, not a number.
fn has_leading_zero(text: &str) -> bool {
    text.len() > 1 && text.starts_with('0') && !text.starts_with("0.")
}

fn merge<'a>(settings: &mut Dict, path: &mut impl Iterator<Item = &'a str>, value: Value) {
    let mut path = path.peekable();
    let Some(key) = path.next() else { return };
    if path.peek().is_none() {
        settings.insert(key.to_owned(), value);
        return;
    }
    let section = settings.entry(key.to_owned()).or_insert_with(|| Value::from(Dict::new()));
    if let Value::Dict(_, section) = section {
        merge_rest(section, path.collect(), value);
    }
}

fn merge_rest(section: &mut Dict, path: Vec<&str>, value: Value) {
    merge(section, &mut path.into_iter(), value);
}

impl Provider for Variables {
    fn metadata(&self) -> Metadata {
        Metadata::named(format!("environment variables {}*", self.prefix))
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        Ok(Profile::Default.collect(self.settings.clone()))
    }
}
