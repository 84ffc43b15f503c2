//! The messages of a gRPC answer, and the failure it may end in.

use base64::{Engine, engine::general_purpose::STANDARD, engine::general_purpose::STANDARD_NO_PAD};
use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, Response};
use http_body_util::BodyExt;
use mesh_types::Fault;
use percent_encoding::percent_decode;
use tonic::{Code, Status};

use crate::http::forward::Guard;

/// How a call failed.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) code: Code,
    pub(crate) message: String,
    /// An encoded `google.rpc.Status`.
    pub(crate) details: Bytes,
}

impl Failure {
    /// What trailers tell; `None` if they tell of success. tonic's own reader panics on details that are no base64.
    pub(crate) fn told(trailers: &HeaderMap) -> Option<Self> {
        let code = trailers.get(Status::GRPC_STATUS).map_or(Code::Unknown, |value| Code::from_bytes(value.as_bytes()));
        if code == Code::Ok {
            return None;
        }
        let message = trailers.get(Status::GRPC_MESSAGE).map(|value| percent_decode(value.as_bytes()));
        let message = message.map(|text| text.decode_utf8_lossy().into_owned()).unwrap_or_default();
        let details = trailers
            .get(Status::GRPC_STATUS_DETAILS)
            .and_then(|value| STANDARD.decode(value).or_else(|_| STANDARD_NO_PAD.decode(value)).ok());
        Some(Self { code, message, details: details.unwrap_or_default().into() })
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        let status = mesh_rpc::status(fault);
        let details = Bytes::copy_from_slice(status.details());
        Self { code: status.code(), message: status.message().to_owned(), details }
    }
}

/// Reads an answer message by message.
pub(super) struct Messages {
    body: Guard,
    buffer: BytesMut,
    /// Once known: what the answer ended with.
    trailers: Option<HeaderMap>,
    limit: usize,
}

impl Messages {
    pub(super) fn new(answer: Response<Guard>, limit: usize) -> Self {
        let (parts, body) = answer.into_parts();
        let trailers = parts.headers.contains_key(Status::GRPC_STATUS).then_some(parts.headers);
        Self { body, buffer: BytesMut::new(), trailers, limit }
    }

    /// The next message; `None` at the end. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// The failure that the answer ends in.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        loop {
            if let Some(message) = self.buffered()? {
                return Ok(Some(message));
            }
            if let Some(trailers) = &self.trailers {
                return Failure::told(trailers).map_or(Ok(None), Err);
            }
            match self.body.frame().await {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.buffer.extend_from_slice(&data),
                    Err(frame) => self.trailers = frame.into_trailers().ok(),
                },
                _ => return Err(Fault::unavailable().into()),
            }
        }
    }

    /// The only message of a unary answer.
    ///
    /// # Errors
    /// The failure that the answer ends in.
    pub(super) async fn only(mut self) -> Result<Bytes, Failure> {
        let message = self.next().await?;
        while self.next().await?.is_some() {}
        message.ok_or_else(|| Fault::internal().into())
    }

    fn buffered(&mut self) -> Result<Option<Bytes>, Failure> {
        let Some((head, rest)) = self.buffer.split_first_chunk::<5>() else { return Ok(None) };
        let [compressed, length @ ..] = *head;
        let length = u32::from_be_bytes(length) as usize;
        if compressed != 0 || length > self.limit {
            tracing::error!(message.bytes = length, "an upstream sent a message that cannot be read");
            return Err(Fault::internal().into());
        }
        if rest.len() < length {
            return Ok(None);
        }
        self.buffer.advance(5);
        Ok(Some(self.buffer.split_to(length).freeze()))
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn details_that_are_no_base64_are_left_out() {
        let mut trailers = HeaderMap::new();
        trailers.insert(Status::GRPC_STATUS, HeaderValue::from_static("5"));
        trailers.insert(Status::GRPC_MESSAGE, HeaderValue::from_static("%C3%BC%25"));
        trailers.insert(Status::GRPC_STATUS_DETAILS, HeaderValue::from_static("!!!"));
        let failure = Failure::told(&trailers).expect("a failure");
        assert_eq!((failure.code, failure.message.as_str()), (Code::NotFound, "ü%"));
        assert!(failure.details.is_empty());
    }
}
