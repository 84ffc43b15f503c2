//! A program that takes webhooks: a real HTTP server on this machine that remembers what it was sent.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use mesh_testkit::eventually;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    },
};

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What is answered.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// This status.
    Status(u16),
    /// This status with a header.
    With(u16, &'static str, String),
    /// This status with a large body.
    Large(u16),
    /// Nothing, for as long as the other side waits.
    Nothing,
    /// Nothing: the connection is closed.
    HangUp,
}

/// A running receiver. Its answers can be changed at any time.
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Received>>>,
    reply: Arc<Mutex<Reply>>,
    _task: JoinSet<()>,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> String {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }

    /// The same in every attempt.
    pub(crate) fn id(&self) -> String {
        self.header("webhook-id")
    }
}

impl Receiver {
    /// On 127.0.0.1, answering `reply`.
    pub(crate) async fn answering(reply: Reply) -> Self {
        Self::at("127.0.0.1:0", reply).await
    }

    /// At this address, answering `reply`.
    pub(crate) async fn at(address: &str, reply: Reply) -> Self {
        Self::serve(address, reply, None).await
    }

    /// At this address, through TLS, with a certificate of the test's own authority for 127.0.0.1 and localhost.
    pub(crate) async fn with_tls(address: &str) -> Self {
        Self::serve(address, Reply::Status(200), Some(acceptor())).await
    }

    async fn serve(address: &str, reply: Reply, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (seen, reply) = (Arc::default(), Arc::new(Mutex::new(reply)));
        let mut task = JoinSet::new();
        task.spawn(accept_all(listener, Arc::clone(&seen), Arc::clone(&reply), tls));
        Self { address, seen, reply, _task: task }
    }

    /// From now on it answers this.
    pub(crate) fn answer(&self, reply: Reply) {
        *lock(&self.reply) = reply;
    }

    /// Its URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/hooks?from=taskmesh", self.address)
    }

    /// What it was sent so far.
    pub(crate) fn seen(&self) -> Vec<Received> {
        lock(&self.seen).clone()
    }

    /// What it was sent, once that is `count` requests.
    pub(crate) async fn requests(&self, count: usize) -> Vec<Received> {
        let seen = eventually(async || {
            let seen = self.seen();
            if seen.len() >= count { Ok(seen) } else { Err(seen.len()) }
        })
        .await;
        assert_eq!(seen.len(), count, "{seen:?}");
        seen
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn acceptor() -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("tls/receiver.pem")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/receiver.key")).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key);
    TlsAcceptor::from(Arc::new(config.expect("the key fits")))
}

async fn accept_all(
    listener: TcpListener,
    seen: Arc<Mutex<Vec<Received>>>,
    reply: Arc<Mutex<Reply>>,
    tls: Option<TlsAcceptor>,
) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (seen, reply, tls) = (Arc::clone(&seen), Arc::clone(&reply), tls.clone());
        connections.spawn(async move {
            match tls {
                None => answer_all(stream, seen, reply).await,
                Some(tls) => {
                    if let Ok(stream) = secured(tls, stream).await {
                        answer_all(stream, seen, reply).await;
                    }
                }
            }
        });
    }
}

async fn secured(tls: TlsAcceptor, stream: TcpStream) -> std::io::Result<impl AsyncRead + AsyncWrite + Unpin> {
    tls.accept(stream).await
}

async fn answer_all(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    seen: Arc<Mutex<Vec<Received>>>,
    reply: Arc<Mutex<Reply>>,
) {
    let service = service_fn(|request: Request<Incoming>| async {
        let (head, body) = request.into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        let path = head.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
        lock(&seen).push(Received { method: head.method.to_string(), path, headers: head.headers, body });
        let reply = lock(&reply).clone();
        answer(reply).await
    });
    // A client that goes away is no failure of the receiver's.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(reply: Reply) -> std::io::Result<Response<Full<Bytes>>> {
    let plain = |status: u16| Response::builder().status(status);
    let built = match reply {
        Reply::Status(status) => plain(status).body(Full::default()),
        Reply::With(status, name, value) => plain(status).header(name, value).body(Full::default()),
        Reply::Large(status) => plain(status).body(Full::from(vec![b'x'; 8 << 20])),
        Reply::Nothing => std::future::pending().await,
        Reply::HangUp => return Err(std::io::ErrorKind::ConnectionReset.into()),
    };
    Ok(built.expect("an answer"))
}
