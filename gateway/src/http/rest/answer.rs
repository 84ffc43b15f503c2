//! Answers over HTTP: a message as JSON, with what HTTP says in headers.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use mesh_types::Fault;
use prost_reflect::{DynamicMessage, MessageDescriptor, SerializeOptions};
use tonic::{Status, body::Body};

use super::route::Route;

/// Lists and scalars are always written; what is unset and can be, is not.
const OPTIONS: SerializeOptions = SerializeOptions::new().skip_default_fields(false);

/// The answer to a unary call.
///
/// # Errors
/// INTERNAL for a message that cannot be read.
pub(super) fn unary(route: &Route, message: Bytes) -> Result<Response<Body>, Fault> {
    let message = decoded(&route.output, message)?;
    let mut response = json(StatusCode::OK, written(&message)?.into());
    let etag = route.answer_etag.as_ref().map(|field| message.get_field(field));
    if let Some(etag) = etag.as_ref().and_then(|value| value.as_str()).filter(|etag| !etag.is_empty())
        && let Ok(value) = HeaderValue::try_from(format!("\"{etag}\""))
    {
        response.headers_mut().insert(header::ETAG, value);
    }
    Ok(response)
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
    let mut serializer = serde_json::Serializer::new(Vec::with_capacity(512));
    match message.serialize_with_options(&mut serializer, &OPTIONS) {
        Ok(()) => Ok(serializer.into_inner()),
        Err(error) => {
            tracing::error!(error.detail = %error, "an answer cannot be written as JSON");
            Err(Fault::internal())
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
pub(super) fn headers_only(response: Response<Body>) -> Response<Body> {
    let length = http_body::Body::size_hint(response.body()).exact();
    let mut response = response.map(|_| Body::empty());
    if let Some(length) = length {
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}

/// A frame's error type: streams tell their failures in JSON, so there is none.
pub(super) type Piece = Result<http_body::Frame<Bytes>, Status>;
