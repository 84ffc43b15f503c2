//! Clients that only take up room: some open a large answer and never read it, others connect and say nothing. Whoever is
//! cut off comes back.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use http::Method;
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, Interest},
    net::{TcpSocket, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};

use crate::{http::Connection, target::Mesh};

/// How many read nothing.
pub const SLOW_READERS: usize = 100;
/// How many say nothing.
pub const HALF_OPEN: usize = 1_000;

/// What the slow readers ask for: so many tasks of so many bytes, more than the buffers on the way hold for who reads
/// nothing.
const TASKS: usize = 100;
const DESCRIPTION_BYTES: usize = 4 * 1024;
/// How much of an answer the kernel takes for a slow reader.
const RECEIVE_BYTES: u32 = 4 * 1024;
/// How long the crowd may take to gather.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long to wait before coming back.
const PAUSE: Duration = Duration::from_millis(100);

/// The crowd, until dropped.
pub struct Crowd {
    _clients: JoinSet<()>,
}

impl Crowd {
    /// Gathers before the gateway of `mesh`.
    pub async fn gather(mesh: &Mesh) -> anyhow::Result<Self> {
        raise_open_files();
        let token = mesh.sign_up().await?;
        let mut connection = Connection::open(&mesh.gateway, &token).await?;
        let body = format!(r#"{{"title": "Unread", "description": "{}"}}"#, "x".repeat(DESCRIPTION_BYTES));
        for _ in 0..TASKS {
            connection.call(Method::POST, "/v1/tasks", body.clone()).await.context("a large task")?;
        }
        let (mut clients, there) = (JoinSet::new(), Arc::new(Semaphore::new(0)));
        for number in 0..SLOW_READERS + HALF_OPEN {
            let token = (number < SLOW_READERS).then(|| token.clone());
            clients.spawn(loiter(mesh.gateway.clone(), token, there.clone()));
        }
        let all = there.acquire_many((SLOW_READERS + HALF_OPEN) as u32);
        drop(tokio::time::timeout(PATIENCE, all).await.context("the crowd does not gather")??);
        Ok(Self { _clients: clients })
    }
}

/// Reads nothing, if there is a token to ask with, or else says nothing; again and again. Tells each time when it stands.
async fn loiter(gateway: String, token: Option<String>, there: Arc<Semaphore>) {
    loop {
        let stream = match &token {
            Some(token) => ask(&gateway, token).await,
            None => TcpStream::connect(&gateway).await,
        };
        if let Ok(stream) = stream {
            there.add_permits(1);
            cut_off(stream).await;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Asks for a large answer and reads its first bytes.
async fn ask(gateway: &str, token: &str) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(RECEIVE_BYTES)?;
    let mut stream = socket.connect(gateway.parse().map_err(std::io::Error::other)?).await?;
    let request =
        format!("GET /v1/tasks?pageSize={TASKS} HTTP/1.1\r\nhost: {gateway}\r\nauthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    stream.read_exact(&mut [0; 16]).await?;
    Ok(stream)
}

/// Returns when the other side has closed the connection, without reading from it.
async fn cut_off(stream: TcpStream) {
    while stream.ready(Interest::ERROR).await.is_ok_and(|ready| !ready.is_error() && !ready.is_read_closed()) {
        tokio::time::sleep(PAUSE).await;
    }
}

/// Every client is an open file.
fn raise_open_files() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _ = setrlimit(Resource::Nofile, limit);
}
