//! Takes connections and serves HTTP/1.1 and HTTP/2 (with prior knowledge) on each, within limits.

use std::{convert::Infallible, future::Future, net::SocketAddr, sync::Arc, time::Duration};

use http::{Request, Response};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{
        conn::auto,
        graceful::{GracefulShutdown, Watcher},
    },
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;

use super::{
    preface::{self, Begun},
    settings::HttpSettings,
};

/// How much may be buffered for a client that does not read, per stream.
const SEND_BUFFER_BYTES: usize = 64 * 1024;
/// How much a client may send unread: per stream, and per connection.
const STREAM_WINDOW_BYTES: u32 = 256 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;
/// How often a quiet HTTP/2 connection is tried, and how long it may take to answer.
const KEEPALIVE: Duration = Duration::from_secs(20);
/// How long to wait after accepting failed (usually for want of file descriptors).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves `listener` until `stop`, then lets open calls finish within the drain time.
pub(super) async fn serve<F, R>(listener: TcpListener, settings: &HttpSettings, stop: CancellationToken, handle: F)
where
    F: Fn(SocketAddr, Request<Incoming>) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Response<Body>> + Send + 'static,
{
    let server = Arc::new(builder(settings));
    let places = Arc::new(Semaphore::new(settings.max_connections));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener, &places) => accepted,
            Some(_) = connections.join_next() => continue,
        };
        let Some((stream, peer, place)) = accepted else { continue };
        let (server, watcher, handle) = (server.clone(), graceful.watcher(), handle.clone());
        let (limit, stop) = (settings.header_timeout(), stop.clone());
        connections.spawn(async move {
            // Who has not said anything when we stop has nothing to finish.
            if let Some(Ok(stream)) = stop.run_until_cancelled(preface::begin(stream, limit)).await {
                serve_connection(&server, watcher, stream, move |request| handle(peer, request)).await;
            }
            drop(place);
        });
    }
    drop(listener);
    if tokio::time::timeout(settings.drain(), graceful.shutdown()).await.is_err() {
        tracing::warn!(connections.open = connections.len(), "connections were cut at the end of the drain time");
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            let _ = stream.set_nodelay(true);
            Some((stream, peer, place))
        }
        Err(error) => {
            tracing::warn!(error.kind = %error.kind(), "a connection could not be accepted");
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

/// Serves one connection to its end. What goes wrong on it is the client's affair.
async fn serve_connection<F, R>(server: &auto::Builder<TokioExecutor>, watcher: Watcher, stream: Begun, handle: F)
where
    F: Fn(Request<Incoming>) -> R + Send + 'static,
    R: Future<Output = Response<Body>> + Send + 'static,
{
    let service = service_fn(move |request| {
        let answer = handle(request);
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let connection = server.serve_connection(TokioIo::new(stream), service).into_owned();
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(error.detail = %error, "a connection ended early");
    }
}

fn builder(settings: &HttpSettings) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(settings.header_timeout())
        .max_buf_size((settings.max_header_bytes as usize).max(SEND_BUFFER_BYTES));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(settings.max_header_bytes)
        .max_concurrent_streams(settings.max_streams_per_connection)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_send_buf_size(SEND_BUFFER_BYTES)
        .max_pending_accept_reset_streams(20)
        .max_local_error_reset_streams(256)
        .keep_alive_interval(KEEPALIVE)
        .keep_alive_timeout(KEEPALIVE);
    builder
}
