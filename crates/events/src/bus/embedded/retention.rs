//! What is removed from the log, and when it is full. Only events that every durable has seen are ever removed.

use std::{sync::atomic::Ordering, time::Duration};

use mesh_types::Timestamp;
use sqlx::{SqliteConnection, SqliteTransaction};

use super::{
    EmbeddedSettings,
    read::{Log, signed},
};

/// How often to look for events that are too old.
const PERIOD: Duration = Duration::from_secs(60);
/// Events are removed in pieces of this many, so that nobody waits long for the writer.
const PIECE: i64 = 1000;

pub(super) struct Retention {
    age: Duration,
    max_bytes: u64,
    next: Timestamp,
    used_bytes: u64,
    removed: bool,
}

impl Retention {
    pub(super) fn new(settings: &EmbeddedSettings) -> Self {
        let age = Duration::from_secs(settings.retention_hours.saturating_mul(3600));
        let next = Timestamp::from_micros(0);
        Self { age, max_bytes: settings.max_bytes, next, used_bytes: 0, removed: false }
    }

    /// Whether it is time to remove what is too old.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        now >= self.next
    }

    /// Begins a commit: measures the file, and removes a piece of what is too old if it is time.
    pub(super) async fn begin(
        &mut self,
        transaction: &mut SqliteTransaction<'_>,
        log: &Log,
        now: Timestamp,
    ) -> Result<(), sqlx::Error> {
        if self.is_due(now) {
            let seen = log.cursors.lowest().unwrap_or(u64::MAX);
            let more = self.remove_piece(transaction, log, seen, Some(now.minus(self.age))).await?;
            self.next = if more { now } else { now.plus(PERIOD) };
        }
        self.used_bytes = used_bytes(transaction).await?;
        Ok(())
    }

    /// Whether `bytes` more fit. When space runs short, what every durable has seen is removed before its time.
    pub(super) async fn room_for(
        &mut self,
        transaction: &mut SqliteTransaction<'_>,
        log: &Log,
        bytes: u64,
    ) -> Result<bool, sqlx::Error> {
        let nearly_full = self.max_bytes / 10 * 9;
        if bytes > 0 && self.used_bytes + bytes > nearly_full {
            let seen = log.cursors.lowest().unwrap_or(0);
            let low = self.max_bytes / 4 * 3;
            while self.used_bytes + bytes > low && self.remove_piece(transaction, log, seen, None).await? {
                self.used_bytes = used_bytes(transaction).await?;
            }
        }
        let fits = bytes == 0 || self.used_bytes + bytes <= self.max_bytes;
        self.used_bytes += if fits { bytes } else { 0 };
        Ok(fits)
    }

    /// After a commit: gives a little of what was removed back to the disk.
    pub(super) async fn shrink(&mut self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        if std::mem::take(&mut self.removed) {
            sqlx::raw_sql("PRAGMA incremental_vacuum(1000)").execute(connection).await?;
        }
        Ok(())
    }

    /// Removes the oldest events up to `seen` (and published before `cutoff`); whether there were any.
    async fn remove_piece(
        &mut self,
        transaction: &mut SqliteTransaction<'_>,
        log: &Log,
        seen: u64,
        cutoff: Option<Timestamp>,
    ) -> Result<bool, sqlx::Error> {
        const OLDEST: &str = "SELECT sequence, published_us FROM event WHERE sequence <= ? ORDER BY sequence LIMIT ?";
        let oldest: Vec<(i64, i64)> =
            sqlx::query_as(OLDEST).bind(signed(seen)).bind(PIECE).fetch_all(&mut **transaction).await?;
        let old = |published_us: i64| cutoff.is_none_or(|cutoff| published_us < cutoff.as_micros());
        let Some(last) = oldest.iter().take_while(|(_, published_us)| old(*published_us)).last() else {
            return Ok(false);
        };
        log.purged_to.store(last.0.unsigned_abs(), Ordering::SeqCst);
        sqlx::query("DELETE FROM event WHERE sequence <= ?").bind(last.0).execute(&mut **transaction).await?;
        sqlx::query("UPDATE stream SET purged_to = ?").bind(last.0).execute(&mut **transaction).await?;
        self.removed = true;
        Ok(true)
    }
}

/// The pages in use, in bytes.
async fn used_bytes(connection: &mut SqliteConnection) -> Result<u64, sqlx::Error> {
    const USED: &str = "
        SELECT (pages.page_count - free.freelist_count) * size.page_size
        FROM pragma_page_count() pages, pragma_freelist_count() free, pragma_page_size() size";
    let used: i64 = sqlx::query_scalar(USED).fetch_one(connection).await?;
    Ok(used.unsigned_abs())
}
