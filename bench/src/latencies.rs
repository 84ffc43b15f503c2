//! A set of measured times and what to say of it.

use std::time::Duration;

/// Measured times, in the order they came.
#[derive(Debug, Default, Clone)]
pub struct Latencies(Vec<Duration>);

impl Latencies {
    /// Adds one.
    pub fn record(&mut self, latency: Duration) {
        self.0.push(latency);
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The time that `share` (0 to 1) of them did not exceed; zero when there are none.
    pub fn quantile(&self, share: f64) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (share * sorted.len() as f64).ceil() as usize;
        sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// `p50 1.2 ms, p99 3.4 ms, max 5.6 ms`.
    pub fn summary(&self) -> String {
        let ms = |share| self.quantile(share).as_secs_f64() * 1e3;
        format!("p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms", ms(0.5), ms(0.99), ms(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_measured_values() {
        let mut latencies = Latencies::default();
        (1..=100).rev().for_each(|ms| latencies.record(Duration::from_millis(ms)));
        assert_eq!(latencies.quantile(0.5), Duration::from_millis(50));
        assert_eq!(latencies.quantile(0.99), Duration::from_millis(99));
        assert_eq!(latencies.quantile(1.0), Duration::from_millis(100));
    }
}
