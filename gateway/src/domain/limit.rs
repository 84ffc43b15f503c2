//! How often something may be tried: a burst, then one try per interval (GCRA, a leaky bucket in one number).

use std::time::Duration;

use mesh_types::Timestamp;

/// A burst of tries, then one per interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many tries may come at once.
    pub burst: u32,
    /// After the burst, one try per this time.
    pub interval: Duration,
}

impl Limit {
    /// Counts a try at `now`. `level` is what the last try answered; one in the past, or none, is an empty bucket.
    ///
    /// # Errors
    /// How long to wait for the next try, when there were too many.
    pub fn try_at(self, now: Timestamp, level: Option<Timestamp>) -> Result<Timestamp, Duration> {
        let level = level.unwrap_or(now).max(now);
        let after = level.plus(self.interval);
        let fullest = now.plus(self.interval * self.burst);
        if after > fullest {
            return Err(after.since(fullest));
        }
        Ok(after)
    }

    /// Counts so many tries at once, whether they fit or not; the bucket is never fuller than full.
    pub fn charge(self, now: Timestamp, level: Option<Timestamp>, tries: u32) -> Timestamp {
        let level = level.unwrap_or(now).max(now);
        level.plus(self.interval * tries).min(now.plus(self.interval * self.burst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_burst_one_try_is_let_through_per_interval() {
        let limit = Limit { burst: 3, interval: Duration::from_secs(6) };
        let start = Timestamp::from_micros(0);
        let mut level = None;
        for _ in 0..3 {
            level = Some(limit.try_at(start, level).expect("within the burst"));
        }
        assert_eq!(limit.try_at(start, level), Err(Duration::from_secs(6)));
        let later = start.plus(Duration::from_secs(6));
        level = Some(limit.try_at(later, level).expect("an interval later"));
        assert_eq!(limit.try_at(later, level), Err(Duration::from_secs(6)));
    }

    #[test]
    fn what_is_charged_fills_the_bucket_and_no_more() {
        let limit = Limit { burst: 3, interval: Duration::from_secs(6) };
        let start = Timestamp::from_micros(0);
        let level = limit.charge(start, None, 100);
        assert_eq!(limit.try_at(start, Some(level)), Err(Duration::from_secs(6)));
        assert!(limit.try_at(start, Some(limit.charge(start, None, 2))).is_ok());
    }
}
