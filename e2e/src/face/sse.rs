//! Server-sent events, read as a browser's `EventSource` reads them.

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt, stream};

use super::{Failure, Messages};

type Chunks = std::pin::Pin<Box<dyn Stream<Item = reqwest::Result<Bytes>> + Send>>;

/// The data of each event. An `event: error` ends the stream with what it says.
pub(super) fn events(chunks: Chunks) -> Messages<String> {
    let state = Reading { chunks, buffer: BytesMut::new(), ended: false };
    stream::unfold(state, Reading::next).boxed()
}

struct Reading {
    chunks: Chunks,
    buffer: BytesMut,
    ended: bool,
}

impl Reading {
    async fn next(mut self) -> Option<(Result<String, Failure>, Self)> {
        if self.ended {
            return None;
        }
        let event = self.read().await;
        self.ended = event.is_err();
        Some((event, self))
    }

    async fn read(&mut self) -> Result<String, Failure> {
        loop {
            while let Some(block) = self.block() {
                if let Some(event) = parse(&block) {
                    return event;
                }
            }
            match self.chunks.next().await {
                None => return Err(Failure::broken("the stream ended without a word")),
                Some(Err(error)) => return Err(Failure::broken(format!("the stream broke off: {error}"))),
                Some(Ok(chunk)) => self.buffer.extend_from_slice(&chunk),
            }
        }
    }

    /// The next lines up to an empty one.
    fn block(&mut self) -> Option<String> {
        let end = self.buffer.windows(2).position(|pair| pair == b"\n\n")?;
        let block = self.buffer.split_to(end + 2);
        Some(String::from_utf8_lossy(&block).into_owned())
    }
}

/// The event in a block; `None` for comments.
fn parse(block: &str) -> Option<Result<String, Failure>> {
    let field = |name: &str| {
        let lines = block.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let values: Vec<_> = lines.map(|value| value.strip_prefix(' ').unwrap_or(value)).collect();
        (!values.is_empty()).then(|| values.join("\n"))
    };
    let data = field("data")?;
    if field("event").as_deref() != Some("error") {
        return Some(Ok(data));
    }
    let code = serde_json::from_str::<serde_json::Value>(&data).ok().and_then(|body| body["error"]["code"].as_u64());
    let http = code.and_then(|code| u16::try_from(code).ok()).unwrap_or_default();
    Some(Err(Failure::from_json(http, data.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_skipped_and_errors_are_failures() {
        assert!(parse(": alive\n\n").is_none());
        assert_eq!(parse("id: 7\ndata: {}\n\n"), Some(Ok("{}".to_owned())));
        let error = r#"{"error":{"code":400,"message":"no","status":"OUT_OF_RANGE","details":[]}}"#;
        let failure = parse(&format!("event: error\ndata: {error}\n\n")).expect("an event").expect_err("an error");
        assert_eq!((failure.code, failure.broken), (tonic::Code::OutOfRange, false));
    }
}
