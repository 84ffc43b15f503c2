//! REST: HTTP and JSON, with routes and bodies derived from the contract.

use bytes::Bytes;
use futures::StreamExt;
use mesh_proto::{Method, StreamForm};
use prost::Message;
use prost_reflect::{DynamicMessage, MessageDescriptor};

use super::{Client, Failure, Messages, RestRequest, rest_request, sse};

/// An answer over HTTP, read to its end.
#[derive(Clone, Debug)]
pub struct HttpReply {
    /// The HTTP status.
    pub status: u16,
    /// The header fields.
    pub headers: http::HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl HttpReply {
    /// The error in the body.
    pub fn failure(&self) -> Failure {
        Failure::from_json(self.status, &self.body)
    }
}

impl Client {
    /// Sends any HTTP request to the gateway and reads the whole answer.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn http(&self, request: RestRequest) -> Result<HttpReply, Failure> {
        let answer = self.rest_send(request).await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Ok(HttpReply { status, headers, body: answer.bytes().await.map_err(Failure::unsent)? })
    }

    pub(super) async fn rest_unary(&self, method: &Method, request: Bytes) -> Result<Bytes, Failure> {
        let reply = self.http(transcode(method, request)?).await?;
        if reply.status != 200 {
            return Err(reply.failure());
        }
        from_json(method.descriptor.output(), &reply.body)
    }

    pub(super) async fn rest_stream(&self, method: &Method, request: Bytes) -> Result<Messages<Bytes>, Failure> {
        if method.stream != StreamForm::Sse {
            return Err(Failure::broken(format!("{:?} is not read yet", method.stream)));
        }
        let answer = self.rest_send(transcode(method, request)?).await?;
        let status = answer.status().as_u16();
        if status != 200 {
            return Err(Failure::from_json(status, &answer.bytes().await.map_err(Failure::unsent)?));
        }
        let output = method.descriptor.output();
        let events = sse::events(answer.bytes_stream().boxed());
        Ok(events.map(move |data| from_json(output.clone(), data?.as_bytes())).boxed())
    }

    async fn rest_send(&self, request: RestRequest) -> Result<reqwest::Response, Failure> {
        let mut sent =
            self.http.request(request.method, format!("{}{}", self.base, request.path)).headers(request.headers);
        if let Some(token) = &self.token {
            sent = sent.bearer_auth(token);
        }
        if let Some(body) = request.body {
            sent = sent.header("content-type", "application/json").body(body);
        }
        sent.send().await.map_err(Failure::unsent)
    }
}

impl Failure {
    pub(super) fn unsent(error: reqwest::Error) -> Self {
        Self::broken(format!("{error:?}"))
    }
}

fn transcode(method: &Method, request: Bytes) -> Result<RestRequest, Failure> {
    let message = DynamicMessage::decode(method.descriptor.input(), request);
    let message = message.map_err(|error| Failure::broken(format!("not a request: {error}")))?;
    rest_request(method, &message).map_err(|error| Failure::broken(format!("no REST request: {error:#}")))
}

/// A message in JSON, encoded as protobuf.
fn from_json(kind: MessageDescriptor, json: &[u8]) -> Result<Bytes, Failure> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    match DynamicMessage::deserialize(kind, &mut reader) {
        Ok(message) => Ok(message.encode_to_vec().into()),
        Err(error) => Err(Failure::broken(format!("{error} in {}", String::from_utf8_lossy(json)))),
    }
}
