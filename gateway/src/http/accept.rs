//! Takes connections and serves HTTP/1.1 and HTTP/2 (with prior knowledge) on each, within limits.

use std::{convert::Infallible, future::Future, io, pin::pin, sync::Arc, time::Duration};

use http::{Request, Response};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::conn::auto,
};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use super::{
    limits::{self, Answer, Connection, Connections, OpenCall, Seat, Streams, Watched, open_files},
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
/// How many calls a client may take back before we looked at them (CVE-2023-44487), and how many that we refused for its
/// mistakes are remembered, until its connection is closed.
const MOST_RESETS: usize = 20;
const MOST_MISTAKES: usize = 64;
/// How long to wait after accepting failed (usually for want of file descriptors).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long a client may take to leave once it is told to.
const GOODBYE: Duration = Duration::from_secs(5);

/// Serves `listener` until `stop`, then lets open calls finish within the drain time.
pub(super) async fn serve<F, R>(listener: TcpListener, settings: &HttpSettings, stop: CancellationToken, handle: F)
where
    F: Fn(OpenCall, Request<Incoming>) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Response<Answer>> + Send + 'static,
{
    let limits = &settings.limits;
    // Behind proxies, an address at the other end is a proxy's.
    let per_address = if settings.trusted_proxies == 0 { limits.max_connections_per_address } else { 0 };
    open_files::raise(settings.max_connections);
    let connections = Connections::new(settings.max_connections, per_address);
    let server = Arc::new(Server {
        http: builder(settings),
        head: settings.header_timeout(),
        idle: limits.idle_timeout(),
        write: limits.write_timeout(),
        stop: stop.clone(),
    });
    let mut serving = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
            Some(_) = serving.join_next() => continue,
        };
        match accepted {
            // One for which there is no room is closed by being dropped.
            Ok((stream, peer)) => {
                if let Some(seat) = connections.enter(peer.ip()) {
                    serving.spawn(server.clone().serve(seat, stream, handle.clone()));
                }
            }
            Err(error) => {
                let made_room = connections.make_room();
                tracing::warn!(error.kind = %error.kind(), made_room, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    let drained = async { while serving.join_next().await.is_some() {} };
    if tokio::time::timeout(settings.drain(), drained).await.is_err() {
        tracing::warn!(connections.open = serving.len(), "connections were cut at the end of the drain time");
    }
}

/// What every connection is served with.
struct Server {
    http: auto::Builder<Streams>,
    head: Duration,
    idle: Duration,
    write: Duration,
    stop: CancellationToken,
}

impl Server {
    /// Serves one connection to its end. What goes wrong on it is the client's affair.
    async fn serve<F, R>(self: Arc<Self>, seat: Seat, stream: TcpStream, handle: F)
    where
        F: Fn(OpenCall, Request<Incoming>) -> R + Send + 'static,
        R: Future<Output = Response<Answer>> + Send + 'static,
    {
        let _ = stream.set_nodelay(true);
        limits::bound_kernel(&stream, self.write);
        let served = tokio::select! {
            () = seat.closed() => return,
            served = self.serve_calls(&seat, stream, handle) => served,
        };
        if let Err(error) = served {
            tracing::debug!(error.detail = error, "a connection ended early");
        }
    }

    async fn serve_calls<F, R>(&self, connection: &Arc<Connection>, stream: TcpStream, handle: F) -> Result<(), Error>
    where
        F: Fn(OpenCall, Request<Incoming>) -> R + Send + 'static,
        R: Future<Output = Response<Answer>> + Send + 'static,
    {
        // Who has not said anything when we stop has nothing to finish.
        let begun = self.stop.run_until_cancelled(preface::begin(stream, self.head)).await;
        let begun = begun.unwrap_or_else(|| Err(io::ErrorKind::Interrupted.into()))?;
        let listener = (!begun.is_http2()).then(|| connection.clone());
        let calling = connection.clone();
        let service = service_fn(move |request| {
            let answer = handle(calling.begin(), request);
            async move { Ok::<_, Infallible>(answer.await) }
        });
        let stream = TokioIo::new(Watched::new(begun, listener, self.write, Begun::reset_when_closed));
        let mut serving = pin!(self.http.serve_connection(stream, service));
        tokio::select! {
            served = serving.as_mut() => return served,
            () = self.stop.cancelled() => serving.as_mut().graceful_shutdown(),
            () = connection.useless(self.idle, self.head) => serving.as_mut().graceful_shutdown(),
        }
        tokio::select! {
            served = serving => served,
            () = gone(connection) => Ok(()),
        }
    }
}

/// What ends a connection early.
type Error = Box<dyn std::error::Error + Send + Sync>;

/// Returns when a client that is told to leave has had its time, and no call of its own is left.
async fn gone(connection: &Connection) {
    loop {
        tokio::time::sleep(GOODBYE).await;
        if connection.is_quiet() {
            return;
        }
    }
}

fn builder(settings: &HttpSettings) -> auto::Builder<Streams> {
    let mut builder = auto::Builder::new(Streams::new(settings.limits.write_timeout()));
    // Heads that are somewhat too large are read, so that they can be refused in the words of their face.
    let head_bytes = settings.max_header_bytes.saturating_mul(2);
    builder
        .http1()
        .timer(TokioTimer::new())
        // How long a connection may be idle or take for a head is watched by ourselves: hyper counts both as one.
        .header_read_timeout(None)
        .max_buf_size((head_bytes as usize).max(SEND_BUFFER_BYTES));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(head_bytes)
        .max_concurrent_streams(settings.max_streams_per_connection)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_send_buf_size(SEND_BUFFER_BYTES)
        .max_pending_accept_reset_streams(MOST_RESETS)
        .max_local_error_reset_streams(MOST_MISTAKES)
        .keep_alive_interval(KEEPALIVE)
        .keep_alive_timeout(KEEPALIVE);
    builder
}
