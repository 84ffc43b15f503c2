//! Names that come to stand for other addresses, under a name server in the hands of the test.

use std::{
    collections::BTreeSet,
    convert::Infallible,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::{FutureExt, stream};
use http::{HeaderMap, HeaderValue, Response};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use mesh_testkit::eventually;
use tokio::{net::TcpListener, sync::Notify};

use super::*;

/// A server that counts calls, and ends its answers when it is told to.
struct Replica {
    address: SocketAddr,
    calls: Arc<AtomicUsize>,
    end: Arc<Notify>,
    _serving: JoinSet<()>,
}

impl Replica {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (calls, end) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let (counted, ending) = (Arc::clone(&calls), Arc::clone(&end));
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (counted, ending) = (Arc::clone(&counted), Arc::clone(&ending));
                let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                    counted.fetch_add(1, Ordering::SeqCst);
                    let wait = request.uri().path() == "/wait";
                    std::future::ready(Ok::<_, Infallible>(answer(wait.then(|| Arc::clone(&ending)))))
                });
                let http2 = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                connections.spawn(http2.serve_connection(TokioIo::new(stream), service).map(|_| ()));
            }
        });
        Self { address, calls, end, _serving: serving }
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

fn answer(end: Option<Arc<Notify>>) -> Response<Body> {
    let trailers = HeaderMap::from_iter([(Status::GRPC_STATUS, HeaderValue::from_static("0"))]);
    let ending = async move {
        if let Some(end) = end {
            end.notified().await;
        }
        Ok::<_, Status>(Frame::trailers(trailers))
    };
    let mut answer = Response::new(Body::new(StreamBody::new(Box::pin(stream::once(ending)))));
    answer.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    answer
}

/// What a name stands for; `None` when the name server fails.
#[derive(Clone, Default)]
struct Names(Arc<(Mutex<Option<BTreeSet<SocketAddr>>>, AtomicUsize)>);

impl Names {
    fn set(&self, replicas: &[&Replica]) {
        *self.0.0.lock().expect("whole") = Some(replicas.iter().map(|replica| replica.address).collect());
    }

    fn fail(&self) {
        *self.0.0.lock().expect("whole") = None;
    }

    /// How often it was asked.
    fn lookups(&self) -> usize {
        self.0.1.load(Ordering::SeqCst)
    }

    fn channel(&self) -> Channel {
        let names = self.clone();
        let lookup: Lookup = Arc::new(move |_| {
            names.0.1.fetch_add(1, Ordering::SeqCst);
            let found = names.0.0.lock().expect("whole").clone();
            Box::pin(async move { Ok(found.ok_or(io::ErrorKind::Other)?.into_iter().collect()) })
        });
        let config = UpstreamConfig { resolve_interval_ms: 100, ..UpstreamConfig::default() };
        let targets = resolve::targets("http://tasks:80").expect("a name");
        Channel::looked_up("tasks", &config, targets, lookup)
    }
}

async fn call(channel: &Channel, path: &'static str) -> Result<Response<Body>, Status> {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = http::Method::POST;
    *request.uri_mut() = http::Uri::from_static(path);
    channel.clone().call(request).await
}

#[tokio::test]
async fn calls_follow_a_name_while_those_under_way_are_finished_where_they_are() {
    let (first, second, names) = (Replica::start().await, Replica::start().await, Names::default());
    names.set(&[&first]);
    let channel = names.channel();
    let open = call(&channel, "/wait").await.expect("it begins");
    names.set(&[&second]);
    eventually(async || {
        call(&channel, "/").await.expect("somebody is there");
        second.calls() > 0
    })
    .await;
    let before = first.calls();
    for _ in 0..20 {
        call(&channel, "/").await.expect("it is served");
    }
    assert_eq!(first.calls(), before, "who is not named gets no calls");
    first.end.notify_one();
    let ended = open.into_body().collect().await.expect("it is not cut off");
    assert_eq!(ended.trailers().expect("a status")["grpc-status"], "0");
}

#[tokio::test]
async fn a_new_replica_gets_calls() {
    let (first, second, names) = (Replica::start().await, Replica::start().await, Names::default());
    names.set(&[&first]);
    let channel = names.channel();
    call(&channel, "/").await.expect("it is served");
    names.set(&[&first, &second]);
    eventually(async || {
        call(&channel, "/").await.expect("it is served");
        second.calls() > 0
    })
    .await;
}

#[tokio::test]
async fn a_name_server_that_fails_takes_nobody_away() {
    let (replica, names) = (Replica::start().await, Names::default());
    names.set(&[&replica]);
    let channel = names.channel();
    call(&channel, "/").await.expect("it is served");
    names.fail();
    let looked_up = names.lookups();
    // Twice, as the first may have been under way.
    eventually(async || names.lookups() >= looked_up + 2).await;
    call(&channel, "/").await.expect("it is served");
    assert_eq!(channel.addresses().len(), 1);
}

#[tokio::test]
async fn a_name_that_nobody_knows_fails_calls_at_once_until_it_is_known() {
    let (replica, names) = (Replica::start().await, Names::default());
    let channel = names.channel();
    assert_eq!(call(&channel, "/").await.expect_err("nobody is there").code(), Code::Unavailable);
    names.set(&[&replica]);
    eventually(async || call(&channel, "/").await.is_ok()).await;
}

#[tokio::test]
async fn nothing_goes_on_when_a_channel_is_dropped() {
    let (replica, names) = (Replica::start().await, Names::default());
    names.set(&[&replica]);
    let channel = names.channel();
    call(&channel, "/").await.expect("it is served").into_body().collect().await.expect("a whole body");
    let pool = Arc::downgrade(&channel.shared.pool);
    assert_eq!(Arc::strong_count(&names.0), 2, "the look-up holds it");
    drop(channel);
    eventually(async || Arc::strong_count(&names.0) == 1 && pool.upgrade().is_none()).await;
}
