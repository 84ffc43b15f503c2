//! Until when a call may take: `grpc-timeout` in, the time that remains out.

use std::{future::Future, time::Duration};

use http::{HeaderMap, HeaderValue};
use mesh_types::{ErrorKind, Fault, Reason};
use tokio::time::Instant;

use super::send::expired;
use crate::http::settings::HttpSettings;

/// The header that carries the time a call may take.
pub(super) const GRPC_TIMEOUT: &str = "grpc-timeout";

/// When the call must be over. A unary call has a deadline in any case, a stream only if it brings one.
///
/// # Errors
/// INVALID_ARGUMENT for a header that is no timeout.
pub(crate) fn deadline(
    headers: &HeaderMap,
    is_stream: bool,
    settings: &HttpSettings,
    arrived: Instant,
) -> Result<Option<Instant>, Fault> {
    let asked = headers.get(GRPC_TIMEOUT).map(parse).transpose()?;
    if is_stream {
        return Ok(asked.and_then(|timeout| arrived.checked_add(timeout)));
    }
    let timeout = asked.unwrap_or(Duration::from_millis(settings.unary_timeout_ms));
    Ok(Some(arrived + timeout.min(Duration::from_millis(settings.max_unary_timeout_ms))))
}

/// Does `work`, until the deadline.
///
/// # Errors
/// What `work` says, or DEADLINE_EXCEEDED.
pub(crate) async fn within<T>(
    deadline: Option<Instant>,
    work: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    match deadline {
        Some(deadline) => tokio::time::timeout_at(deadline, work).await.unwrap_or_else(|_| Err(expired())),
        None => work.await,
    }
}

/// At most eight digits and a unit.
fn parse(value: &HeaderValue) -> Result<Duration, Fault> {
    let invalid = || {
        let message = "grpc-timeout is not of the form: up to eight digits and one of H, M, S, m, u, n";
        Fault::new(ErrorKind::InvalidArgument, Reason::Malformed, message)
    };
    let (unit, digits) = value.as_bytes().split_last().ok_or_else(invalid)?;
    if digits.is_empty() || digits.len() > 8 || !digits.iter().all(u8::is_ascii_digit) {
        return Err(invalid());
    }
    let count = digits.iter().fold(0, |count: u64, digit| count * 10 + u64::from(digit - b'0'));
    match unit {
        b'H' => Ok(Duration::from_secs(count * 3600)),
        b'M' => Ok(Duration::from_secs(count * 60)),
        b'S' => Ok(Duration::from_secs(count)),
        b'm' => Ok(Duration::from_millis(count)),
        b'u' => Ok(Duration::from_micros(count)),
        b'n' => Ok(Duration::from_nanos(count)),
        _ => Err(invalid()),
    }
}

/// The header for the time that remains until `deadline`.
pub(super) fn remaining(deadline: Instant) -> HeaderValue {
    const DIGITS: u128 = 100_000_000;
    let left = deadline.saturating_duration_since(Instant::now());
    let text = match (left.as_micros(), left.as_millis()) {
        (micros, _) if micros < DIGITS => format!("{micros}u"),
        (_, millis) if millis < DIGITS => format!("{millis}m"),
        _ => format!("{}S", u128::from(left.as_secs()).min(DIGITS - 1)),
    };
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("0n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_have_at_most_eight_digits_and_a_unit() {
        let parse = |text| parse(&HeaderValue::from_static(text));
        assert_eq!(parse("200m"), Ok(Duration::from_millis(200)));
        assert_eq!(parse("99999999H"), Ok(Duration::from_secs(99_999_999 * 3600)));
        for text in ["", "m", "5", "5x", "-5m", "123456789n", "1.5S"] {
            assert_eq!(parse(text).expect_err(text).reason, Reason::Malformed);
        }
    }

    #[test]
    fn a_unary_call_always_has_a_deadline_and_a_stream_only_its_own() {
        let (settings, now) = (HttpSettings::default(), Instant::now());
        let none = HeaderMap::new();
        let long =
            HeaderMap::from_iter([(http::HeaderName::from_static(GRPC_TIMEOUT), HeaderValue::from_static("9H"))]);
        assert_eq!(deadline(&none, false, &settings, now), Ok(Some(now + Duration::from_secs(10))));
        assert_eq!(deadline(&long, false, &settings, now), Ok(Some(now + Duration::from_secs(60))));
        assert_eq!(deadline(&none, true, &settings, now), Ok(None));
        assert_eq!(deadline(&long, true, &settings, now), Ok(Some(now + Duration::from_secs(9 * 3600))));
    }

    #[tokio::test(start_paused = true)]
    async fn what_remains_fits_into_eight_digits() {
        let now = Instant::now();
        assert_eq!(remaining(now), "0u");
        assert_eq!(remaining(now + Duration::from_millis(250)), "250000u");
        assert_eq!(remaining(now + Duration::from_secs(3600)), "3600000m");
        assert_eq!(remaining(now + Duration::from_secs(200_000)), "200000S");
    }
}
