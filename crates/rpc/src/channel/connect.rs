//! One connection: HTTP/2 over a socket or in memory.

use std::{io, net::SocketAddr, time::Duration};

use futures::{FutureExt, future::BoxFuture};
use http::{
    Request, Uri,
    uri::{Authority, Scheme},
};
use hyper::{
    client::conn::http2::{Builder, SendRequest},
    rt::{Read, Write},
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tonic::body::Body;

use crate::{MemoryConnector, UpstreamConfig};

/// How large the headers of an answer may be, in bytes.
const MAX_HEADER_BYTES: u32 = 64 * 1024;

/// Sends requests over a connection.
pub(super) type Sender = SendRequest<Body>;

/// Ends when its connection does.
pub(super) type Running = BoxFuture<'static, hyper::Result<()>>;

/// Where connections lead to.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Socket(SocketAddr),
    Memory(MemoryConnector),
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Socket(one), Self::Socket(another)) if one == another)
    }
}

/// Makes connections.
#[derive(Clone, Debug)]
pub(super) struct Dial {
    http2: Builder<TokioExecutor>,
    timeout: Duration,
}

impl Dial {
    pub(super) fn new(config: &UpstreamConfig) -> Self {
        let mut http2 = Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .initial_stream_window_size(config.stream_window_bytes)
            .initial_connection_window_size(config.connection_window_bytes)
            .max_header_list_size(MAX_HEADER_BYTES);
        Self { http2, timeout: Duration::from_millis(config.connect_timeout_ms) }
    }

    /// Tries quiet connections too: a peer that is frozen, or behind a broken cable, does not say so.
    pub(super) fn with_keepalive(mut self, interval: Duration) -> Self {
        self.http2.keep_alive_interval(interval).keep_alive_timeout(interval).keep_alive_while_idle(true);
        self
    }

    /// A new connection.
    ///
    /// # Errors
    /// When it is refused, or not there in time.
    pub(super) async fn connect(&self, place: &Place) -> io::Result<(Sender, Running)> {
        let connecting = async {
            match place {
                Place::Socket(address) => {
                    let stream = TcpStream::connect(address).await?;
                    stream.set_nodelay(true)?;
                    self.handshake(TokioIo::new(stream)).await
                }
                Place::Memory(connector) => self.handshake(TokioIo::new(connector.connect()?)).await,
            }
        };
        tokio::time::timeout(self.timeout, connecting).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    async fn handshake<IO>(&self, io: IO) -> io::Result<(Sender, Running)>
    where
        IO: Read + Write + Unpin + Send + 'static,
    {
        let (sender, connection) = self.http2.handshake(io).await.map_err(io::Error::other)?;
        Ok((sender, connection.boxed()))
    }
}

/// The request with the name of the one that it is for.
pub(super) fn addressed(mut request: Request<Body>, authority: &Authority) -> Request<Body> {
    let mut parts = std::mem::take(request.uri_mut()).into_parts();
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Some(authority.clone());
    if let Ok(uri) = Uri::from_parts(parts) {
        *request.uri_mut() = uri;
    }
    request
}
