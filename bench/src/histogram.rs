//! What a service's own histograms say of a stretch of time: the difference between two looks at its metrics.

use std::collections::BTreeMap;

use anyhow::Context;
use http::Method;

use crate::http::Connection;

/// How many values there were up to each bound, in seconds, and what they add up to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    buckets: Vec<(f64, f64)>,
    sum: f64,
}

impl Histogram {
    /// The histogram `name` as the process with its admin port at `address` shows it, over all labels.
    pub async fn read(address: &str, name: &str) -> anyhow::Result<Self> {
        Self::read_labelled(address, name, "").await
    }

    /// The same of one label only, such as `cause="on_time"`.
    pub async fn read_labelled(address: &str, name: &str, label: &str) -> anyhow::Result<Self> {
        let shown = Connection::open(address, "").await?.call(Method::GET, "/metrics", "").await?;
        Self::parse(&String::from_utf8_lossy(&shown), name, label).context("a bucket that is no number")
    }

    /// From Prometheus' text format.
    fn parse(text: &str, name: &str, label: &str) -> Option<Self> {
        let start = format!("{name}_bucket{{");
        let mut buckets: BTreeMap<String, f64> = BTreeMap::new();
        for line in text.lines().filter(|line| line.starts_with(&start) && line.contains(label)) {
            let (labels, count) = line.rsplit_once(' ')?;
            let bound = labels.split("le=\"").nth(1)?.split('"').next()?;
            *buckets.entry(bound.to_owned()).or_default() += count.parse::<f64>().ok()?;
        }
        let bound = |text: &str| if text == "+Inf" { Some(f64::INFINITY) } else { text.parse().ok() };
        let mut buckets: Vec<_> =
            buckets.into_iter().map(|(text, count)| Some((bound(&text)?, count))).collect::<Option<_>>()?;
        buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
        let is_sum =
            |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with("_sum")) && line.contains(label);
        let sums = text.lines().filter(is_sum).map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok());
        Some(Self { buckets, sum: sums.sum::<Option<f64>>()? })
    }

    /// What was added since `earlier`.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let before =
            |bound: f64| earlier.buckets.iter().find(|(other, _)| *other == bound).map_or(0.0, |(_, count)| *count);
        let buckets = self.buckets.iter().map(|&(bound, count)| (bound, count - before(bound))).collect();
        Self { buckets, sum: self.sum - earlier.sum }
    }

    /// How many values there are.
    pub fn count(&self) -> f64 {
        self.buckets.last().map_or(0.0, |(_, count)| *count)
    }

    /// What they are on average, in seconds.
    pub fn mean(&self) -> f64 {
        self.sum / self.count().max(1.0)
    }

    /// The smallest bound, in seconds, that `share` (0 to 1) of the values did not exceed.
    pub fn quantile(&self, share: f64) -> f64 {
        let wanted = share * self.count();
        self.buckets.iter().find(|(_, count)| *count >= wanted).map_or(f64::INFINITY, |(bound, _)| *bound)
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
        let histogram = Histogram::parse(text, "lag_seconds", "").expect("it parses");
        assert_eq!(histogram.count(), 10.0);
        assert_eq!((histogram.quantile(0.5), histogram.quantile(0.99)), (1.0, f64::INFINITY));
        assert_eq!(histogram.mean(), 0.3);
        let other = Histogram::parse(text, "lag_seconds", "consumer=\"b\"").expect("it parses");
        assert_eq!((other.count(), other.mean()), (0.0, 0.0));
        assert_eq!(histogram.since(&histogram).count(), 0.0);
        assert_eq!(histogram.since(&Histogram::default()), histogram);
    }
}
