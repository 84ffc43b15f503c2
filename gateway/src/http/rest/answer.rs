//! Answers over HTTP: a message as JSON, with what HTTP says in headers.

use std::io;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use mesh_types::Fault;
use prost_reflect::{DynamicMessage, MessageDescriptor, ReflectMessage, SerializeOptions};
use serde_json::ser::{CompactFormatter, Formatter};
use tonic::{Status, body::Body};

use super::route::{Route, is_http_body};

/// Lists and scalars are always written; what is unset and can be, is not.
const OPTIONS: SerializeOptions = SerializeOptions::new().skip_default_fields(false);

/// The answer to a unary call.
///
/// # Errors
/// INTERNAL for a message that cannot be read.
pub(super) fn unary(route: &Route, message: Bytes) -> Result<Response<Body>, Fault> {
    let message = decoded(&route.output, message)?;
    let mut response = match file(route, &message) {
        Some(file) => raw(&file),
        None => json(StatusCode::OK, told(route, &message)?.into()),
    };
    let etag = route.answer_etag.as_ref().map(|field| message.get_field(field));
    if let Some(etag) = etag.as_ref().and_then(|value| value.as_str()).filter(|etag| !etag.is_empty())
        && let Ok(value) = HeaderValue::try_from(format!("\"{etag}\""))
    {
        response.headers_mut().insert(header::ETAG, value);
    }
    Ok(response)
}

/// The same answer as 304, if its etag is among those that the caller has already (`If-None-Match`).
pub(super) fn unless_known(response: Response<Body>, headers: &HeaderMap) -> Response<Body> {
    let Some(etag) = response.headers().get(header::ETAG).cloned() else { return response };
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut known = known.flat_map(|value| value.split(',')).map(|known| known.trim().trim_start_matches("W/"));
    if !known.any(|known| known == "*" || known == etag) {
        return response;
    }
    let mut response = response.map(|_| Body::empty());
    *response.status_mut() = StatusCode::NOT_MODIFIED;
    response.headers_mut().remove(header::CONTENT_TYPE);
    response
}

/// What of the answer the route tells, as ProtoJSON.
pub(super) fn told(route: &Route, message: &DynamicMessage) -> Result<Vec<u8>, Fault> {
    let Some(field) = &route.response_body else { return written(message) };
    if let Some(inner) = message.get_field(field).as_message() {
        return written(inner);
    }
    let internal = |error: serde_json::Error| {
        tracing::error!(error.detail = %error, "an answer cannot be written as JSON");
        Fault::internal()
    };
    let whole: serde_json::Value = serde_json::from_slice(&written(message)?).map_err(internal)?;
    serde_json::to_vec(&whole[field.json_name()]).map_err(internal)
}

/// The bytes that are the answer, if it is a `google.api.HttpBody`.
fn file(route: &Route, message: &DynamicMessage) -> Option<DynamicMessage> {
    let told = route.response_body.as_ref().and_then(|field| message.get_field(field).as_message().cloned());
    Some(told.unwrap_or_else(|| message.clone())).filter(|told| is_http_body(&told.descriptor()))
}

/// A `google.api.HttpBody` as an answer.
fn raw(file: &DynamicMessage) -> Response<Body> {
    let data = file.get_field_by_name("data").and_then(|data| data.as_bytes().cloned()).unwrap_or_default();
    let mut response = json(StatusCode::OK, data);
    let content_type = file.get_field_by_name("content_type");
    let content_type = content_type.as_ref().and_then(|value| value.as_str()).filter(|value| !value.is_empty());
    let content_type = content_type.and_then(|value| HeaderValue::from_str(value).ok());
    let unknown = HeaderValue::from_static("application/octet-stream");
    response.headers_mut().insert(header::CONTENT_TYPE, content_type.unwrap_or(unknown));
    response
}

/// A message of this type.
pub(super) fn decoded(descriptor: &MessageDescriptor, message: Bytes) -> Result<DynamicMessage, Fault> {
    DynamicMessage::decode(descriptor.clone(), message).map_err(|error| {
        tracing::error!(error.detail = %error, rpc.message = descriptor.full_name(), "an answer cannot be decoded");
        Fault::internal()
    })
}

/// A message as ProtoJSON.
pub(super) fn written(message: &DynamicMessage) -> Result<Vec<u8>, Fault> {
    let mut serializer = serde_json::Serializer::with_formatter(Vec::with_capacity(512), Canonical);
    match message.serialize_with_options(&mut serializer, &OPTIONS) {
        Ok(()) => Ok(serializer.into_inner()),
        Err(error) => {
            tracing::error!(error.detail = %error, "an answer cannot be written as JSON");
            Err(Fault::internal())
        }
    }
}

/// Writes whole numbers without a fraction, as every other implementation of ProtoJSON does: `1`, not `1.0`.
struct Canonical;

impl Formatter for Canonical {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        /// Up to here every whole number has a value of its own.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        match value.fract() == 0.0 && value.abs() <= EXACT {
            true => write!(writer, "{value}"),
            false => CompactFormatter.write_f64(writer, value),
        }
    }

    fn write_f32<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f32) -> io::Result<()> {
        match value.fract() == 0.0 && value.abs() <= 16_777_216.0 {
            true => write!(writer, "{value}"),
            false => CompactFormatter.write_f32(writer, value),
        }
    }
}

/// A JSON answer. It is the caller's own, so nobody keeps it.
pub(crate) fn json(status: StatusCode, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::new(Full::new(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The same answer without its body, as HEAD wants it.
pub(crate) fn headers_only(response: Response<Body>) -> Response<Body> {
    let length = http_body::Body::size_hint(response.body()).exact();
    let mut response = response.map(|_| Body::empty());
    if let Some(length) = length {
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}

/// A frame's error type: streams tell their failures in JSON, so there is none.
pub(super) type Piece = Result<http_body::Frame<Bytes>, Status>;
