//! What a service's own histograms say of a stretch of time: the difference between two looks at its metrics.

use std::collections::BTreeMap;

use anyhow::Context;
use http::Method;

use crate::http::Connection;

/// How many values there were up to each bound, in seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram(Vec<(f64, f64)>);

impl Histogram {
    /// The histogram `name` as the process with its admin port at `address` shows it, over all labels.
    pub async fn read(address: &str, name: &str) -> anyhow::Result<Self> {
        let shown = Connection::open(address, "").await?.call(Method::GET, "/metrics", "").await?;
        Self::parse(&String::from_utf8_lossy(&shown), name).context("a bucket that is no number")
    }

    /// From Prometheus' text format.
    fn parse(text: &str, name: &str) -> Option<Self> {
        let start = format!("{name}_bucket{{");
        let mut buckets: BTreeMap<String, f64> = BTreeMap::new();
        for line in text.lines().filter(|line| line.starts_with(&start)) {
            let (labels, count) = line.rsplit_once(' ')?;
            let bound = labels.split("le=\"").nth(1)?.split('"').next()?;
            *buckets.entry(bound.to_owned()).or_default() += count.parse::<f64>().ok()?;
        }
        let bound = |text: &str| if text == "+Inf" { Some(f64::INFINITY) } else { text.parse().ok() };
        let mut buckets: Vec<_> =
            buckets.into_iter().map(|(text, count)| Some((bound(&text)?, count))).collect::<Option<_>>()?;
        buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
        Some(Self(buckets))
    }

    /// What was added since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let before = |bound: f64| earlier.0.iter().find(|(other, _)| *other == bound).map_or(0.0, |(_, count)| *count);
        Self(self.0.iter().map(|&(bound, count)| (bound, count - before(bound))).collect())
    }

    /// How many values there are.
    pub fn count(&self) -> f64 {
        self.0.last().map_or(0.0, |(_, count)| *count)
    }

    /// The smallest bound, in seconds, that `share` (0 to 1) of the values did not exceed.
    pub fn quantile(&self, share: f64) -> f64 {
        let wanted = share * self.count();
        self.0.iter().find(|(_, count)| *count >= wanted).map_or(f64::INFINITY, |(bound, _)| *bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_is_read_and_compared() {
        let text = "# TYPE lag_seconds histogram\n\
                    lag_seconds_bucket{consumer=\"a\",le=\"0.01\"} 1\nlag_seconds_bucket{consumer=\"a\",le=\"1\"} 9\n\
                    lag_seconds_bucket{consumer=\"a\",le=\"+Inf\"} 10\nlag_seconds_sum{consumer=\"a\"} 3\n";
        let histogram = Histogram::parse(text, "lag_seconds").expect("it parses");
        assert_eq!(histogram.count(), 10.0);
        assert_eq!((histogram.quantile(0.5), histogram.quantile(0.99)), (1.0, f64::INFINITY));
        assert_eq!(histogram.since(&histogram).count(), 0.0);
        assert_eq!(histogram.since(&Histogram::default()), histogram);
    }
}
