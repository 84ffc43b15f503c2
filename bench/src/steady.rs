//! Reminders that are due at a steady rate, and how long after that each one's notification is there.

use std::time::Duration;

use anyhow::Context;
use tonic::transport::Channel;

use crate::{
    http::Connection,
    inbox::{self, Inbox, Instant, REMINDERS_PER_TASK},
    latencies::Latencies,
};

/// How many are due in a second.
pub const RATE: f64 = 100.0;

/// Somebody's reminders, all made, and their open stream.
pub struct Steady {
    stream: Inbox,
    start: Instant,
    count: usize,
}

impl Steady {
    /// Makes them over REST, late enough for all of them to be made before the first is due.
    pub async fn prepare(gateway: &str, token: &str, duration: Duration) -> anyhow::Result<Self> {
        let channel = Channel::from_shared(format!("http://{gateway}"))?.connect().await?;
        let stream = Inbox::open(channel, token).await?;
        let count = (RATE * duration.as_secs_f64()) as usize;
        let mut connection = Connection::open(gateway, token).await?;
        let start = inbox::now()? + Duration::from_secs(5) + Duration::from_millis(6) * u32::try_from(count)?;
        let mut task = String::new();
        for number in 0..count {
            if number % REMINDERS_PER_TASK == 0 {
                task = inbox::create_task(&mut connection).await?;
            }
            let due = start + Duration::from_secs_f64(number as f64 / RATE);
            inbox::remind(&mut connection, &task, Duration::from_micros(due.as_micros() as u64)).await?;
        }
        Ok(Self { stream, start, count })
    }

    /// How long until the first is due.
    pub fn until_first(&self) -> anyhow::Result<Duration> {
        Ok(self.start.saturating_sub(inbox::now()?))
    }

    /// From the instant each is due to its message, once all have come.
    pub async fn follow(mut self) -> anyhow::Result<Latencies> {
        let lasts = Duration::from_secs_f64(self.count as f64 / RATE);
        let patience = self.until_first()? + lasts + Duration::from_secs(60);
        let read = async {
            let mut latencies = Latencies::default();
            while latencies.count() < self.count {
                let (notification, came) = self.stream.next().await?;
                latencies.record(came.saturating_sub(inbox::due(&notification)?));
            }
            anyhow::Ok(latencies)
        };
        tokio::time::timeout(patience, read).await.context("reminders did not come")?
    }
}
