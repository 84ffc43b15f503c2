//! What is not published yet: rows of `outbox_pending` on PostgreSQL, all that comes after a cursor on SQLite.

use std::time::{Duration, Instant};

use mesh_store::{Backend, Database, Sql, StoreError};
use mesh_types::{Timestamp, crash_point};
use sea_orm::{ConnectionTrait, Value};

use super::{lease::Lease, stream::Last};
use crate::{Envelope, event_log::envelope};

/// How far it has come is written at most this often: on SQLite it would contend with calls for the file's one writer, on
/// PostgreSQL every version of the row would stay as long as the oldest snapshot. What a crash forgets of the cursor is
/// published twice; of the newest event that the bus has, one a little older is as good, unless the bus crashes with us.
const WRITTEN_AFTER: Duration = Duration::from_millis(250);

/// The next events, with their numbers.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) numbers: Vec<i64>,
    pub(super) events: Vec<Envelope>,
}

/// How much is not published yet.
#[derive(Debug)]
pub(super) struct Backlog {
    pub(super) events: i64,
    pub(super) oldest: Option<Timestamp>,
}

/// The events that one holder of the lease has to publish.
#[derive(Debug)]
pub(super) struct Pending<'a> {
    database: &'a Database,
    source: &'static str,
    lease: &'a Lease,
    cursor: Cursor,
}

/// How far this holder has come, and how far the database knows of it. The numbers are for SQLite only.
#[derive(Debug, Default)]
struct Cursor {
    reached: i64,
    written: i64,
    unwritten_since: Option<Instant>,
    /// The newest event that the bus has.
    last: Option<Last>,
}

impl<'a> Pending<'a> {
    pub(super) fn new(database: &'a Database, source: &'static str, lease: &'a Lease) -> Self {
        Self { database, source, lease, cursor: Cursor::default() }
    }

    /// The oldest events that are pending.
    pub(super) async fn next(&mut self, limit: u32) -> Result<Batch, StoreError> {
        match self.database.backend() {
            Backend::Postgres => self.next_rows(limit).await,
            Backend::Sqlite => self.next_after_cursor(limit).await,
        }
    }

    /// The bus has these, and `last` is the newest that it has of all. Returns whether the lease is still held; if it is
    /// not, nothing was changed.
    pub(super) async fn published(&mut self, numbers: &[i64], last: Option<&Last>) -> Result<bool, StoreError> {
        let Some(reached) = numbers.last() else { return Ok(true) };
        self.cursor.reached = *reached;
        self.cursor.last = last.cloned();
        self.cursor.unwritten_since.get_or_insert_with(Instant::now);
        if self.database.backend() == Backend::Postgres && !self.delete(numbers).await? {
            return Ok(false);
        }
        self.write_down(WRITTEN_AFTER).await
    }

    /// Begins where the database says, because the log was put in line again.
    pub(super) fn begin_again(&mut self) {
        self.cursor = Cursor::default();
    }

    /// Writes down what was reached longer ago than `after`. Returns whether the lease is still held.
    pub(super) async fn write_down(&mut self, after: Duration) -> Result<bool, StoreError> {
        if self.cursor.unwritten_since.is_none_or(|since| since.elapsed() < after) {
            return Ok(true);
        }
        let held = match self.database.backend() {
            Backend::Postgres => self.write_last(self.database.writer()).await?,
            Backend::Sqlite => self.write_cursor().await?,
        };
        self.cursor.unwritten_since = None;
        Ok(held)
    }

    async fn write_cursor(&mut self) -> Result<bool, StoreError> {
        const WRITE: Sql = Sql::both(
            "UPDATE relay_cursor SET seq = $4 WHERE seq = $5
             AND EXISTS (SELECT 1 FROM relay_lease WHERE source = $1 AND owner = $2 AND epoch = $3)",
        );
        const HELD: Sql = Sql::both("SELECT 1 FROM relay_lease WHERE source = $1 AND owner = $2 AND epoch = $3");
        let Cursor { reached, written, .. } = self.cursor;
        let values = self.lease.fence().into_iter().chain([reached.into(), written.into()]);
        let transaction = self.database.begin().await?;
        let done = WRITE.run(&transaction, values).await? > 0 && self.write_last(&transaction).await?;
        transaction.commit().await?;
        if done {
            crash_point("relay.after_delete");
            self.cursor.written = reached;
            return Ok(true);
        }
        // Either the lease is gone, or somebody has set the cursor back to publish again: then `next` sees it.
        Ok(HELD.one(self.database.writer(), self.lease.fence()).await?.is_some())
    }

    /// Writes down the newest event that the bus has. Returns whether the lease is still held.
    async fn write_last(&self, connection: &impl ConnectionTrait) -> Result<bool, StoreError> {
        const LAST: Sql = Sql::both(
            "UPDATE relay_lease SET bus_sequence = coalesce($4, bus_sequence), bus_event = coalesce($5, bus_event)
             WHERE source = $1 AND owner = $2 AND epoch = $3",
        );
        let last = self.cursor.last.as_ref();
        let sequence = last.map(|last| i64::try_from(last.sequence).unwrap_or(i64::MAX));
        let place: [Value; 2] = [sequence.into(), last.map(|last| last.event_id).into()];
        Ok(LAST.run(connection, self.lease.fence().into_iter().chain(place)).await? > 0)
    }

    pub(super) async fn backlog(database: &Database) -> Result<Backlog, StoreError> {
        const BACKLOG: Sql = Sql {
            postgres: "SELECT (SELECT count(*) FROM outbox_pending) AS events,
                              (SELECT time_us FROM event_log
                               WHERE seq = (SELECT min(seq) FROM outbox_pending)) AS oldest",
            sqlite: "SELECT count(*) AS events, min(time_us) AS oldest
                     FROM event_log WHERE seq > (SELECT seq FROM relay_cursor)",
        };
        let row = BACKLOG.one(database.reader(), []).await?.ok_or_else(|| StoreError::corrupt("outbox_pending"))?;
        let oldest: Option<i64> = row.try_get("", "oldest")?;
        Ok(Backlog { events: row.try_get("", "events")?, oldest: oldest.map(Timestamp::from_micros) })
    }

    /// By number, with one look-up in the log for each: left to itself the planner may walk a week of log to find them.
    async fn next_rows(&self, limit: u32) -> Result<Batch, StoreError> {
        const NEXT: Sql = Sql::both(
            "SELECT pending.seq AS number, event.*
             FROM (SELECT seq FROM outbox_pending ORDER BY seq LIMIT $1) AS pending
             LEFT JOIN LATERAL (
                 SELECT event_id, time_us, workspace_id, entity, aggregate_id, epoch, version, verb, event_type, actor,
                        trace_parent, payload
                 FROM event_log WHERE seq = pending.seq LIMIT 1
             ) AS event ON true
             ORDER BY pending.seq",
        );
        let rows = NEXT.all(self.database.writer(), [i64::from(limit).into()]).await?;
        let (mut batch, mut pruned) = (Batch::default(), Vec::new());
        for row in &rows {
            let number = row.try_get("", "number")?;
            if row.try_get::<Option<i64>>("", "time_us")?.is_none() {
                pruned.push(number);
                continue;
            }
            batch.numbers.push(number);
            batch.events.push(envelope(row, self.source)?);
        }
        if !pruned.is_empty() {
            tracing::warn!(events = pruned.len(), "pending events are in the log no more");
            self.delete(&pruned).await?;
        }
        Ok(batch)
    }

    async fn next_after_cursor(&mut self, limit: u32) -> Result<Batch, StoreError> {
        const CURSOR: Sql = Sql::both("SELECT seq FROM relay_cursor");
        const NEXT: Sql = Sql::both(
            "SELECT seq AS number, event_id, time_us, workspace_id, entity, aggregate_id, epoch, version, verb,
                    event_type, actor, trace_parent, payload
             FROM event_log WHERE seq > $1 ORDER BY seq LIMIT $2",
        );
        let row = CURSOR.one(self.database.reader(), []).await?.ok_or_else(|| StoreError::corrupt("relay_cursor"))?;
        let written: i64 = row.try_get("", "seq")?;
        if written != self.cursor.written || self.cursor.reached < written {
            self.cursor = Cursor { reached: written, written, ..Cursor::default() };
        }
        let rows = NEXT.all(self.database.reader(), [self.cursor.reached.into(), i64::from(limit).into()]).await?;
        let mut batch = Batch::default();
        for row in &rows {
            batch.numbers.push(row.try_get("", "number")?);
            batch.events.push(envelope(row, self.source)?);
        }
        Ok(batch)
    }

    /// One statement, so that a frozen holder cannot block others; under the lease row's lock, so that a superseded one
    /// deletes nothing that was queued again meanwhile. It need not reach the disk at once: what comes back after a crash
    /// is published twice.
    async fn delete(&self, numbers: &[i64]) -> Result<bool, StoreError> {
        const DELETE: Sql = Sql::both(
            "WITH held AS MATERIALIZED (
                 SELECT 1 FROM relay_lease WHERE source = $1 AND owner = $2 AND epoch = $3 FOR SHARE
             ), gone AS (
                 DELETE FROM outbox_pending
                 WHERE seq = ANY (string_to_array($4, ',')::bigint[]) AND EXISTS (SELECT 1 FROM held)
             )
             SELECT EXISTS (SELECT 1 FROM held) AS held, set_config('synchronous_commit', 'off', true)",
        );
        let list = numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
        let values = self.lease.fence().into_iter().chain([list.into()]);
        let row =
            DELETE.one(self.database.writer(), values).await?.ok_or_else(|| StoreError::corrupt("relay_lease"))?;
        crash_point("relay.after_delete");
        Ok(row.try_get("", "held")?)
    }
}
