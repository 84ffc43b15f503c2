//! One HTTP/1.1 connection to the gateway, as a client library would hold it, with as little of its own cost as
//! possible: the load generator shares the machine with what it measures.

use anyhow::{Context, ensure};
use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A connection that is signed in.
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: String,
    authorization: String,
}

impl Connection {
    /// Connects to `address` (`host:port`); `token` may be empty.
    pub async fn open(address: &str, token: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.context("connect to the gateway")?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        #[expect(clippy::disallowed_methods, reason = "the connection ends with the program")]
        tokio::spawn(connection);
        Ok(Self { sender, host: address.to_owned(), authorization: format!("Bearer {token}") })
    }

    /// Sends one request and reads the whole answer; anything but 200 is an error.
    pub async fn call(&mut self, method: Method, path: &str, body: impl Into<Bytes>) -> anyhow::Result<Bytes> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &self.host)
            .header(header::AUTHORIZATION, &self.authorization)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(body.into()))?;
        self.sender.ready().await?;
        let response = self.sender.send_request(request).await?;
        let status = response.status();
        let bytes = response.into_body().collect().await?.to_bytes();
        ensure!(status.is_success(), "{status}: {}", String::from_utf8_lossy(&bytes));
        Ok(bytes)
    }

    /// The same, with JSON in the answer.
    pub async fn json(&mut self, method: Method, path: &str, body: String) -> anyhow::Result<serde_json::Value> {
        Ok(serde_json::from_slice(&self.call(method, path, body).await?)?)
    }
}
