//! The bus of the single process: an event log in one SQLite file. A dedicated writer commits requests in groups;
//! consumers and tails read for themselves and are woken by a watch channel after each commit.

mod consume;
mod cursors;
mod file;
mod read;
mod retention;
mod signals;
mod tail;
mod writer;

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use mesh_types::{Clock, SystemClock};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::{file::File, read::Log, signals::Signals, writer::Writer};
use super::{
    BatchHandler, BusError, Durable, EventBus, Filter, Position, Published, SignalStream, TailFrom, TailStream,
};
use crate::{Envelope, wire};

/// A publication is handed to the writer in pieces of this many events, so that one of many does not hold up the rest.
const PIECE: usize = 1024;

/// How much the embedded log keeps.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EmbeddedSettings {
    /// Events older than this are removed, once every durable has seen them.
    pub retention_hours: u64,
    /// The file is kept below this size: events that every durable has seen are removed early, and when that does not
    /// help no more are taken.
    pub max_bytes: u64,
}

impl Default for EmbeddedSettings {
    fn default() -> Self {
        Self { retention_hours: 7 * 24, max_bytes: 1 << 30 }
    }
}

/// An event bus inside one process, durable in one SQLite file. Only one process may have the file open.
pub struct EmbeddedBus {
    log: Arc<Log>,
    writer: Writer,
    signals: Signals,
    tasks: tokio::sync::Mutex<JoinSet<()>>,
}

impl EmbeddedBus {
    /// Opens the log at `path`, or begins one there.
    ///
    /// # Errors
    /// When the file cannot be opened, or is no event log.
    pub async fn open(path: impl AsRef<Path>, settings: EmbeddedSettings) -> Result<Self, BusError> {
        Self::open_with_clock(path, settings, Arc::new(SystemClock)).await
    }

    /// The same, with another clock deciding what is old.
    ///
    /// # Errors
    /// When the file cannot be opened, or is no event log.
    pub async fn open_with_clock(
        path: impl AsRef<Path>,
        settings: EmbeddedSettings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, BusError> {
        let file = File::at(path.as_ref());
        let opened = file.open(clock.now()).await.map_err(unavailable)?;
        let mut tasks = JoinSet::new();
        let (log, writer) = writer::start(file, opened, settings, clock, &mut tasks).await.map_err(unavailable)?;
        Ok(Self { log, writer, signals: Signals::default(), tasks: tokio::sync::Mutex::new(tasks) })
    }

    /// Takes no more, commits what was taken, and closes the file. Consumers and tails end.
    pub async fn close(&self) {
        self.writer.close();
        while self.tasks.lock().await.join_next().await.is_some() {}
        self.log.close().await;
    }
}

impl EmbeddedBus {
    /// Returns how many events, from the first, are durable.
    async fn append(&self, events: &[Envelope]) -> Result<usize, BusError> {
        let mut published = 0;
        for piece in events.chunks(PIECE) {
            let (rows, refused) = rows(piece);
            let count = rows.len();
            let stored = if rows.is_empty() { Ok(()) } else { self.writer.append(rows).await };
            published += if stored.is_ok() { count } else { 0 };
            match stored.err().or(refused) {
                Some(error) if published == 0 => return Err(error),
                Some(_) => return Ok(published),
                None => {}
            }
        }
        Ok(published)
    }
}

#[async_trait]
impl EventBus for EmbeddedBus {
    async fn publish_placed(&self, events: &[Envelope]) -> Result<Published, BusError> {
        let published = self.append(events).await?;
        let last = match events[..published].last() {
            Some(event) => self.log.place_of(event.id).await.ok().flatten(),
            None => None,
        };
        Ok(Published { events: published, last })
    }

    async fn holds(&self, place: &Position, id: Uuid) -> Result<bool, BusError> {
        self.log.holds(place, id).await
    }

    /// A file does not go away.
    fn session(&self) -> u64 {
        0
    }

    async fn consume(
        &self,
        durable: Durable,
        handler: Arc<dyn BatchHandler>,
        stop: CancellationToken,
    ) -> Result<(), BusError> {
        consume::run(&self.log, &self.writer, &durable, handler.as_ref(), &stop).await
    }

    async fn backlog(&self, durable: &Durable) -> Result<u64, BusError> {
        self.log.backlog(durable).await
    }

    async fn tail(&self, filter: Filter, from: TailFrom) -> Result<TailStream, BusError> {
        tail::open(Arc::clone(&self.log), filter, from)
    }

    async fn signal(&self, topic: &str) {
        self.signals.send(topic);
    }

    async fn signals(&self, topic: &str) -> Result<SignalStream, BusError> {
        Ok(self.signals.listen(topic))
    }

    async fn identity(&self) -> Result<String, BusError> {
        Ok(self.log.identity().to_owned())
    }

    async fn head(&self) -> Result<Position, BusError> {
        Ok(self.log.position(self.log.head()))
    }
}

/// The rows of `events` up to the first that is refused, and why that one is.
fn rows(events: &[Envelope]) -> (Vec<writer::Row>, Option<BusError>) {
    let mut rows = Vec::with_capacity(events.len());
    for event in events {
        match wire::encode(wire::SUBJECT_PREFIX, event).and_then(|wire| writer::Row::new(event, wire)) {
            Ok(row) => rows.push(row),
            Err(error) => return (rows, Some(error)),
        }
    }
    (rows, None)
}

fn unavailable(error: sqlx::Error) -> BusError {
    BusError::Unavailable(format!("event log: {error}"))
}
