//! Request ids (AIP-155): a mutation that is sent again with the same id is done once.
//!
//! The id is written in the mutation's own transaction, so it is there exactly when the mutation is. What the first
//! answer was is not kept as a blob: it is the state in the event that the mutation appended, which the event log keeps
//! for longer than ids are kept.

use std::time::Duration;

use mesh_types::{ErrorKind, Fault, Reason, Timestamp, WorkspaceId, derived_id};
use sea_orm::{QueryResult, Value};
use uuid::Uuid;

use crate::{Database, Sql, StoreError, Transaction, Writes};

/// How long an id is remembered.
pub const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// What tells requests apart.
#[derive(Clone, Copy, Debug)]
pub struct RequestKey<'a> {
    /// Who sent it: the caller's user id.
    pub principal: &'a str,
    /// The workspace that it changes.
    pub workspace: WorkspaceId,
    /// The RPC, such as `CreateTask`.
    pub method: &'a str,
    /// The id that the client chose.
    pub id: &'a str,
}

impl RequestKey<'_> {
    /// One id for the four. Lengths go in too, so that no two keys run together.
    fn derive(&self) -> Uuid {
        let Self { principal, workspace, method, id } = self;
        let key = format!("{}:{principal}{workspace}{}:{method}{id}", principal.len(), method.len());
        derived_id("request_id", &key)
    }
}

/// What a mutation did, for whoever sends it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The event that it appended; `None` when it changed nothing.
    pub event_id: Option<Uuid>,
    /// What it changed.
    pub aggregate_id: Uuid,
}

/// A request that was answered.
#[derive(Clone, Copy, Debug)]
pub struct Answered {
    /// The SHA-256 of the request without its id.
    pub body_digest: [u8; 32],
    /// What it did.
    pub outcome: Outcome,
    /// When.
    pub now: Timestamp,
}

/// What is known of a request id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is new: do the work, then [`record`] it in the same transaction.
    Fresh,
    /// It was done: answer from this.
    Replay(Outcome),
}

/// Why a request id cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// It was used for a request with another body.
    #[error("the request id was used for another request")]
    Reused,
    /// A request with this id is being worked on right now.
    #[error("a request with this id is in flight")]
    InFlight,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ClaimError> for Fault {
    fn from(error: ClaimError) -> Self {
        match error {
            ClaimError::Reused => Self::new(
                ErrorKind::InvalidArgument,
                Reason::RequestIdReused,
                "this request id was used for a request with another body",
            ),
            ClaimError::InFlight => {
                let message = "a request with this id is in flight; try again for its answer";
                Self::new(ErrorKind::Aborted, Reason::RequestInFlight, message)
            }
            ClaimError::Store(error) => error.into(),
        }
    }
}

/// On PostgreSQL the lock is taken without waiting and lasts as long as the transaction. On SQLite the transaction has
/// the only write lock already.
const CLAIM: Sql = Sql {
    postgres: "
        SELECT locked, body_digest, event_id, aggregate_id
        FROM (SELECT pg_try_advisory_xact_lock($2) AS locked) AS lock
        LEFT JOIN request_id ON key = $1 AND created_us > $3",
    sqlite: "
        SELECT $2 IS NOT NULL AS locked, body_digest, event_id, aggregate_id
        FROM (SELECT 1) LEFT JOIN request_id ON key = $1 AND created_us > $3",
};

/// Replaces an id that has outlived its time but was not pruned yet, and no other.
const RECORD: &str =
    "INSERT INTO request_id (key, body_digest, event_id, aggregate_id, created_us) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (key) DO UPDATE SET body_digest = excluded.body_digest, event_id = excluded.event_id,
         aggregate_id = excluded.aggregate_id, created_us = excluded.created_us
     WHERE request_id.created_us <= $6 RETURNING 1";

const PRUNE: Sql = Sql {
    postgres: "DELETE FROM request_id WHERE ctid IN
               (SELECT ctid FROM request_id WHERE created_us <= $1 LIMIT $2)",
    sqlite: "DELETE FROM request_id WHERE rowid IN
             (SELECT rowid FROM request_id WHERE created_us <= $1 LIMIT $2)",
};

/// Looks up a request id at the beginning of the mutation's transaction, and keeps others with the same id out until
/// that ends. `body_digest` is the SHA-256 of the request without its id.
///
/// # Errors
/// When the id belongs to another request, or to one that is in flight.
pub async fn claim(
    transaction: &Transaction,
    key: &RequestKey<'_>,
    body_digest: [u8; 32],
    now: Timestamp,
) -> Result<Claim, ClaimError> {
    let id = key.derive();
    let (high, _) = id.as_u64_pair();
    let values: [Value; 3] = [id.into(), high.cast_signed().into(), now.minus(KEPT).as_micros().into()];
    let row = CLAIM.one(transaction, values).await?.ok_or_else(|| StoreError::corrupt("request_id"))?;
    if !row.try_get::<bool>("", "locked").map_err(StoreError::from)? {
        return Err(ClaimError::InFlight);
    }
    match recorded(&row)? {
        None => Ok(Claim::Fresh),
        Some((digest, outcome)) if digest == body_digest => Ok(Claim::Replay(outcome)),
        Some(_) => Err(ClaimError::Reused),
    }
}

fn recorded(row: &QueryResult) -> Result<Option<(Vec<u8>, Outcome)>, StoreError> {
    let Some(digest) = row.try_get::<Option<Vec<u8>>>("", "body_digest")? else { return Ok(None) };
    let outcome = Outcome { event_id: row.try_get("", "event_id")?, aggregate_id: row.try_get("", "aggregate_id")? };
    Ok(Some((digest, outcome)))
}

/// Makes `writes` and remembers what the mutation did, in its transaction and in one go.
///
/// # Errors
/// [`ClaimError::InFlight`] when another request with this id was committed since the claim.
pub async fn record(
    transaction: &Transaction,
    mut writes: Writes,
    key: &RequestKey<'_>,
    answered: Answered,
) -> Result<(), ClaimError> {
    let Answered { body_digest, outcome, now } = answered;
    let values: [Value; 6] = [
        key.derive().into(),
        body_digest.to_vec().into(),
        outcome.event_id.into(),
        outcome.aggregate_id.into(),
        now.as_micros().into(),
        now.minus(KEPT).as_micros().into(),
    ];
    writes.add("answered", RECORD, values);
    match writes.run(transaction).await?.by("answered") {
        0 => Err(ClaimError::InFlight),
        _ => Ok(()),
    }
}

/// Forgets up to `limit` ids that have outlived their time; returns how many.
///
/// # Errors
/// What the database says.
pub async fn prune(database: &Database, now: Timestamp, limit: u32) -> Result<u64, StoreError> {
    PRUNE.run(database.writer(), [now.minus(KEPT).as_micros().into(), i64::from(limit).into()]).await
}
