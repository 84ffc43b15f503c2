//! Replicas of a service that behave as a test wants.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::FutureExt;
use http::{HeaderValue, Response};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use mesh_rpc::{Channel, Repeat, Safety, Upstream, UpstreamConfig};
use tokio::{net::TcpListener, task::JoinSet};
use tonic::{Status, body::Body};
use tower::Service;

/// How a replica answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// With this gRPC status.
    Tells(&'static str),
    /// It says that it did not look at the call.
    Refuses,
    /// It takes the call and lets it break.
    Breaks,
    /// Never.
    Hangs,
}

/// A server of its own, killed when dropped.
pub(crate) struct Replica {
    pub(crate) address: SocketAddr,
    manner: Arc<Mutex<Manner>>,
    calls: Arc<AtomicUsize>,
    _serving: JoinSet<()>,
}

impl Replica {
    /// One that answers in this manner.
    pub(crate) async fn start(manner: Manner) -> Self {
        Self::listen(TcpListener::bind("127.0.0.1:0").await.expect("a free port"), manner)
    }

    /// The same on this listener.
    pub(crate) fn listen(listener: TcpListener, manner: Manner) -> Self {
        let address = listener.local_addr().expect("an address");
        let (manner, calls) = (Arc::new(Mutex::new(manner)), Arc::new(AtomicUsize::new(0)));
        let (mannered, counted) = (Arc::clone(&manner), Arc::clone(&calls));
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (mannered, counted) = (Arc::clone(&mannered), Arc::clone(&counted));
                let service = service_fn(move |_: http::Request<Incoming>| {
                    counted.fetch_add(1, Ordering::SeqCst);
                    let manner = *mannered.lock().expect("whole");
                    answer(manner)
                });
                let http2 = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                connections.spawn(http2.serve_connection(TokioIo::new(stream), service).map(|_| ()));
            }
        });
        Self { address, manner, calls, _serving: serving }
    }

    /// How many calls it was asked.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Answers in another manner from now on.
    pub(crate) fn change(&self, manner: Manner) {
        *self.manner.lock().expect("whole") = manner;
    }
}

async fn answer(manner: Manner) -> Result<Response<Body>, h2::Error> {
    match manner {
        Manner::Tells(status) => {
            let mut answer = Response::new(Body::empty());
            answer.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
            answer.headers_mut().insert("grpc-status", HeaderValue::from_static(status));
            Ok(answer)
        }
        Manner::Refuses => Err(h2::Reason::REFUSED_STREAM.into()),
        Manner::Breaks => Err(h2::Reason::CANCEL.into()),
        Manner::Hangs => std::future::pending().await,
    }
}

/// A channel to all of these addresses.
pub(crate) fn channel(addresses: &[SocketAddr], config: UpstreamConfig) -> Channel {
    let uris: Vec<_> = addresses.iter().map(|address| format!("http://{address}")).collect();
    Upstream::Remote(UpstreamConfig { uri: uris.join(","), ..config }).channel("replicas").expect("addresses")
}

/// A call: the gRPC status that it ends with.
pub(crate) async fn call(channel: &Channel, safety: Safety) -> Result<String, Status> {
    let mut request = http::Request::post("/test").body(Body::empty()).expect("a request");
    request.extensions_mut().insert(Repeat { safety, unary: true, deadline: None });
    let answer = channel.clone().call(request).await?;
    Ok(answer.headers()["grpc-status"].to_str().expect("digits").to_owned())
}
