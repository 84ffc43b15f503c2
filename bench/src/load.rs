//! Two ways to put load on a service: as fast as it answers, and at a steady rate whatever it answers.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use crate::latencies::Latencies;

/// What a run of load saw.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How long each call took; at a steady rate, since the instant it was due (so waiting in line counts).
    pub latencies: Latencies,
    /// How long the whole run took.
    pub elapsed: Duration,
}

impl Outcome {
    /// Calls a second.
    pub fn rate(&self) -> f64 {
        self.latencies.count() as f64 / self.elapsed.as_secs_f64()
    }
}

/// Something that makes one call after another, such as one connection.
pub trait Worker: Send + 'static {
    /// Makes one call; `number` is different for every call of the run.
    fn call(&mut self, number: u64) -> impl Future<Output = anyhow::Result<()>> + Send;
}

/// Each worker makes its next call as soon as it has the answer to the last one.
pub async fn closed<W: Worker>(workers: Vec<W>, duration: Duration) -> anyhow::Result<Outcome> {
    let numbers = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for mut worker in workers {
        let numbers = Arc::clone(&numbers);
        tasks.spawn(async move {
            let mut latencies = Latencies::default();
            while start.elapsed() < duration {
                let called = Instant::now();
                worker.call(numbers.fetch_add(1, Ordering::Relaxed)).await?;
                latencies.record(called.elapsed());
            }
            anyhow::Ok(latencies)
        });
    }
    collect(tasks, start).await
}

/// Calls are due `rate` times a second; the next free worker takes the next one, late or not.
pub async fn steady<W: Worker>(workers: Vec<W>, rate: f64, duration: Duration) -> anyhow::Result<Outcome> {
    let numbers = Arc::new(AtomicU64::new(0));
    let total = (rate * duration.as_secs_f64()) as u64;
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for mut worker in workers {
        let numbers = Arc::clone(&numbers);
        tasks.spawn(async move {
            let mut latencies = Latencies::default();
            loop {
                let number = numbers.fetch_add(1, Ordering::Relaxed);
                if number >= total {
                    return anyhow::Ok(latencies);
                }
                let due = start + Duration::from_secs_f64(number as f64 / rate);
                tokio::time::sleep_until(due.into()).await;
                worker.call(number).await?;
                latencies.record(due.elapsed());
            }
        });
    }
    collect(tasks, start).await
}

async fn collect(mut tasks: JoinSet<anyhow::Result<Latencies>>, start: Instant) -> anyhow::Result<Outcome> {
    let mut latencies = Latencies::default();
    while let Some(worker) = tasks.join_next().await {
        latencies.merge(worker??);
    }
    Ok(Outcome { latencies, elapsed: start.elapsed() })
}
