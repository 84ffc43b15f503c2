//! The event log: what a service has told, appended in the transaction of the change it tells of.
//!
//! On PostgreSQL a number is given before its transaction commits, so a reader that walks the numbers can overtake a
//! transaction that is still open and never see its events. Hence `outbox_pending`, written in the same statement: a row per
//! event that is not published yet. SQLite has one writer, numbers are in the order of commits, and a cursor will do.

use std::sync::Arc;

use mesh_store::{Backend, Database, Sql, StoreError, Transaction, Writes};
use mesh_types::{Timestamp, WorkspaceId};
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement, Value};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{Envelope, MAX_EVENT_BYTES, NewEvent};

/// A service's log of events.
#[derive(Debug)]
pub struct EventLog {
    database: Database,
    source: &'static str,
    appended: Notify,
}

const COLUMNS: &str = "event_id, time_us, workspace_id, entity, aggregate_id, epoch, version, verb, event_type, actor, \
                       trace_parent, payload";

/// Values per event that are bound; the epoch comes from its table.
const BOUND: usize = 11;

/// Where among the columns the epoch is.
const EPOCH_COLUMN: usize = 5;

/// What leaves room for the headers. Refused here, while the caller can still be told, and not when it is published.
const LARGEST_PAYLOAD: usize = MAX_EVENT_BYTES - 16 * 1024;

/// Events per statement: stays below the parameter limits of both databases.
const EVENTS_PER_STATEMENT: usize = 500;

impl EventLog {
    /// The log in `database`, of the service `source` (such as `task-svc`).
    pub fn new(database: Database, source: &'static str) -> Arc<Self> {
        Arc::new(Self { database, source, appended: Notify::new() })
    }

    /// The service whose log it is.
    pub fn source(&self) -> &'static str {
        self.source
    }

    /// Appends events in the transaction of the change that they tell of, after the changed row was locked or written, so
    /// that an aggregate's events are in the order of its versions. Call [`EventLog::committed`] after the commit.
    ///
    /// # Errors
    /// What the database says; the transaction is then lost.
    pub async fn append(&self, transaction: &Transaction, events: &[NewEvent]) -> Result<(), StoreError> {
        for chunk in events.chunks(EVENTS_PER_STATEMENT) {
            let text = insert(self.database.backend(), chunk.len());
            let mut values = Vec::with_capacity(chunk.len() * BOUND);
            for event in chunk {
                values.extend(bound(event)?);
            }
            let backend = transaction.get_database_backend();
            transaction.execute_raw(Statement::from_sql_and_values(backend, text, values)).await?;
        }
        Ok(())
    }

    /// The same for one event, together with other changes of its transaction: see [`Writes`].
    ///
    /// # Errors
    /// When it is larger than any bus carries.
    pub fn append_with(&self, writes: &mut Writes, event: &NewEvent) -> Result<(), StoreError> {
        let insert = insert_into_log(Backend::Postgres, 1);
        writes.add("logged", format!("{insert} RETURNING seq"), bound(event)?);
        if self.database.backend() == Backend::Postgres {
            writes.add("pending", "INSERT INTO outbox_pending (seq) SELECT seq FROM logged RETURNING seq", []);
        }
        Ok(())
    }

    /// Tells the relay that there is something to publish. Without it the relay finds out by polling.
    pub fn committed(&self) {
        self.appended.notify_one();
    }

    /// The event with this id, as long as the log keeps it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn find(&self, event_id: Uuid) -> Result<Option<Envelope>, StoreError> {
        const FIND: Sql = Sql::both(
            "SELECT event_id, time_us, workspace_id, entity, aggregate_id, epoch, version, verb, event_type, actor,
                    trace_parent, payload
             FROM event_log WHERE event_id = $1",
        );
        let row = FIND.one(self.database.reader(), [event_id.into()]).await?;
        row.map(|row| envelope(&row, self.source)).transpose()
    }
}

impl EventLog {
    pub(crate) fn database(&self) -> &Database {
        &self.database
    }

    /// Ends when something was appended since the last time.
    pub(crate) async fn appended(&self) {
        self.appended.notified().await;
    }
}

fn insert_into_log(backend: Backend, events: usize) -> String {
    let rows: Vec<String> = (0..events).map(|event| row(backend, event * BOUND)).collect();
    format!("INSERT INTO event_log ({COLUMNS}) VALUES {}", rows.join(", "))
}

fn insert(backend: Backend, events: usize) -> String {
    let insert = insert_into_log(backend, events);
    match backend {
        Backend::Sqlite => insert,
        Backend::Postgres => {
            format!("WITH logged AS ({insert} RETURNING seq) INSERT INTO outbox_pending (seq) SELECT seq FROM logged")
        }
    }
}

/// The values of one row: the parameters after number `after`, with the epoch in its place. SQLite's stay without numbers,
/// as it looks numbered ones up one by one and that takes long when there are thousands.
fn row(backend: Backend, after: usize) -> String {
    let parameter = |number: usize| match backend {
        Backend::Postgres => format!("${}", after + number),
        Backend::Sqlite => "?".to_owned(),
    };
    let mut values: Vec<String> = (1..=BOUND).map(parameter).collect();
    values.insert(EPOCH_COLUMN, "(SELECT epoch FROM source_epoch)".to_owned());
    format!("({})", values.join(", "))
}

fn bound(event: &NewEvent) -> Result<[Value; BOUND], StoreError> {
    let size = event.payload.len();
    if size > LARGEST_PAYLOAD {
        let message = format!("an event of {size} bytes is larger than any bus carries");
        return Err(StoreError::Rejected(DbErr::Custom(message)));
    }
    let actor = serde_json::to_string(&event.actor).map_err(|error| StoreError::corrupt(error.to_string()))?;
    Ok([
        event.id.into(),
        event.time.as_micros().into(),
        event.workspace_id.0.into(),
        event.entity.into(),
        event.aggregate_id.into(),
        event.version.into(),
        event.verb.into(),
        event.event_type.into(),
        actor.into(),
        event.trace_parent.clone().into(),
        event.payload.to_vec().into(),
    ])
}

/// Reads a row of the log.
pub(crate) fn envelope(row: &QueryResult, source: &str) -> Result<Envelope, StoreError> {
    let actor: String = row.try_get("", "actor")?;
    let payload: Vec<u8> = row.try_get("", "payload")?;
    Ok(Envelope {
        id: row.try_get("", "event_id")?,
        source: source.to_owned(),
        time: Timestamp::from_micros(row.try_get("", "time_us")?),
        workspace_id: WorkspaceId(row.try_get("", "workspace_id")?),
        entity: row.try_get("", "entity")?,
        aggregate_id: row.try_get("", "aggregate_id")?,
        epoch: row.try_get("", "epoch")?,
        version: row.try_get("", "version")?,
        verb: row.try_get("", "verb")?,
        event_type: row.try_get("", "event_type")?,
        actor: serde_json::from_str(&actor).map_err(|_| StoreError::corrupt("event_log.actor"))?,
        trace_parent: row.try_get("", "trace_parent")?,
        payload: payload.into(),
    })
}
