//! Native gRPC by tonic, with messages left as bytes.

use bytes::{Buf, BufMut, Bytes};
use futures::StreamExt;
use http::uri::PathAndQuery;
use tonic::{
    Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    transport::Channel,
};

use super::{Client, Failure, Messages};

impl Client {
    pub(super) async fn grpc_unary(&self, path: &str, request: Bytes) -> Result<Bytes, Failure> {
        loop {
            let (mut grpc, path) = self.grpc_ready(path).await?;
            match grpc.unary(self.grpc_request(request.clone())?, path, AsIs).await {
                Ok(answer) => return Ok(answer.into_inner()),
                Err(status) if never_left(&status) => {}
                Err(status) => return Err(Failure::from_status(&status)),
            }
        }
    }

    pub(super) async fn grpc_stream(&self, path: &str, request: Bytes) -> Result<Messages<Bytes>, Failure> {
        let (mut grpc, path) = self.grpc_ready(path).await?;
        let answer = grpc.server_streaming(self.grpc_request(request)?, path, AsIs).await;
        let messages = answer.map_err(|status| Failure::from_status(&status))?.into_inner();
        Ok(messages.map(|message| message.map_err(|status| Failure::from_status(&status))).boxed())
    }

    async fn grpc_ready(&self, path: &str) -> Result<(Grpc<Channel>, PathAndQuery), Failure> {
        let path = PathAndQuery::try_from(path).map_err(|error| Failure::broken(error.to_string()))?;
        let mut grpc = Grpc::new(self.channel.clone());
        grpc.ready().await.map_err(|error| Failure::broken(error.to_string()))?;
        Ok((grpc, path))
    }

    fn grpc_request(&self, message: Bytes) -> Result<Request<Bytes>, Failure> {
        let mut request = Request::new(message);
        if let Some(token) = &self.token {
            let value = format!("Bearer {token}").parse();
            request
                .metadata_mut()
                .insert("authorization", value.map_err(|_| Failure::broken("the token is no header"))?);
        }
        Ok(request)
    }
}

/// Whether the call was not sent, because its connection was just being closed. The gRPC clients of other languages send
/// such a call again by themselves (gRFC A6, transparent retries); tonic leaves it to its user.
fn never_left(status: &Status) -> bool {
    let causes = std::iter::successors(std::error::Error::source(status), |error| error.source());
    causes.filter_map(|error| error.downcast_ref::<hyper::Error>()).any(hyper::Error::is_canceled)
}

/// Sends and receives messages as they are.
#[derive(Debug)]
struct AsIs;

impl Codec for AsIs {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for AsIs {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put(message);
        Ok(())
    }
}

impl Decoder for AsIs {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}
