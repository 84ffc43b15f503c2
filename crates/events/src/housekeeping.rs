//! Housekeeping: forgets what is old enough. One worker per process; several at once do no harm.

use std::{sync::Arc, time::Duration};

use mesh_store::{Backend, Database, Sql, StoreError, request_ids};
use mesh_types::{Clock, Timestamp};
use tokio_util::sync::CancellationToken;

use crate::inbox;

/// How long things are kept, and how often that is looked after.
#[derive(Clone, Copy, Debug)]
pub struct HousekeepingSettings {
    /// How long the event log keeps what was published.
    pub events_kept: Duration,
    /// The pause between two rounds.
    pub every: Duration,
}

impl Default for HousekeepingSettings {
    fn default() -> Self {
        Self { events_kept: Duration::from_secs(7 * 24 * 60 * 60), every: Duration::from_secs(10 * 60) }
    }
}

/// Rows that are removed at once: few enough to hold nobody up.
const AT_ONCE: u32 = 1_000;

/// Prunes event log, inbox and request ids.
pub struct Housekeeping {
    database: Database,
    clock: Arc<dyn Clock>,
    settings: HousekeepingSettings,
}

impl Housekeeping {
    /// For this database.
    pub fn new(database: &Database, clock: Arc<dyn Clock>, settings: HousekeepingSettings) -> Self {
        Self { database: database.background(), clock, settings }
    }

    /// Works until `stop`.
    pub async fn run(&self, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(self.settings.every)).await.is_some() {
            if let Some(Err(error)) = stop.run_until_cancelled(self.sweep()).await {
                tracing::warn!(error = %error, "housekeeping failed");
            }
        }
    }

    /// One round. Returns how many rows went.
    ///
    /// # Errors
    /// What the database says.
    pub async fn sweep(&self) -> Result<u64, StoreError> {
        let (database, now) = (&self.database, self.clock.now());
        let published_before = now.minus(self.settings.events_kept);
        let events = repeat(|| prune_events(database, published_before)).await?;
        let inbox = repeat(|| inbox::prune(database, now, AT_ONCE)).await?;
        let requests = repeat(|| request_ids::prune(database, now, AT_ONCE)).await?;
        if database.backend() == Backend::Sqlite && events + inbox + requests > 0 {
            const VACUUM: Sql = Sql::both("PRAGMA incremental_vacuum(2000)");
            VACUUM.all(database.writer(), []).await?;
        }
        tracing::debug!(event_log.pruned = events, inbox.pruned = inbox, request_id.pruned = requests, "swept");
        Ok(events + inbox + requests)
    }
}

/// Until a round removes fewer rows than it might. (An `AsyncFnMut` would make the future of `run` not `Send`.)
async fn repeat<F: Future<Output = Result<u64, StoreError>>>(mut prune: impl FnMut() -> F) -> Result<u64, StoreError> {
    let mut total = 0;
    loop {
        let removed = prune().await?;
        total += removed;
        if removed < u64::from(AT_ONCE) {
            return Ok(total);
        }
        tokio::task::yield_now().await;
    }
}

/// Walks from the oldest event on: numbers grow with time, nearly. What is not published yet stays, however old.
async fn prune_events(database: &Database, before: Timestamp) -> Result<u64, StoreError> {
    const PRUNE: Sql = Sql {
        postgres: "DELETE FROM event_log WHERE seq IN (
                       SELECT seq FROM (SELECT seq, time_us FROM event_log ORDER BY seq LIMIT $2) AS oldest
                       WHERE time_us < $1 AND NOT EXISTS (SELECT 1 FROM outbox_pending AS p WHERE p.seq = oldest.seq))",
        sqlite: "DELETE FROM event_log WHERE seq IN (
                     SELECT seq FROM (SELECT seq, time_us FROM event_log ORDER BY seq LIMIT $2)
                     WHERE time_us < $1 AND seq <= (SELECT seq FROM relay_cursor))",
    };
    PRUNE.run(database.writer(), [before.as_micros().into(), i64::from(AT_ONCE).into()]).await
}
