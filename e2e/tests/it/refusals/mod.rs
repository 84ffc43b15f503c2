//! What is wrong is refused: clearly, quickly, by every RPC and every face. The calls are made from the contract's
//! descriptors, so that a new RPC is covered on the day it appears.

mod auth;
mod fields;
mod foreign;
mod http;
mod sample;
mod things;
mod tokens;
mod wire;

pub(crate) use tokens::claims_of;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use e2e::{Client, Failure};
use futures::StreamExt;
use mesh_proto::Method;

/// No answer may take longer, however odd the question.
const BOUND: Duration = Duration::from_secs(5);

/// How long refusals took.
#[derive(Debug, Default)]
struct Delays(Vec<(Duration, String)>);

impl Delays {
    /// Calls `method` with `request` as it is; a stream counts as answered with its first message. Whatever comes must
    /// be in time, and a refusal must be the caller's fault and say why.
    async fn ask(&mut self, client: &Client, method: &Method, request: Bytes) -> Result<Result<Bytes, Failure>> {
        let asked = Instant::now();
        let answer = tokio::time::timeout(BOUND, answer(client, method, request)).await;
        let answer = answer.with_context(|| format!("no answer of {} within {BOUND:?}", method.path))?;
        if let Err(failure) = &answer {
            self.0.push((asked.elapsed(), format!("{} {} by {:?}", failure.reason, method.path, client.face())));
            clear(failure).with_context(|| format!("{} by {:?}", method.path, client.face()))?;
        }
        Ok(answer)
    }

    /// The same, where only a refusal will do.
    async fn refused(&mut self, client: &Client, method: &Method, request: Bytes) -> Result<Failure> {
        let answer = self.ask(client, method, request).await?;
        answer.err().with_context(|| format!("{} by {:?} was not refused", method.path, client.face()))
    }

    /// Prints how long most took, and what took longest.
    fn tell(&mut self, what: &str) {
        self.0.sort_unstable();
        let at = |part: f64| self.0.get((self.0.len() as f64 * part) as usize).cloned().unwrap_or_default();
        let (count, (half, _), most, longest) = (self.0.len(), at(0.5), at(0.99), self.0.last());
        e2e::tell(format_args!("{what}: {count} refusals, p50 {half:?}, p99 {most:?}, longest {longest:?}"));
    }
}

async fn answer(client: &Client, method: &Method, request: Bytes) -> Result<Bytes, Failure> {
    if !method.descriptor.is_server_streaming() {
        return client.call_encoded(method, request).await;
    }
    let mut messages = client.stream_encoded(method, request).await?;
    messages.next().await.unwrap_or_else(|| Err(Failure::broken("a stream without a message")))
}

/// A refusal is the caller's fault, and says why in words for programs.
fn clear(failure: &Failure) -> Result<()> {
    ensure!(failure.is_callers_fault(), "{failure:?}");
    ensure!(failure.http.is_none_or(|status| (400..500).contains(&status)), "{failure:?}");
    ensure!(failure.domain == "taskmesh" && !failure.reason.is_empty(), "{failure:?}");
    let inside = ["sqlx", "sqlite", "postgres", "127.0.0.1", "panicked", ".rs"];
    ensure!(!inside.iter().any(|word| failure.message.to_lowercase().contains(word)), "{failure:?}");
    Ok(())
}
