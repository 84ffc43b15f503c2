//! Where calls come in: a TCP socket, or memory when both ends are in one process.

use std::{
    io,
    net::SocketAddr,
    task::{Context, Poll},
    time::Duration,
};

use futures::future::BoxFuture;
use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::{
    io::DuplexStream,
    net::{TcpListener, TcpStream},
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
};
use tower::Service;

/// How many bytes may be under way on a connection in memory, each way.
const MEMORY_BUFFER: usize = 64 * 1024;

/// How long to wait after a connection could not be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Where calls come in.
#[derive(Debug)]
pub enum Listener {
    /// On a socket.
    Tcp(TcpListener),
    /// From the same process.
    Memory(MemoryListener),
}

impl Listener {
    /// Listens on `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address is taken or not ours.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        TcpListener::bind(address).await.map(Self::Tcp)
    }

    /// The next connection. Waits out what can be waited out, such as too many open files.
    pub(crate) async fn accept(&mut self) -> Accepted {
        match self {
            Self::Tcp(listener) => loop {
                match listener.accept().await {
                    Ok((stream, _)) => return Accepted::Tcp(stream),
                    Err(error) => tracing::warn!(error.detail = %error, "connection not accepted"),
                }
                tokio::time::sleep(ACCEPT_PAUSE).await;
            },
            Self::Memory(listener) => match listener.accept().await {
                Some(stream) => Accepted::Memory(stream),
                None => std::future::pending().await,
            },
        }
    }

    /// The address it listens on; `None` in memory.
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            Self::Memory(_) => None,
        }
    }
}

/// A new connection.
pub(crate) enum Accepted {
    Tcp(TcpStream),
    Memory(MemoryStream),
}

/// One end of a connection in memory.
pub type MemoryStream = DuplexStream;

/// A listener in memory and what connects to it.
pub fn memory() -> (MemoryConnector, MemoryListener) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (MemoryConnector(sender), MemoryListener(receiver))
}

/// Takes connections from the same process.
#[derive(Debug)]
pub struct MemoryListener(UnboundedReceiver<MemoryStream>);

impl MemoryListener {
    /// The next connection; `None` when nobody can connect any more.
    pub async fn accept(&mut self) -> Option<MemoryStream> {
        self.0.recv().await
    }
}

/// Connects to a [`MemoryListener`]. As a tower service it is the connector of a tonic channel.
#[derive(Clone, Debug)]
pub struct MemoryConnector(UnboundedSender<MemoryStream>);

impl MemoryConnector {
    /// A new connection.
    ///
    /// # Errors
    /// `ConnectionRefused` when the listener is gone.
    pub fn connect(&self) -> io::Result<MemoryStream> {
        let (ours, theirs) = tokio::io::duplex(MEMORY_BUFFER);
        self.0.send(theirs).map_err(|_| io::Error::from(io::ErrorKind::ConnectionRefused))?;
        Ok(ours)
    }
}

impl Service<Uri> for MemoryConnector {
    type Response = TokioIo<MemoryStream>;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let connected = self.connect().map(TokioIo::new);
        Box::pin(async move { connected })
    }
}
