//! Single values: from JSON, and from the text of a path or a query.

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use prost_reflect::{DynamicMessage, EnumDescriptor, Kind, MessageDescriptor, Value};
use serde_json::Value as Json;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// What is wrong with a value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) rule: &'static str,
    pub(super) description: String,
}

fn mistake<T>(description: impl Into<String>) -> Result<T, Mistake> {
    Err(Mistake { rule: "json.type", description: description.into() })
}

/// A value of `kind`, which is no message.
pub(super) fn from_json(kind: &Kind, json: &Json) -> Result<Value, Mistake> {
    match kind {
        Kind::Double => float(json).map(Value::F64),
        Kind::Float => single(json).map(Value::F32),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => integer(json).map(Value::I32),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => integer(json).map(Value::I64),
        Kind::Uint32 | Kind::Fixed32 => integer(json).map(Value::U32),
        Kind::Uint64 | Kind::Fixed64 => integer(json).map(Value::U64),
        Kind::Bool => json.as_bool().map_or_else(|| mistake("must be true or false"), |value| Ok(Value::Bool(value))),
        Kind::String => string(json).map(Value::String),
        Kind::Bytes => bytes(json),
        Kind::Enum(descriptor) => enumerated(descriptor, json).map(Value::EnumNumber),
        Kind::Message(_) => mistake("must be an object"),
    }
}

/// A value of `kind` from the text of a path or a query.
pub(super) fn from_text(kind: &Kind, text: &str) -> Result<Value, Mistake> {
    let json = || Json::String(text.to_owned());
    match kind {
        Kind::Bool => match text {
            "true" | "1" => Ok(Value::Bool(true)),
            "false" | "0" => Ok(Value::Bool(false)),
            _ => mistake("must be true or false"),
        },
        Kind::Enum(descriptor) => match text.parse::<i32>() {
            Ok(number) => Ok(Value::EnumNumber(number)),
            Err(_) => enumerated(descriptor, &json()).map(Value::EnumNumber),
        },
        Kind::Message(descriptor) if is_wrapper(descriptor) => {
            let inner = descriptor.get_field_by_name("value").map(|field| field.kind()).unwrap_or(Kind::String);
            let mut wrapper = DynamicMessage::new(descriptor.clone());
            wrapper.set_field_by_name("value", from_text(&inner, text)?);
            Ok(Value::Message(wrapper))
        }
        Kind::Message(descriptor) if is_well_known(descriptor) => well_known(descriptor, json()),
        Kind::Message(_) => mistake("is a message: name one of its fields, as in due.date"),
        kind => from_json(kind, &json()),
    }
}

/// Whether JSON writes the message in a form of its own.
pub(super) fn is_well_known(descriptor: &MessageDescriptor) -> bool {
    descriptor.full_name().starts_with("google.protobuf.")
}

fn is_wrapper(descriptor: &MessageDescriptor) -> bool {
    is_well_known(descriptor)
        && descriptor.name().ends_with("Value")
        && descriptor.fields().len() == 1
        && descriptor.get_field_by_name("value").is_some()
}

/// A message of `google.protobuf` in its JSON form.
pub(super) fn well_known(descriptor: &MessageDescriptor, json: Json) -> Result<Value, Mistake> {
    let expected = match descriptor.full_name() {
        "google.protobuf.FieldMask" => return field_mask(descriptor, &json).map(Value::Message),
        "google.protobuf.Timestamp" => "must be an instant such as 2026-01-31T09:00:00Z",
        "google.protobuf.Duration" => "must be a duration in seconds such as 1.5s",
        "google.protobuf.Struct" => "must be an object",
        "google.protobuf.ListValue" => "must be a list",
        name if name.starts_with("google.protobuf.") => "is not of the right type",
        _ => return mistake("must be an object"),
    };
    DynamicMessage::deserialize(descriptor.clone(), json)
        .map_or_else(|_| mistake(expected), |it| Ok(Value::Message(it)))
}

/// Comma-separated paths, in either spelling.
fn field_mask(descriptor: &MessageDescriptor, json: &Json) -> Result<DynamicMessage, Mistake> {
    let Json::String(text) = json else { return mistake("must be field names, separated by commas") };
    let paths = text.split(',').map(str::trim).filter(|path| !path.is_empty());
    let paths: Vec<_> = paths.map(snake_case).collect();
    if !paths.iter().all(|path| path.split('.').all(|name| name == "*" || is_field_name(name))) {
        return mistake("must be field names, separated by commas");
    }
    Ok(mask(descriptor, paths.into_iter()))
}

/// A field mask of these paths.
pub(super) fn mask(descriptor: &MessageDescriptor, paths: impl Iterator<Item = String>) -> DynamicMessage {
    let mut mask = DynamicMessage::new(descriptor.clone());
    mask.set_field_by_name("paths", Value::List(paths.map(Value::String).collect()));
    mask
}

/// Whether it may be the name of a field, and one that is the same after it was lowerCamelCase.
fn is_field_name(name: &str) -> bool {
    let letters = name.starts_with(|first: char| first.is_ascii_lowercase());
    letters
        && name.split('_').skip(1).all(|word| word.starts_with(|first: char| first.is_ascii_lowercase()))
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn snake_case(path: &str) -> String {
    let mut snake = String::with_capacity(path.len() + 4);
    for letter in path.chars() {
        if letter.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

fn string(json: &Json) -> Result<String, Mistake> {
    match json {
        Json::String(text) if text.contains('\0') => {
            Err(Mistake { rule: "string.nul", description: "must not contain NUL".to_owned() })
        }
        Json::String(text) => Ok(text.clone()),
        _ => mistake("must be a string"),
    }
}

fn integer<T: TryFrom<i128>>(json: &Json) -> Result<T, Mistake> {
    let whole = match json {
        Json::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(value), _, _) => Some(i128::from(value)),
            (_, Some(value), _) => Some(i128::from(value)),
            (_, _, Some(value)) if value.fract() == 0.0 && value.abs() < 2f64.powi(64) => Some(value as i128),
            _ => None,
        },
        Json::String(text) => text.parse::<i128>().ok(),
        _ => None,
    };
    let value = whole.and_then(|value| T::try_from(value).ok());
    value.map_or_else(|| mistake(format!("must be a whole number of {} bits", size_of::<T>() * 8)), Ok)
}

fn float(json: &Json) -> Result<f64, Mistake> {
    let value = match json {
        Json::Number(number) => number.as_f64(),
        Json::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            text => text.parse().ok().filter(|value: &f64| value.is_finite()),
        },
        _ => None,
    };
    value.map_or_else(|| mistake("must be a number"), Ok)
}

/// The nearest of 32 bits; what is finite stays finite.
fn single(json: &Json) -> Result<f32, Mistake> {
    let value = float(json)?;
    let single = value as f32;
    if single.is_infinite() && value.is_finite() { mistake("must be a number of 32 bits") } else { Ok(single) }
}

fn bytes(json: &Json) -> Result<Value, Mistake> {
    let decoded = json.as_str().and_then(|text| STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok());
    decoded.map_or_else(|| mistake("must be base64"), |bytes| Ok(Value::Bytes(bytes.into())))
}

/// By number, by full name, or by the name without the prefix that all share; in any case.
fn enumerated(descriptor: &EnumDescriptor, json: &Json) -> Result<i32, Mistake> {
    let Json::String(text) = json else { return integer(json) };
    let name = text.to_ascii_uppercase();
    let prefix = prefix(descriptor);
    let value =
        descriptor.get_value_by_name(&name).or_else(|| descriptor.get_value_by_name(&format!("{prefix}{name}")));
    value.map(|value| value.number()).ok_or_else(|| {
        let names = descriptor.values().filter(|value| value.number() != 0);
        let names: Vec<_> = names.map(|value| value.name().trim_start_matches(&prefix).to_owned()).collect();
        Mistake { rule: "enum.unknown", description: format!("must be one of {}", names.join(", ")) }
    })
}

fn prefix(descriptor: &EnumDescriptor) -> String {
    let zero = descriptor.get_value(0);
    zero.and_then(|zero| zero.name().strip_suffix("UNSPECIFIED").map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whole_numbers_come_as_numbers_or_text() {
        assert_eq!(from_json(&Kind::Int64, &json!("9223372036854775807")), Ok(Value::I64(i64::MAX)));
        assert_eq!(from_json(&Kind::Int32, &json!(1e3)), Ok(Value::I32(1000)));
        assert_eq!(from_text(&Kind::Uint32, "7"), Ok(Value::U32(7)));
        for json in [json!(1.5), json!("x"), json!(3_000_000_000_u32), json!(true), json!(null)] {
            assert!(from_json(&Kind::Int32, &json).is_err(), "{json}");
        }
    }

    #[test]
    fn numbers_keep_to_their_range() {
        assert_eq!(from_json(&Kind::Uint64, &json!(u64::MAX)), Ok(Value::U64(u64::MAX)));
        assert_eq!(from_json(&Kind::Uint64, &json!(1.8e19)), Ok(Value::U64(18_000_000_000_000_000_000)));
        assert_eq!(from_json(&Kind::Float, &json!("-Infinity")), Ok(Value::F32(f32::NEG_INFINITY)));
        for (kind, json) in [
            (Kind::Uint64, json!(-1)),
            (Kind::Uint64, json!("18446744073709551616")),
            (Kind::Int64, json!(1.8e19)),
            (Kind::Float, json!(1e39)),
            (Kind::Double, json!("inf")),
            (Kind::Double, json!("1e999")),
        ] {
            assert!(from_json(&kind, &json).is_err(), "{kind:?} {json}");
        }
    }

    #[test]
    fn bytes_come_in_both_alphabets_with_or_without_padding() {
        let expected = Ok(Value::Bytes(vec![0xfb, 0xff].into()));
        for text in ["+/8=", "+/8", "-_8=", "-_8"] {
            assert_eq!(from_text(&Kind::Bytes, text), expected, "{text}");
        }
    }

    #[test]
    fn well_known_messages_are_read_from_text() {
        let of = |name: &str, text: &str| {
            let pool = mesh_proto::descriptors();
            let descriptor = pool.get_message_by_name(&format!("google.protobuf.{name}")).expect("it is there");
            from_text(&Kind::Message(descriptor), text)
                .map(|value| serde_json::to_string(value.as_message().expect("it")))
        };
        assert_eq!(
            of("Timestamp", "2026-01-31T10:00:00+01:00").expect("one").expect("one"),
            "\"2026-01-31T09:00:00Z\""
        );
        assert_eq!(of("Duration", "-900s").expect("one").expect("one"), "\"-900s\"");
        assert_eq!(
            of("FieldMask", "title, timeZone,due.local_time").expect("one").expect("one"),
            "\"title,timeZone,due.localTime\""
        );
        assert_eq!(
            of("Timestamp", "soon").expect_err("none").description,
            "must be an instant such as 2026-01-31T09:00:00Z"
        );
    }
}
