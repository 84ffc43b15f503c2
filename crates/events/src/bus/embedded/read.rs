//! Reading the log: slices of events after a place, for consumers and tails alike.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use futures::TryStreamExt;
use sqlx::SqlitePool;
use tokio::sync::watch;
use uuid::Uuid;

use super::{cursors::Cursors, unavailable};
use crate::{
    bus::{BusError, Delivery, Durable, Filter, Position},
    wire,
};

/// A slice ends here, so that a reader's memory stays small however large events are.
const SLICE_BYTES: usize = 4 << 20;
const SLICE_EVENTS: i64 = 256;

const SELECT: &str = "
SELECT sequence, subject, headers, payload FROM event
WHERE sequence > ?1 AND sequence <= ?2 AND (?3 = '[]' OR entity IN (SELECT value FROM json_each(?3)))
ORDER BY sequence LIMIT ?4";

/// The log as readers see it.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) cursors: Cursors,
    /// Grows before events are removed, so that a reader can tell whether it may have missed some.
    pub(super) purged_to: AtomicU64,
    identity: String,
    pool: SqlitePool,
    head: watch::Receiver<u64>,
}

/// Events after a place.
pub(super) struct Slice {
    /// What the filter lets through, with their numbers.
    pub(super) deliveries: Vec<(u64, Delivery)>,
    /// Everything up to here was looked at.
    pub(super) end: u64,
}

impl Log {
    pub(super) fn new(
        identity: String,
        pool: SqlitePool,
        head: watch::Receiver<u64>,
        cursors: Cursors,
        purged_to: u64,
    ) -> Self {
        Self { cursors, purged_to: AtomicU64::new(purged_to), identity, pool, head }
    }

    pub(super) fn identity(&self) -> &str {
        &self.identity
    }

    /// The newest event's number.
    pub(super) fn head(&self) -> u64 {
        *self.head.borrow()
    }

    /// Tells when the newest event's number has changed.
    pub(super) fn watch(&self) -> watch::Receiver<u64> {
        self.head.clone()
    }

    /// The newest event that was removed.
    pub(super) fn purged_to(&self) -> u64 {
        self.purged_to.load(Ordering::SeqCst)
    }

    pub(super) fn position(&self, sequence: u64) -> Position {
        Position { identity: self.identity.clone(), sequence }
    }

    /// The next events after `after`, up to `head`.
    pub(super) async fn slice(&self, filter: &Filter, after: u64, head: u64) -> Result<Slice, BusError> {
        if head <= after {
            return Ok(Slice { deliveries: Vec::new(), end: after });
        }
        let entities = serde_json::Value::from(filter.entities.clone()).to_string();
        let query = sqlx::query_as(SELECT).bind(signed(after)).bind(signed(head)).bind(entities).bind(SLICE_EVENTS);
        let mut rows = query.fetch(&self.pool);
        let (mut deliveries, mut bytes) = (Vec::new(), 0);
        while let Some(row) = rows.try_next().await.map_err(unavailable)? {
            let row: (i64, String, String, Vec<u8>) = row;
            let sequence = row.0.unsigned_abs();
            bytes += row.3.len() + row.2.len();
            deliveries.push((sequence, self.delivery(sequence, row.1, &row.2, row.3.into())));
            if bytes >= SLICE_BYTES || deliveries.len() as i64 == SLICE_EVENTS {
                return Ok(Slice { deliveries, end: sequence });
            }
        }
        Ok(Slice { deliveries, end: head })
    }

    /// How many events after its cursor are for `durable`.
    pub(super) async fn backlog(&self, durable: &Durable) -> Result<u64, BusError> {
        const COUNT: &str = "
            SELECT count(*) FROM event
            WHERE sequence > ?1 AND (?2 = '[]' OR entity IN (SELECT value FROM json_each(?2)))";
        let entities = serde_json::Value::from(durable.filter.entities.clone()).to_string();
        let query = sqlx::query_scalar(COUNT).bind(signed(self.cursors.sequence(&durable.name))).bind(entities);
        let count: i64 = query.fetch_one(&self.pool).await.map_err(unavailable)?;
        Ok(count.unsigned_abs())
    }

    /// Where an event is; `None` when it is not there.
    pub(super) async fn place_of(&self, id: Uuid) -> Result<Option<Position>, BusError> {
        const PLACE: &str = "SELECT sequence FROM event WHERE event_id = ?1";
        let query = sqlx::query_scalar(PLACE).bind(id.as_bytes().as_slice());
        let sequence: Option<i64> = query.fetch_optional(&self.pool).await.map_err(unavailable)?;
        Ok(sequence.map(|sequence| self.position(sequence.unsigned_abs())))
    }

    /// Whether the event at this place is this one, or was removed since because of its age.
    pub(super) async fn holds(&self, place: &Position, id: Uuid) -> Result<bool, BusError> {
        if place.identity != self.identity {
            return Err(BusError::PositionGone);
        }
        let found = self.place_of(id).await?;
        Ok(found.as_ref() == Some(place) || place.sequence <= self.purged_to())
    }

    fn delivery(&self, sequence: u64, subject: String, headers: &str, payload: Bytes) -> Delivery {
        let foreign = |headers, reason| Delivery::Foreign {
            position: self.position(sequence),
            subject: subject.clone(),
            headers,
            reason,
            payload: payload.clone(),
        };
        let Ok(parsed) = serde_json::from_str::<HashMap<String, String>>(headers) else {
            return foreign(vec![("raw".to_owned(), headers.to_owned())], "the headers cannot be read".to_owned());
        };
        match wire::decode(&subject, |name| parsed.get(name).map(String::as_str), payload.clone()) {
            Ok(event) => Delivery::Event(event),
            Err(reason) => {
                let mut headers: Vec<_> = parsed.into_iter().collect();
                headers.sort();
                foreign(headers, reason)
            }
        }
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

/// SQLite's integers are signed.
pub(super) fn signed(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}
