//! scratch, not part of the project
#![allow(warnings)]
use std::{sync::Arc, time::{Duration, Instant}};
use bytes::Bytes;
use futures::FutureExt;
use gateway::http::{Front, HttpSettings, Parts};
use http::HeaderValue;
use mesh_types::SystemClock;
use tokio::net::TcpListener;
use tonic::transport::Endpoint;

#[path = "../tests/it/http/tasks.rs"]
mod tasks;

fn cpu(name: &str) -> f64 {
    let mut total = 0.0;
    for entry in std::fs::read_dir("/proc/self/task").unwrap() {
        let p = entry.unwrap().path();
        let comm = std::fs::read_to_string(p.join("comm")).unwrap_or_default();
        if comm.trim() == name {
            let s = std::fs::read_to_string(p.join("schedstat")).unwrap();
            total += s.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e3;
        }
    }
    total
}
fn rt(name: &str) -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).thread_name(name).enable_all().build().unwrap()
}
fn main() {
    let log = std::env::args().nth(1).is_some();
    if log { tracing_subscriber::fmt().json().with_writer(|| std::io::stderr()).init(); }
    let up = rt("up"); let gw = rt("gw"); let cl = rt("cl");
    let l = up.block_on(async { TcpListener::bind("127.0.0.1:0").await.unwrap() });
    let upaddr = l.local_addr().unwrap();
    up.spawn(async move { tonic::transport::Server::builder().add_routes(tasks::services().await).serve_with_incoming(tokio_stream::wrappers::TcpListenerStream::new(l)).await.unwrap(); });
    let (tx, rx) = std::sync::mpsc::channel();
    gw.spawn(async move {
        let channel = Endpoint::from_shared(format!("http://{upaddr}")).unwrap().connect_lazy();
        let front = Front::new(Parts { settings: HttpSettings::default(), upstreams: ["taskmesh.task.v1.TaskService".to_owned()].map(|n| (n, channel.clone())).into(),
            exchange: Arc::new(|_, _| async { Ok(HeaderValue::from_static("Bearer xyzabcdefghijklmnopqrstuvwxyz")) }.boxed()), jwks: Bytes::new(), clock: Arc::new(SystemClock) }).unwrap();
        let l = TcpListener::bind("127.0.0.1:0").await.unwrap();
        tx.send(l.local_addr().unwrap()).unwrap();
        front.serve(l, Default::default()).await;
    });
    let addr = rx.recv().unwrap();
    for face in ["grpc", "rest", "grpc", "rest"] {
        let n = 6000usize;
        let (c0, u0, t0) = (cpu("gw"), cpu("up"), Instant::now());
        cl.block_on(cl.spawn(async move {
            let mut set = tokio::task::JoinSet::new();
            for _ in 0..16 {
                set.spawn(async move {
                    if face == "grpc" {
                        let mut c = mesh_proto::task::v1::task_service_client::TaskServiceClient::connect(format!("http://{addr}")).await.unwrap();
                        for _ in 0..n / 16 {
                            let mut r = tonic::Request::new(mesh_proto::task::v1::GetTaskRequest { id: "seven".into() });
                            r.metadata_mut().insert("authorization", "Bearer good".parse().unwrap());
                            c.get_task(r).await.unwrap();
                        }
                    } else {
                        let c = reqwest::Client::new();
                        for _ in 0..n / 16 {
                            let t = c.post(format!("http://{addr}/v1/tasks")).bearer_auth("good").body("{\"title\":\"buy milk and bread\",\"priority\":\"HIGH\",\"tags\":[\"a\",\"b\"],\"due\":{\"date\":\"2026-01-31\",\"timeZone\":\"Europe/Berlin\"}}").send().await.unwrap().text().await.unwrap();
                            assert!(t.contains("milk"));
                        }
                    }
                });
            }
            while let Some(r) = set.join_next().await { r.unwrap(); }
        })).unwrap();
        println!("{face}: gw {:.1} us/call, upstream {:.1} us/call, {:.0}/s", (cpu("gw") - c0) / n as f64, (cpu("up") - u0) / n as f64, n as f64 / t0.elapsed().as_secs_f64());
    }
}
