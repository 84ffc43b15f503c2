//! Every string of every request, made unusable in every way; numbers, masks and tokens that cannot be.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use e2e::{Client, Face, Failure, Mode, RestRequest, Target, rest_request};
use mesh_proto::{Method, methods};
use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, ReflectMessage, Value};
use tonic::Code;

use super::{
    Delays, clear,
    sample::{StringField, is_output_only, sample},
    things::Things,
};

in_both_modes! {
    strings_that_cannot_be_are_refused;
    text_that_is_not_utf_8_is_refused;
    numbers_and_enums_that_cannot_be_are_refused;
    page_tokens_filters_orders_and_masks_that_cannot_be_are_refused;
}

/// More than any string may hold; in a URL, where the gateway has a limit of its own, more than a title.
const OVERLONG: usize = 20_000;
const OVERLONG_IN_URL: usize = 5_000;

async fn strings_that_cannot_be_are_refused(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    let (person, _) = target.person(Face::Rest, "strings").await?;
    let mut delays = Delays::default();
    for face in Face::ALL {
        let client = target.client(face)?.with_token(&person.access_token);
        for method in methods() {
            for field in StringField::all(&method.descriptor.input()) {
                let place = || format!("{} of {} by {face:?}", field.path(), method.path);
                let url = face == Face::Rest && in_url_or_header(method, &field);
                let overlong = "x".repeat(if url { OVERLONG_IN_URL } else { OVERLONG });
                let overlong = ask(&mut delays, &client, method, &field, &overlong).await.with_context(place)?;
                ensure!(!field.has_rule() || overlong.is_some(), "overlong: {}", place());
                if let Some(failure) = overlong.filter(|_| field.has_rule()) {
                    let named = failure.fields.iter().any(|name| name.starts_with(&field.path()));
                    ensure!(failure.code == Code::InvalidArgument && named, "{}: {failure:?}", place());
                }
                let malformed = ask(&mut delays, &client, method, &field, "no-such-form").await.with_context(place)?;
                ensure!(!field.is_id() || malformed.is_some(), "malformed id: {}", place());
                ask(&mut delays, &client, method, &field, "a\0b").await.with_context(place)?;
                ask(&mut delays, &client, method, &field, "\u{202e}\u{fdd0}\u{7f}\u{1b}[31m")
                    .await
                    .with_context(place)?;
            }
        }
    }
    delays.tell(&format!("bad strings, {mode:?}"));
    Ok(())
}

/// The refusal, if it was one. A string that the face cannot carry (a NUL in a header) is not asked.
async fn ask(
    delays: &mut Delays,
    client: &Client,
    method: &Method,
    field: &StringField,
    value: &str,
) -> Result<Option<Failure>> {
    let request = field.replaced(&sample(method), value.as_bytes());
    if client.face() == Face::Rest {
        let message = DynamicMessage::decode(method.descriptor.input(), request.clone())?;
        if rest_request(method, &message).is_err() {
            return Ok(None);
        }
    }
    Ok(delays.ask(client, method, request).await?.err())
}

/// Whether REST puts this field into the path, the query or a header.
fn in_url_or_header(method: &Method, field: &StringField) -> bool {
    let body = method.http.as_ref().map(|rule| rule.body.as_str()).unwrap_or_default();
    let in_path =
        rest_of(method, &field.replaced(&sample(method), b"marker")).is_ok_and(|rest| rest.path.contains("marker"));
    in_path || (body != "*" && body != field.way[0].name()) || field.path() == "request_id"
}

fn rest_of(method: &Method, request: &Bytes) -> Result<RestRequest> {
    rest_request(method, &DynamicMessage::decode(method.descriptor.input(), request.clone())?)
}

async fn text_that_is_not_utf_8_is_refused(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    let (person, _) = target.person(Face::Rest, "bytes").await?;
    let mut delays = Delays::default();
    for face in Face::ALL {
        let client = target.client(face)?.with_token(&person.access_token);
        for method in methods() {
            for field in StringField::all(&method.descriptor.input()) {
                let place = || format!("{} of {} by {face:?}", field.path(), method.path);
                let failure = match face {
                    Face::Rest => broken_over_rest(&client, method, &field).await.with_context(place)?,
                    _ => {
                        let request = field.replaced(&sample(method), b"\xff\xfe");
                        Some(delays.refused(&client, method, request).await.with_context(place)?)
                    }
                };
                let Some(failure) = failure else { continue };
                ensure!([Code::InvalidArgument, Code::NotFound].contains(&failure.code), "{}: {failure:?}", place());
            }
        }
    }
    Ok(())
}

/// The same text in URL or body, with bytes in place of a marker. Headers are text by HTTP's own rules.
async fn broken_over_rest(client: &Client, method: &Method, field: &StringField) -> Result<Option<Failure>> {
    let mut rest = rest_of(method, &field.replaced(&sample(method), b"marker"))?;
    let body = rest.body.take().unwrap_or_default();
    let at = body.windows(6).position(|window| window == b"marker");
    if at.is_none() && !rest.path.contains("marker") {
        return Ok(None);
    }
    rest.path = rest.path.replace("marker", "%FF%FE");
    rest.body = match at {
        Some(at) => Some([&body[..at], b"\xff\xfe", &body[at + 6..]].concat().into()),
        None => (!body.is_empty()).then_some(body),
    };
    let reply = client.http(rest).await?;
    ensure!(reply.status != 200, "not refused: {reply:?}");
    let failure = reply.failure();
    clear(&failure)?;
    Ok(Some(failure))
}

async fn numbers_and_enums_that_cannot_be_are_refused(mode: Mode) -> Result<()> {
    let target = Target::shared(mode).await?;
    let (person, _) = target.person(Face::Rest, "numbers").await?;
    let mut delays = Delays::default();
    for face in Face::ALL {
        let client = target.client(face)?.with_token(&person.access_token);
        for method in methods() {
            let request = sample(method);
            for field in request.descriptor().fields().filter(|field| field.kind() == Kind::Int32 && !field.is_list()) {
                let with = |number: i32| {
                    let mut request = request.clone();
                    request.set_field(&field, Value::I32(number));
                    Bytes::from(request.encode_to_vec())
                };
                let failure = delays.refused(&client, method, with(-1)).await?;
                ensure!(failure.fields == [field.name()], "{failure:?}");
                // Too many is as many as there may be, not an error.
                delays.ask(&client, method, with(i32::MAX)).await?.ok();
            }
            for (name, unknown) in unknown_enums(&request) {
                let failure = delays.refused(&client, method, unknown).await.with_context(|| name.clone())?;
                ensure!(failure.code == Code::InvalidArgument, "{name}: {failure:?}");
            }
        }
    }
    Ok(())
}

/// The request with an unknown number in each enum of its messages, one after the other.
fn unknown_enums(request: &DynamicMessage) -> Vec<(String, Bytes)> {
    let mut found = Vec::new();
    for outer in request.descriptor().fields() {
        let Some(inner) = request.get_field(&outer).as_message().cloned() else { continue };
        let kind = inner.descriptor();
        let enums = kind.fields().filter(|field| field.kind().as_enum().is_some() && !field.is_list());
        for field in enums.filter(|field| !is_output_only(field)) {
            let mut inner = inner.clone();
            inner.set_field(&field, Value::EnumNumber(99));
            let mut request = request.clone();
            request.set_field(&outer, Value::Message(inner));
            found.push((field.full_name().to_owned(), request.encode_to_vec().into()));
        }
    }
    found
}

async fn page_tokens_filters_orders_and_masks_that_cannot_be_are_refused(mode: Mode) -> Result<()> {
    const BAD: [(&str, &[&str], &str); 5] = [
        ("page_token", &["forged", "AAAA", "e30", "eyJrZXkiOjF9", "%%%"], "PAGE_TOKEN_INVALID"),
        ("filter", &["nonsense = 1", "((((((", "title = ", "created_by = \"", "status = NOPE"], "FILTER_INVALID"),
        ("order_by", &["nonsense", "title upwards", ",,", "title; DROP TABLE tasks"], "ORDER_BY_INVALID"),
        ("resume_token", &["forged", "AAAA", "e30"], "RESUME_TOKEN_INVALID"),
        ("update_mask", &["nonsense", "id", "version", "title.x", "*.*"], "UPDATE_MASK_INVALID"),
    ];
    let target = Target::shared(mode).await?;
    let (person, client) = target.person(Face::Rest, "queries").await?;
    let things = Things::make(&client, &person).await?;
    let mut delays = Delays::default();
    let mut asked = 0;
    for face in Face::ALL {
        let client = target.client(face)?.with_token(&person.access_token);
        for (name, values, reason) in BAD {
            for method in methods() {
                let Some(field) = method.descriptor.input().get_field_by_name(name) else { continue };
                // REST has no mask: it is the body's fields.
                if name == "update_mask" && face == Face::Rest {
                    continue;
                }
                for value in values {
                    let place = || format!("{name} {value:?} of {} by {face:?}", method.path);
                    let mut told = Vec::new();
                    for request in with_text(method, &field, value, &things) {
                        told.push(delays.refused(&client, method, request).await.with_context(place)?);
                    }
                    // What the request names must be there before the rest of it makes sense; one of the things is.
                    told.retain(|failure| failure.code != Code::NotFound);
                    let clear = |failure: &Failure| failure.code == Code::InvalidArgument && failure.reason == reason;
                    ensure!(!told.is_empty() && told.iter().all(clear), "{}: {told:?}", place());
                    asked += 1;
                }
            }
        }
    }
    ensure!(asked > 0);
    Ok(())
}

/// Requests with this text in the field. Where a request names something, one for each thing that there is.
fn with_text(method: &Method, field: &FieldDescriptor, text: &str, things: &Things) -> Vec<Bytes> {
    let mut request = sample(method);
    let value = match field.kind() {
        Kind::Message(kind) => {
            let mask = prost_types::FieldMask { paths: vec![text.to_owned()] };
            let mut dynamic = DynamicMessage::new(kind);
            let _ = dynamic.transcode_from(&mask);
            Value::Message(dynamic)
        }
        _ => Value::String(text.to_owned()),
    };
    request.set_field(field, value);
    let Some(id) = request.descriptor().get_field_by_name("id") else {
        return vec![request.encode_to_vec().into()];
    };
    let naming = things.ids().map(|thing| {
        let mut request = request.clone();
        request.set_field(&id, Value::String(thing.clone()));
        request.encode_to_vec().into()
    });
    naming.into()
}
