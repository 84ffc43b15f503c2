//! Clients that only take up room: some open a large answer and never read it, others connect and say nothing. Whoever is
//! cut off comes back.

use std::time::Duration;

use anyhow::Context;
use http::Method;
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
};

use crate::{http::Connection, target::Mesh};

/// How many read nothing.
pub const SLOW_READERS: usize = 100;
/// How many say nothing.
pub const HALF_OPEN: usize = 1_000;

/// What the slow readers ask for: so many tasks of so many bytes, which no buffer on the way holds.
const TASKS: usize = 300;
const DESCRIPTION_BYTES: usize = 8 * 1024;
/// How much of an answer the kernel takes for a slow reader.
const RECEIVE_BYTES: u32 = 4 * 1024;
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
        let mut clients = JoinSet::new();
        for number in 0..SLOW_READERS + HALF_OPEN {
            let token = (number < SLOW_READERS).then(|| token.clone());
            clients.spawn(loiter(mesh.gateway.clone(), token));
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(Self { _clients: clients })
    }
}

/// Reads nothing, if there is a token to ask with, or else says nothing; again and again.
async fn loiter(gateway: String, token: Option<String>) {
    loop {
        let _ = match &token {
            Some(token) => read_nothing(&gateway, token).await,
            None => say_nothing(&gateway).await,
        };
        tokio::time::sleep(PAUSE).await;
    }
}

/// Asks for a large answer, and reads no more of it than its first bytes until the connection is closed.
async fn read_nothing(gateway: &str, token: &str) -> std::io::Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(RECEIVE_BYTES)?;
    let mut stream = socket.connect(gateway.parse().map_err(std::io::Error::other)?).await?;
    let request =
        format!("GET /v1/tasks?pageSize={TASKS} HTTP/1.1\r\nhost: {gateway}\r\nauthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    stream.read_exact(&mut [0; 16]).await?;
    // Writes nothing more either; an error is how it learns that it was cut off.
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if let Some(error) = stream.take_error()? {
            return Err(error);
        }
    }
}

/// Connects, and waits until it is thrown out.
async fn say_nothing(gateway: &str) -> std::io::Result<()> {
    TcpStream::connect(gateway).await?.read_u8().await.map(drop)
}

/// Every client is an open file.
fn raise_open_files() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _ = setrlimit(Resource::Nofile, limit);
}
