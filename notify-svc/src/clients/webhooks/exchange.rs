//! One request and its answer on a connection that is used for nothing else.

use std::{pin::pin, time::Duration};

use bytes::Bytes;
use futures::future::{Either, select};
use http::{HeaderMap, Request, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use jiff::fmt::rfc2822;
use mesh_types::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::domain::{Failure, Response};

/// How large the head of an answer may be.
const LARGEST_HEAD: usize = 32 * 1024;
/// How much of a body is read before the connection is closed. It is thrown away.
const LARGEST_BODY: usize = 16 * 1024;
/// How long a body may take. It does not matter for the outcome.
const BODY_PATIENCE: Duration = Duration::from_millis(500);

/// Sends `request` at `now`, and waits for the head of the answer.
pub(super) async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin,
    request: Request<Full<Bytes>>,
    now: Timestamp,
) -> Result<Response, Failure> {
    let handshake = http1::Builder::new().max_buf_size(LARGEST_HEAD).handshake(TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.map_err(|_| Failure::Broken)?;
    let answer = pin!(async move {
        let answer = sender.send_request(request).await.map_err(|_| Failure::Broken)?;
        let status = answer.status().as_u16();
        let retry_after = retry_after(answer.headers(), now);
        throw_away(answer.into_body()).await;
        Ok(Response { status, retry_after })
    });
    match select(answer, pin!(connection)).await {
        Either::Left((answer, _)) => answer,
        // The receiver closed; what it said before is still to be read.
        Either::Right((_, answer)) => answer.await,
    }
}

/// Reads a little of the body, for receivers that take a closed connection amiss.
async fn throw_away(body: Incoming) {
    let mut body = Limited::new(body, LARGEST_BODY);
    let drain = async { while let Some(Ok(_)) = body.frame().await {} };
    let _ = tokio::time::timeout(BODY_PATIENCE, drain).await;
}

/// How long the receiver asks to be left alone: seconds, or until a time.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = rfc2822::parse(text).ok()?.timestamp().as_microsecond();
    Some(Timestamp::from_micros(until).since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(text: &'static str) -> Option<Duration> {
        let headers = HeaderMap::from_iter([(header::RETRY_AFTER, http::HeaderValue::from_static(text))]);
        retry_after(&headers, Timestamp::from_micros(1_445_412_420_000_000))
    }

    #[test]
    fn a_wait_is_asked_for_in_seconds_or_until_a_time() {
        assert_eq!(asked("120"), Some(Duration::from_secs(120)));
        assert_eq!(asked("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::from_secs(60)));
        assert_eq!(asked("Wed, 21 Oct 2015 07:26:00 GMT"), Some(Duration::ZERO));
        for text in ["", "soon", "-1", "1.5", "99999999999999999999999"] {
            assert_eq!(asked(text), None, "{text}");
        }
    }
}
