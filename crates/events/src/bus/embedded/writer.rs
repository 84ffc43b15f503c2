//! The one writer: takes requests as they come, commits those that wait together in one transaction (a savepoint each,
//! so that one that fails does not undo the others), then answers them all.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use mesh_types::{Clock, Timestamp};
use sqlx::{Acquire, Connection, QueryBuilder, Sqlite, SqliteConnection, SqliteTransaction};
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
    time::{Instant, timeout_at},
};
use uuid::Uuid;

use super::{
    EmbeddedSettings,
    cursors::Cursors,
    file::{self, File, Opened},
    read::{Log, signed},
    retention::Retention,
    unavailable,
};
use crate::{Envelope, bus::BusError, wire::Wire};

/// At most so many requests share a commit.
const GROUP: usize = 256;
/// While others are known to come, a group waits for them this long.
const GATHER: Duration = Duration::from_millis(2);
/// Rows per INSERT.
const ROWS: usize = 64;
/// Without requests the writer looks this often for what is too old.
const IDLE: Duration = Duration::from_secs(60);

/// An event on its way into the file.
pub(super) struct Row {
    id: Uuid,
    entity: String,
    subject: String,
    headers: String,
    payload: Bytes,
}

impl Row {
    pub(super) fn new(event: &Envelope, wire: Wire) -> Result<Self, BusError> {
        let headers: serde_json::Map<String, serde_json::Value> =
            wire.headers.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        let headers = serde_json::to_string(&headers).map_err(|error| BusError::Refused(error.to_string()))?;
        Ok(Self { id: event.id, entity: event.entity.clone(), subject: wire.subject, headers, payload: wire.payload })
    }

    /// About what it takes in the file, with its part of the indexes.
    fn bytes(&self) -> u64 {
        (self.payload.len() + self.headers.len() + self.subject.len() + 128) as u64
    }
}

/// The rows to append (none: only to write what cursors there are), and who waits.
struct Request {
    rows: Vec<Row>,
    reply: oneshot::Sender<Result<(), BusError>>,
}

/// The way to the writer task.
pub(super) struct Writer {
    requests: Mutex<Option<mpsc::Sender<Request>>>,
}

impl Writer {
    /// Returns when the rows are durable.
    pub(super) async fn append(&self, rows: Vec<Row>) -> Result<(), BusError> {
        let closed = || BusError::Unavailable("the event log is closed".to_owned());
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(closed)?;
        let (reply, answer) = oneshot::channel();
        requests.send(Request { rows, reply }).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Returns when all cursors are durable as they are now.
    pub(super) async fn flush(&self) -> Result<(), BusError> {
        self.append(Vec::new()).await
    }

    /// Takes no more requests.
    pub(super) fn close(&self) {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Starts the writer task on an opened file.
pub(super) async fn start(
    file: File,
    opened: Opened,
    settings: EmbeddedSettings,
    clock: Arc<dyn Clock>,
    tasks: &mut JoinSet<()>,
) -> Result<(Arc<Log>, Writer), sqlx::Error> {
    let (head, watch) = watch::channel(opened.head);
    let cursors = Cursors::load(opened.cursors);
    let log = Arc::new(Log::new(opened.identity, file.readers().await?, watch, cursors, opened.purged_to));
    let (requests, received) = mpsc::channel(GROUP);
    let retention = Retention::new(&settings);
    let task = Task { file, connection: Some(opened.connection), log: Arc::clone(&log), head, clock, retention };
    tasks.spawn(task.run(received));
    Ok((log, Writer { requests: Mutex::new(Some(requests)) }))
}

struct Task {
    file: File,
    /// Opened anew after a failure.
    connection: Option<SqliteConnection>,
    log: Arc<Log>,
    head: watch::Sender<u64>,
    clock: Arc<dyn Clock>,
    retention: Retention,
}

impl Task {
    async fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        let mut company = 0;
        while let Some(group) = self.gather(&mut requests, company).await {
            company = group.len();
            self.serve(group).await;
        }
        self.serve(Vec::new()).await;
        if let Some(connection) = self.connection.take() {
            let _ = connection.close().await;
        }
    }

    /// The next requests to commit together; none when only cursors or old events wait. A lone request does not wait for
    /// company unless the last one had some. `None` when there will be no more.
    async fn gather(&self, requests: &mut mpsc::Receiver<Request>, company: usize) -> Option<Vec<Request>> {
        let mut group = tokio::select! {
            biased;
            request = requests.recv() => vec![request?],
            () = self.log.cursors.settled() => return Some(Vec::new()),
            () = tokio::time::sleep(IDLE) => return Some(Vec::new()),
        };
        let deadline = Instant::now() + GATHER;
        while group.len() < GROUP {
            match requests.try_recv() {
                Ok(request) => group.push(request),
                Err(_) if group.len() < company => match timeout_at(deadline, requests.recv()).await {
                    Ok(Some(request)) => group.push(request),
                    Ok(None) | Err(_) => break,
                },
                Err(_) => break,
            }
        }
        Some(group)
    }

    async fn serve(&mut self, group: Vec<Request>) {
        let (rows, replies): (Vec<_>, Vec<_>) = group.into_iter().map(|request| (request.rows, request.reply)).unzip();
        let answers = match self.commit(rows).await {
            Ok(answers) => answers,
            Err(error) => {
                tracing::error!(error = %error, "event log cannot be written");
                self.connection = None;
                replies.iter().map(|_| Err(failure(&error))).collect()
            }
        };
        for (reply, answer) in replies.into_iter().zip(answers) {
            let _ = reply.send(answer);
        }
    }

    /// Commits a group and returns each request's answer.
    async fn commit(&mut self, group: Vec<Vec<Row>>) -> Result<Vec<Result<(), BusError>>, sqlx::Error> {
        let now = self.clock.now();
        let cursors = self.log.cursors.unwritten();
        if group.iter().all(Vec::is_empty) && cursors.is_empty() && !self.retention.is_due(now) {
            return Ok(group.iter().map(|_| Ok(())).collect());
        }
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.file.writer().await?,
        };
        let connection = self.connection.insert(connection);
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
        write_cursors(&mut transaction, &cursors, now).await?;
        self.retention.begin(&mut transaction, &self.log, now).await?;
        let mut answers = Vec::with_capacity(group.len());
        for rows in group {
            let room = self.retention.room_for(&mut transaction, &self.log, rows.iter().map(Row::bytes).sum()).await?;
            answers.push(if room { append(&mut transaction, &rows, now).await } else { Err(full()) });
        }
        let newest = file::head(&mut transaction).await?;
        transaction.commit().await?;
        self.log.cursors.mark_written(&cursors);
        self.head.send_if_modified(|head| std::mem::replace(head, newest) != newest);
        self.retention.shrink(connection).await?;
        Ok(answers)
    }
}

/// Appends the rows of one request, all or none.
async fn append(transaction: &mut SqliteTransaction<'_>, rows: &[Row], now: Timestamp) -> Result<(), BusError> {
    let mut savepoint = transaction.begin().await.map_err(unavailable)?;
    for rows in rows.chunks(ROWS) {
        let insert = "INSERT INTO event (event_id, published_us, entity, subject, headers, payload) ";
        let mut query = QueryBuilder::<Sqlite>::new(insert);
        query.push_values(rows, |mut values, row| {
            values.push_bind(row.id.as_bytes().as_slice()).push_bind(now.as_micros()).push_bind(&row.entity);
            values.push_bind(&row.subject).push_bind(&row.headers).push_bind(row.payload.as_ref());
        });
        query.push(" ON CONFLICT (event_id) DO NOTHING");
        query.build().execute(&mut *savepoint).await.map_err(|error| failure(&error))?;
    }
    savepoint.commit().await.map_err(unavailable)
}

async fn write_cursors(
    transaction: &mut SqliteTransaction<'_>,
    cursors: &[(String, u64)],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    const UPSERT: &str = "
        INSERT INTO consumer_cursor (durable, sequence, updated_us) VALUES (?, ?, ?)
        ON CONFLICT (durable) DO UPDATE SET sequence = excluded.sequence, updated_us = excluded.updated_us";
    for (durable, sequence) in cursors {
        let query = sqlx::query(UPSERT).bind(durable).bind(signed(*sequence)).bind(now.as_micros());
        query.execute(&mut **transaction).await?;
    }
    Ok(())
}

fn full() -> BusError {
    BusError::Full("the event log is at its size limit and consumers have not caught up".to_owned())
}

fn failure(error: &sqlx::Error) -> BusError {
    const SQLITE_FULL: &str = "13";
    match error.as_database_error().and_then(|error| error.code()) {
        Some(code) if code == SQLITE_FULL => BusError::Full("the disk of the event log is full".to_owned()),
        _ => BusError::Unavailable(format!("event log: {error}")),
    }
}
