//! How long a call may go on: its deadline, its token, and the server's own life.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::HeaderMap;
use mesh_types::{Clock, Fault, Timestamp};
use tokio::time::{Instant, Sleep, sleep, sleep_until};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::foreign::deadline_exceeded;
use crate::token::expired;

/// Longest wait between two looks at the clock, so that a clock that was set is noticed.
const LOOK_AT_CLOCK: Duration = Duration::from_secs(60);
/// Longer deadlines are as good as none.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);

/// What may end a call from our side. A future that is ready when one of them does, with what the caller is told.
pub(super) struct Limits {
    deadline: Option<Pin<Box<Sleep>>>,
    token: Option<Pin<Box<TokenEnd>>>,
    drain: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
}

/// Ready when a token has expired by the clock.
struct TokenEnd {
    expires: Timestamp,
    clock: Arc<dyn Clock>,
    sleep: Pin<Box<Sleep>>,
}

impl Limits {
    /// Limits of a call that began now.
    pub(super) fn new(timeout: Option<Duration>) -> Self {
        let deadline = timeout.map(|timeout| Box::pin(sleep_until(Instant::now() + timeout.min(LONGEST))));
        Self { deadline, token: None, drain: None }
    }

    /// The call ends when its token does.
    pub(super) fn end_with_token(&mut self, expires: Timestamp, clock: Arc<dyn Clock>) {
        let sleep = Box::pin(sleep(remaining(expires, &*clock)));
        self.token = Some(Box::pin(TokenEnd { expires, clock, sleep }));
    }

    /// The call ends when the server drains.
    pub(super) fn end_with(&mut self, draining: CancellationToken) {
        self.drain = Some(Box::pin(draining.cancelled_owned()));
    }
}

impl Future for Limits {
    type Output = Fault;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Fault> {
        if is_over(&mut self.deadline, context) {
            return Poll::Ready(deadline_exceeded());
        }
        if is_over(&mut self.token, context) {
            return Poll::Ready(expired());
        }
        if is_over(&mut self.drain, context) {
            return Poll::Ready(Fault::unavailable());
        }
        Poll::Pending
    }
}

fn is_over<F: Future<Output = ()>>(end: &mut Option<Pin<Box<F>>>, context: &mut Context<'_>) -> bool {
    end.as_mut().is_some_and(|end| end.as_mut().poll(context).is_ready())
}

impl Future for TokenEnd {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        while self.sleep.as_mut().poll(context).is_ready() {
            let left = remaining(self.expires, &*self.clock);
            if left.is_zero() {
                return Poll::Ready(());
            }
            self.sleep.as_mut().reset(Instant::now() + left);
        }
        Poll::Pending
    }
}

fn remaining(expires: Timestamp, clock: &dyn Clock) -> Duration {
    expires.since(clock.now()).min(LOOK_AT_CLOCK)
}

/// The value of `grpc-timeout`: up to eight digits and a unit. `Err` when it is something else.
pub(super) fn requested_timeout(headers: &HeaderMap) -> Result<Option<Duration>, ()> {
    let Some(value) = headers.get("grpc-timeout") else { return Ok(None) };
    let text = value.to_str().map_err(|_| ())?;
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or(())?;
    if number.is_empty() || number.len() > 8 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(());
    }
    let number: u64 = number.parse().map_err(|_| ())?;
    let timeout = match unit {
        "H" => Duration::from_secs(number * 3600),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return Err(()),
    };
    Ok(Some(timeout))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn timeouts_are_digits_and_a_unit() {
        let read = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("grpc-timeout", HeaderValue::from_static(text));
            requested_timeout(&headers)
        };
        assert_eq!(read("300m"), Ok(Some(Duration::from_millis(300))));
        assert_eq!(read("99999999H"), Ok(Some(Duration::from_secs(99_999_999 * 3600))));
        for wrong in ["", "m", "1", "123456789S", "-1S", "1 S", "1x", "+1S"] {
            assert_eq!(read(wrong), Err(()), "{wrong}");
        }
        assert_eq!(requested_timeout(&HeaderMap::new()), Ok(None));
    }
}
