//! The faces of the gateway as a client meets them. One call, four ways to make it.

mod failure;
mod frames;
mod grpc;
mod grpc_web;
mod rest;
mod sse;
mod transcode;

use std::{net::SocketAddr, pin::Pin, sync::Arc};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use mesh_proto::Method;
use prost::Message;
use tonic::transport::{Channel, Endpoint};

pub use failure::Failure;
pub use rest::HttpReply;
pub use transcode::{RestRequest, rest_request};

use crate::PATIENCE;

/// A way to speak to the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Face {
    /// HTTP and JSON; streams as server-sent events.
    Rest,
    /// gRPC over HTTP/2.
    Grpc,
    /// gRPC-Web, binary frames over HTTP/1.1.
    GrpcWeb,
    /// gRPC-Web, frames in base64 over HTTP/1.1.
    GrpcWebText,
}

impl Face {
    /// Every face.
    pub const ALL: [Self; 4] = [Self::Rest, Self::Grpc, Self::GrpcWeb, Self::GrpcWebText];
}

/// Messages of a server stream, as they come.
pub type Messages<A> = Pin<Box<dyn Stream<Item = Result<A, Failure>> + Send>>;

/// Somebody who speaks to the gateway by one face, with or without a token.
#[derive(Clone, Debug)]
pub struct Client {
    face: Face,
    base: Arc<str>,
    token: Option<Arc<str>>,
    http: reqwest::Client,
    channel: Channel,
}

impl Client {
    /// A client of the gateway at `address`, without a token.
    ///
    /// # Errors
    /// When the address cannot be one of a server.
    pub fn new(face: Face, address: SocketAddr) -> anyhow::Result<Self> {
        let base: Arc<str> = format!("http://{address}").into();
        let channel = Endpoint::from_shared(base.to_string())?.tcp_nodelay(true).connect_lazy();
        let http = reqwest::Client::builder().http1_only().no_proxy().tcp_nodelay(true).build()?;
        Ok(Self { face, base, token: None, http, channel })
    }

    /// The same, with a token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.into()), ..self.clone() }
    }

    /// The same client by another face.
    #[must_use]
    pub fn by(&self, face: Face) -> Self {
        Self { face, ..self.clone() }
    }

    /// The face it uses.
    pub fn face(&self) -> Face {
        self.face
    }

    /// Calls a unary RPC, such as `taskmesh.task.v1.TaskService/GetTask`.
    ///
    /// # Errors
    /// What the gateway answered, or that it did not.
    pub async fn call<Q: Message, A: Message + Default>(&self, method: &str, request: &Q) -> Result<A, Failure> {
        let answer = self.call_encoded(find(method)?, request.encode_to_vec().into()).await?;
        A::decode(answer).map_err(|error| Failure::broken(format!("the answer does not decode: {error}")))
    }

    /// Calls a unary RPC with a message as it is on the wire, well formed or not (REST: well formed).
    ///
    /// # Errors
    /// What the gateway answered, or that it did not.
    pub async fn call_encoded(&self, method: &Method, request: Bytes) -> Result<Bytes, Failure> {
        let call = async {
            match self.face {
                Face::Rest => self.rest_unary(method, request).await,
                Face::Grpc => self.grpc_unary(&method.path, request).await,
                Face::GrpcWeb => self.web_unary(&method.path, request, false).await,
                Face::GrpcWebText => self.web_unary(&method.path, request, true).await,
            }
        };
        tokio::time::timeout(PATIENCE, call).await.unwrap_or_else(|_| Err(Failure::broken("no answer".to_owned())))
    }

    /// Opens a server stream; returns once the gateway has answered that it is open.
    ///
    /// # Errors
    /// What the gateway answered, or that it did not.
    pub async fn stream<Q, A>(&self, method: &str, request: &Q) -> Result<Messages<A>, Failure>
    where
        Q: Message,
        A: Message + Default + 'static,
    {
        let messages = self.stream_encoded(find(method)?, request.encode_to_vec().into()).await?;
        let decode = |bytes: Bytes| A::decode(bytes).map_err(|error| Failure::broken(error.to_string()));
        Ok(messages.map(move |message| message.and_then(decode)).boxed())
    }

    /// Opens a server stream with a message as it is on the wire.
    ///
    /// # Errors
    /// What the gateway answered, or that it did not.
    pub async fn stream_encoded(&self, method: &Method, request: Bytes) -> Result<Messages<Bytes>, Failure> {
        let open = async {
            match self.face {
                Face::Rest => self.rest_stream(method, request).await,
                Face::Grpc => self.grpc_stream(&method.path, request).await,
                Face::GrpcWeb => self.web_stream(&method.path, request, false).await,
                Face::GrpcWebText => self.web_stream(&method.path, request, true).await,
            }
        };
        tokio::time::timeout(PATIENCE, open).await.unwrap_or_else(|_| Err(Failure::broken("no answer".to_owned())))
    }
}

/// The RPC of the contract called `method`, with or without a leading slash.
fn find(method: &str) -> Result<&'static Method, Failure> {
    let found = mesh_proto::methods().iter().find(|known| known.path.trim_start_matches('/') == method);
    found.ok_or_else(|| Failure::broken(format!("the contract has no {method}")))
}
