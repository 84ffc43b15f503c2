//! Instants and where they come from.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// An instant: microseconds since the Unix epoch, UTC. The same number is what the databases order by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant `micros` microseconds after (or before) the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the Unix epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The instant from seconds and nanoseconds, as protobuf's `Timestamp` holds them; nanoseconds are cut to
    /// microseconds. `None` when it does not fit.
    pub fn from_parts(seconds: i64, nanos: i32) -> Option<Self> {
        seconds.checked_mul(1_000_000)?.checked_add(i64::from(nanos / 1_000)).map(Self)
    }

    /// Seconds and nanoseconds (0 to 999,999,999), as protobuf's `Timestamp` holds them.
    pub fn to_parts(self) -> (i64, i32) {
        let nanos = self.0.rem_euclid(1_000_000) as i32 * 1_000;
        (self.0.div_euclid(1_000_000), nanos)
    }

    /// This instant, `by` later; at the end of time, the end of time.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(micros(by)))
    }

    /// This instant, `by` earlier.
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(micros(by)))
    }

    /// How long after `earlier` this is; zero when it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0).max(0).unsigned_abs())
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// Tells the time. Passed to whoever needs it, so that tests own time.
pub trait Clock: Send + Sync + 'static {
    /// The instant it is now.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the machine for the time")]
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(micros(since_epoch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_an_instant_before_the_epoch_have_positive_nanoseconds() {
        let instant = Timestamp::from_micros(-1);
        assert_eq!(instant.to_parts(), (-1, 999_999_000));
        assert_eq!(Timestamp::from_parts(-1, 999_999_000), Some(instant));
    }
}
