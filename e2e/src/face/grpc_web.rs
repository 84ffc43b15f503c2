//! gRPC-Web by hand-made frames over HTTP/1.1, binary and text.

use std::collections::VecDeque;

use bytes::Bytes;
use futures::{StreamExt, stream};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{
    Client, Failure, Messages,
    frames::{self, FrameReader, TRAILERS},
};

impl Client {
    pub(super) async fn web_unary(&self, path: &str, request: Bytes, text: bool) -> Result<Bytes, Failure> {
        let mut messages = self.web_stream(path, request, text).await?;
        let first = messages.next().await.unwrap_or_else(|| Err(Failure::broken("neither a message nor an error")))?;
        match messages.next().await {
            None => Ok(first),
            Some(Err(failure)) => Err(failure),
            Some(Ok(_)) => Err(Failure::broken("two messages of a unary call")),
        }
    }

    pub(super) async fn web_stream(&self, path: &str, request: Bytes, text: bool) -> Result<Messages<Bytes>, Failure> {
        let form = if text { "application/grpc-web-text+proto" } else { "application/grpc-web+proto" };
        let mut post =
            self.http.post(format!("{}{path}", self.base)).header("content-type", form).header("accept", form);
        post = post.header("x-grpc-web", "1");
        if let Some(token) = &self.token {
            post = post.bearer_auth(token);
        }
        let answer = post.body(frames::encode(&request, text)).send().await.map_err(Failure::unsent)?;
        let answered = answer.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let expected = form.trim_end_matches("+proto");
        if answer.status() != 200 || !answered.starts_with(expected) {
            return Err(Failure::broken(format!("HTTP {} of type {answered:?} to {form}", answer.status())));
        }
        if answer.headers().contains_key("grpc-status") {
            return Err(Failure::from_trailers(answer.headers()).unwrap_or_else(|| Failure::broken("status 0 alone")));
        }
        let state = Reading { chunks: answer.bytes_stream().boxed(), frames: FrameReader::new(text), ended: false };
        Ok(stream::unfold(state, Reading::next).boxed())
    }
}

type Chunks = std::pin::Pin<Box<dyn futures::Stream<Item = reqwest::Result<Bytes>> + Send>>;

/// A body that is being read.
struct Reading {
    chunks: Chunks,
    frames: FrameReader,
    ended: bool,
}

impl Reading {
    async fn next(mut self) -> Option<(Result<Bytes, Failure>, Self)> {
        if self.ended {
            return None;
        }
        let message = self.read().await;
        self.ended = !matches!(message, Some(Ok(_)));
        message.map(|message| (message, self))
    }

    /// The next message, the error at the end, or nothing if the stream ended well.
    async fn read(&mut self) -> Option<Result<Bytes, Failure>> {
        loop {
            match self.frames.next() {
                Some((TRAILERS, trailers)) => return Failure::from_trailers(&parse_trailers(&trailers)).map(Err),
                Some((0, message)) => return Some(Ok(message)),
                Some((flags, _)) => return Some(Err(Failure::broken(format!("a frame with flags {flags:#x}")))),
                None => {}
            }
            let pushed = match self.chunks.next().await {
                None => Err("the body ended without trailers".to_owned()),
                Some(Err(error)) => Err(format!("the body broke off: {error}")),
                Some(Ok(chunk)) => self.frames.push(&chunk),
            };
            if let Err(message) = pushed {
                return Some(Err(Failure::broken(message)));
            }
        }
    }
}

/// The trailers' frame: lines as in HTTP/1.1.
fn parse_trailers(frame: &[u8]) -> HeaderMap {
    let text = String::from_utf8_lossy(frame);
    let lines: VecDeque<_> = text.split("\r\n").filter_map(|line| line.split_once(':')).collect();
    let header = |(name, value): (&str, &str)| {
        Some((name.trim().parse::<HeaderName>().ok()?, HeaderValue::from_str(value.trim()).ok()?))
    };
    lines.into_iter().filter_map(header).collect()
}
