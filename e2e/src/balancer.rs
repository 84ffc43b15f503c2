//! What stands before the gateways of a mesh, as a Service of Kubernetes does: each connection goes to one of those that
//! say that they are ready, and stays there.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Result;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// How often each gateway is asked whether it is ready.
const PROBE_EVERY: Duration = Duration::from_millis(50);

/// A running balancer. It ends, with all its connections, when it is dropped.
#[derive(Debug)]
pub struct Balancer {
    address: SocketAddr,
    backends: Vec<Arc<Backend>>,
    _work: JoinSet<()>,
}

/// A gateway.
#[derive(Debug)]
struct Backend {
    address: SocketAddr,
    ready: AtomicBool,
}

impl Balancer {
    /// Starts one before these gateways, which are ready now.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn start(gateways: &[SocketAddr]) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let backend = |address: &SocketAddr| Arc::new(Backend { address: *address, ready: AtomicBool::new(true) });
        let backends: Vec<_> = gateways.iter().map(backend).collect();
        let mut work = JoinSet::new();
        backends.iter().for_each(|backend| drop(work.spawn(probe(Arc::clone(backend)))));
        work.spawn(accept(listener, backends.clone()));
        Ok(Self { address, backends, _work: work })
    }

    /// Whether it knows that every gateway is ready. Until then whoever replaces them, as Kubernetes does, waits with the next.
    pub fn knows_all_ready(&self) -> bool {
        self.backends.iter().all(|backend| backend.ready.load(Ordering::Relaxed))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn probe(backend: Arc<Backend>) {
    let client = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap_or_default();
    let url = format!("http://{}/readyz", backend.address);
    loop {
        let ready = client.get(&url).send().await.is_ok_and(|answer| answer.status() == 200);
        backend.ready.store(ready, Ordering::Relaxed);
        // Sleeps because probes have a period.
        tokio::time::sleep(PROBE_EVERY).await;
    }
}

async fn accept(listener: TcpListener, backends: Vec<Arc<Backend>>) {
    let (turn, mut connections) = (AtomicUsize::new(0), JoinSet::new());
    while let Ok((client, _)) = listener.accept().await {
        let ready: Vec<_> = backends.iter().filter(|backend| backend.ready.load(Ordering::Relaxed)).collect();
        if let Some(backend) = ready.get(turn.fetch_add(1, Ordering::Relaxed) % ready.len().max(1)) {
            connections.spawn(join(client, backend.address));
        }
    }
}

/// Passes bytes on, both ways, until one side is done.
async fn join(mut client: TcpStream, gateway: SocketAddr) {
    if let Ok(mut upstream) = TcpStream::connect(gateway).await {
        let _ = copy_bidirectional(&mut client, &mut upstream).await;
    }
}
