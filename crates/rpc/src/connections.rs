//! The accept loop: connections from a listener, each with HTTP limits, all drained before it returns.

use std::{convert::Infallible, error::Error, pin::pin, time::Duration};

use http::{Request, Response};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tower::{Service, ServiceExt};

use crate::{Listener, listener::Accepted};

/// Limits of connections. The gateway, whose callers are strangers, has stricter ones of its own.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ConnectionConfig {
    /// How many connections at once; more wait to be accepted.
    pub max_connections: usize,
    /// How many calls at once on one HTTP/2 connection.
    pub max_concurrent_streams: u32,
    /// How much of one call may arrive unread, in bytes.
    pub stream_window_bytes: u32,
    /// How much of all calls of a connection may arrive unread, in bytes.
    pub connection_window_bytes: u32,
    /// How much of one answer is held for a reader that does not read, in bytes.
    pub send_buffer_bytes: usize,
    /// How large the headers of a call may be, in bytes.
    pub max_header_bytes: u32,
    /// How many calls a client may reset before they were looked at, until the connection is closed (CVE-2023-44487).
    pub max_pending_resets: usize,
    /// How often a quiet HTTP/2 connection is tried. 0 is never.
    pub keepalive_ms: u64,
    /// How long a tried connection, or a new one, may stay silent.
    pub patience_ms: u64,
    /// How long calls may go on after the listener was told to stop.
    pub drain_timeout_ms: u64,
}

impl Default for ConnectionConfig {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            max_concurrent_streams: 16_384,
            stream_window_bytes: 64 * 1024,
            connection_window_bytes: 4 * 1024 * 1024,
            send_buffer_bytes: 64 * 1024,
            max_header_bytes: 32 * 1024,
            max_pending_resets: 256,
            keepalive_ms: 20_000,
            patience_ms: 20_000,
            drain_timeout_ms: 10_000,
        }
    }
}

/// Serves HTTP/2 from `listener` until `stop`, then waits for calls under way, but not longer than the configured time.
pub(crate) async fn serve_connections<S, B>(
    service: S,
    mut listener: Listener,
    config: ConnectionConfig,
    stop: CancellationToken,
) where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
    B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>> + Send + Sync,
{
    let server = Connections { builder: builder(&config), service, stop: stop.clone() };
    let patience = Duration::from_millis(config.patience_ms);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if connections.len() < config.max_connections => {
                let server = server.clone();
                match accepted {
                    Accepted::Tcp(stream) => connections.spawn(server.serve_tcp(stream, patience)),
                    Accepted::Memory(stream) => connections.spawn(server.serve(stream)),
                };
            }
        }
    }
    // New callers are refused from here on; they would hang otherwise.
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    if timeout(Duration::from_millis(config.drain_timeout_ms), drained).await.is_err() {
        tracing::warn!(connections = connections.len(), "calls did not end in time, dropped");
        connections.shutdown().await;
    }
}

/// What every connection is served with.
#[derive(Clone)]
struct Connections<S> {
    builder: Builder<TokioExecutor>,
    service: S,
    stop: CancellationToken,
}

impl<S, B> Connections<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
    B: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>> + Send + Sync,
{
    /// Serves a connection once it has said something; whoever connects and stays silent does not keep a place.
    async fn serve_tcp(self, stream: TcpStream, patience: Duration) {
        let _ = stream.set_nodelay(true);
        if let Ok(Ok(1)) = timeout(patience, stream.peek(&mut [0])).await {
            self.serve(stream).await;
        }
    }

    async fn serve<IO>(self, stream: IO)
    where
        IO: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { builder, service, stop } = self;
        let answer = service_fn(move |request: Request<Incoming>| service.clone().oneshot(request.map(Body::new)));
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), answer));
        let served = tokio::select! {
            served = connection.as_mut() => served,
            () = stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = served {
            tracing::debug!(error.detail = %error, "connection broke");
        }
    }
}

fn builder(config: &ConnectionConfig) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new()).http2_only();
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(config.max_concurrent_streams)
        .initial_stream_window_size(config.stream_window_bytes)
        .initial_connection_window_size(config.connection_window_bytes)
        .max_send_buf_size(config.send_buffer_bytes)
        .max_header_list_size(config.max_header_bytes)
        .max_pending_accept_reset_streams(config.max_pending_resets)
        .keep_alive_interval((config.keepalive_ms > 0).then(|| Duration::from_millis(config.keepalive_ms)))
        .keep_alive_timeout(Duration::from_millis(config.patience_ms));
    builder
}
