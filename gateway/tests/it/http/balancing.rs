//! A service of several replicas behind the edge: one that dies costs nothing, and what may be sent again is.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::FutureExt;
use http::HeaderValue;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use mesh_proto::task::v1::{CreateTaskRequest, GetTaskRequest, Task};
use mesh_testkit::eventually;
use reqwest::Method;
use serde_json::json;
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tonic::{Code, body::Body};
use tower::ServiceExt;

use super::{
    faults::grpc,
    tasks,
    world::{World, answered, authorized},
};

/// These tests' services at an address of their own; killed when dropped.
async fn replica() -> (SocketAddr, Arc<AtomicUsize>, JoinSet<()>) {
    replica_that_says_how_it_is_after(|| std::future::ready(())).await
}

/// The same; asked how it is, it answers when `thought` is over.
async fn replica_that_says_how_it_is_after<T: Future<Output = ()> + Send + 'static>(
    thought: impl Fn() -> T + Clone + Send + 'static,
) -> (SocketAddr, Arc<AtomicUsize>, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let (address, routes) = (listener.local_addr().expect("an address"), tasks::services().await);
    let (mut serving, calls) = (JoinSet::new(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&calls);
    serving.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            let (routes, counted, thought) = (routes.clone(), Arc::clone(&counted), thought.clone());
            let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                let of_health = request.uri().path().starts_with("/grpc.health");
                counted.fetch_add(usize::from(!of_health), Ordering::SeqCst);
                let thought = of_health.then(&thought);
                let routes = routes.clone();
                async move {
                    if let Some(thought) = thought {
                        thought.await;
                    }
                    routes.oneshot(request.map(Body::new)).await
                }
            });
            let http2 = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            connections.spawn(http2.serve_connection(TokioIo::new(stream), service).map(|_| ()));
        }
    });
    (address, calls, serving)
}

fn get(id: usize) -> GetTaskRequest {
    GetTaskRequest { id: id.to_string() }
}

#[tokio::test]
async fn no_get_fails_when_a_replica_is_killed() {
    let ((first, taken, dying), (second, took_over, _other)) = (replica().await, replica().await);
    let world = World::before_all(&[first, second]).await;
    let mut client = world.client().await;
    eventually(async || {
        client.get_task(authorized(get(0))).await.expect("it is served");
        taken.load(Ordering::SeqCst) > 0 && took_over.load(Ordering::SeqCst) > 0
    })
    .await;
    let mut callers = JoinSet::new();
    for caller in 0..6 {
        let (mut client, url, http) = (client.clone(), world.url("/v1/tasks/seven"), reqwest::Client::new());
        callers.spawn(async move {
            for id in 0..60 {
                if caller % 2 == 0 {
                    client.get_task(authorized(get(id))).await.expect("another replica answers");
                } else {
                    let answer = http.get(&url).bearer_auth("good").send().await.expect("an answer");
                    assert_eq!(answer.status(), 200);
                }
            }
        });
    }
    let before = taken.load(Ordering::SeqCst);
    eventually(async || taken.load(Ordering::SeqCst) > before + 20).await;
    drop(dying);
    while let Some(called) = callers.join_next().await {
        called.expect("no GET fails");
    }
}

#[tokio::test]
async fn it_is_ready_if_any_replica_serves() {
    let (serving, _calls, _task) = replica().await;
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("an address");
    let world = World::before_all(&[free, serving]).await;
    eventually(async || answered(world.request(Method::GET, "/readyz")).await.0 == 200).await;
}

#[tokio::test]
async fn a_replica_that_is_asked_how_it_is_is_heard_out() {
    let [asked, heard_out] = [(); 2].map(|()| Arc::new(AtomicUsize::new(0)));
    let others_are_known = CancellationToken::new();
    let thought = {
        let (asked, heard_out, others_are_known) = (asked.clone(), heard_out.clone(), others_are_known.clone());
        move || {
            let (heard_out, others_are_known) = (heard_out.clone(), others_are_known.clone());
            asked.fetch_add(1, Ordering::SeqCst);
            async move {
                others_are_known.cancelled().await;
                heard_out.fetch_add(1, Ordering::SeqCst);
            }
        }
    };
    let (quick, _calls, _serving) = replica().await;
    let (slow, _calls, _serving_slowly) = replica_that_says_how_it_is_after(thought).await;
    let world = World::before_all(&[quick, slow]).await;
    let is_ready = async || answered(world.request(Method::GET, "/readyz")).await.0 == 200;
    eventually(async || is_ready().await && asked.load(Ordering::SeqCst) > 0).await;
    others_are_known.cancel();
    eventually(async || heard_out.load(Ordering::SeqCst) == asked.load(Ordering::SeqCst)).await;
}

/// A front before a service that counts calls and says that it cannot be used.
async fn before_a_service_that_is_down() -> (World, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let world = World::before_answer(move |request| {
        let of_health = request.uri().path().starts_with("/grpc.health");
        counted.fetch_add(usize::from(!of_health), Ordering::SeqCst);
        let mut answer = grpc(Body::empty());
        answer.headers_mut().insert("grpc-status", HeaderValue::from_static("14"));
        answer
    });
    (world.await, calls)
}

#[tokio::test]
async fn over_rest_a_get_and_a_write_with_a_key_are_sent_again_and_no_other_write() {
    let body = json!({"title": "milk"});
    let (down, calls) = before_a_service_that_is_down().await;
    assert_eq!(answered(down.post("/v1/tasks", &body)).await.0, 503);
    assert_eq!(calls.load(Ordering::SeqCst), 1);

    let (down, calls) = before_a_service_that_is_down().await;
    assert_eq!(answered(down.post("/v1/tasks", &body).header("idempotency-key", "once")).await.0, 503);
    assert_eq!(calls.load(Ordering::SeqCst), 3);

    let (down, calls) = before_a_service_that_is_down().await;
    assert_eq!(answered(down.get("/v1/tasks/seven")).await.0, 503);
    assert_eq!(calls.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn over_grpc_the_same_calls_are_sent_again() {
    let create = |request_id: &str| CreateTaskRequest {
        task: Some(Task { title: Some("milk".to_owned()), ..Task::default() }),
        request_id: request_id.to_owned(),
        ..CreateTaskRequest::default()
    };
    for (request_id, times) in [("", 1), ("once", 3)] {
        let (down, calls) = before_a_service_that_is_down().await;
        let status = down.client().await.create_task(authorized(create(request_id))).await.expect_err("it is down");
        assert_eq!((status.code(), calls.load(Ordering::SeqCst)), (Code::Unavailable, times));
    }
    let (down, calls) = before_a_service_that_is_down().await;
    let status = down.client().await.get_task(authorized(get(7))).await.expect_err("it is down");
    assert_eq!((status.code(), calls.load(Ordering::SeqCst)), (Code::Unavailable, 3));
}

#[tokio::test]
async fn a_call_is_not_sent_again_past_its_deadline() {
    let (down, calls) = before_a_service_that_is_down().await;
    let request = down.get("/v1/tasks/seven").header("grpc-timeout", "1m");
    assert!(matches!(answered(request).await.0, 503 | 504));
    assert!(calls.load(Ordering::SeqCst) <= 1);
}
