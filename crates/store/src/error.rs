//! What can go wrong with a database, told apart by what a caller can do about it. What the driver said goes to the
//! log through `source()`; callers of ours learn the kind only.

use std::error::Error;

use mesh_types::{ErrorKind, Fault, Reason};
use sea_orm::{DbErr, RuntimeErr, SqlxError, sqlx::error::DatabaseError};

/// Why a statement or a transaction failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is such a row already. PostgreSQL names the constraint (`task_pkey`), SQLite its columns
    /// (`task.list_id, task.position`); see [`StoreError::is_conflict_on`].
    #[error("a unique constraint is violated")]
    Conflict {
        /// Which constraint.
        constraint: String,
    },
    /// A concurrent transaction was faster, or holds a lock for too long. The whole transaction can be tried again.
    #[error("a concurrent transaction was faster")]
    Contended(#[source] DbErr),
    /// The database cannot be reached, did not answer in time, or has no room left.
    #[error("the database is unavailable")]
    Unavailable(#[source] DbErr),
    /// A value that the database does not take: out of range, not well-formed, or against a rule of the table.
    #[error("the database refused a value")]
    Rejected(#[source] DbErr),
    /// What is stored cannot be understood.
    #[error("stored data cannot be read: {0}")]
    Corrupt(String),
    /// Any other failure of a statement: a fault of ours.
    #[error("a database statement failed")]
    Database(#[source] DbErr),
}

impl StoreError {
    /// A row that cannot be understood, such as `task.status`.
    pub fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt(what.into())
    }

    /// Whether it is a violation of this constraint: by its name (PostgreSQL, and SQLite's expression indexes) or by
    /// its columns as SQLite lists them.
    pub fn is_conflict_on(&self, name: &str, columns: &str) -> bool {
        matches!(self, Self::Conflict { constraint } if constraint == name || constraint == columns)
    }

    /// What kind of failure it is for callers, and for consumers that decide whether trying again helps.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Conflict { .. } => ErrorKind::AlreadyExists,
            Self::Contended(_) => ErrorKind::Aborted,
            Self::Unavailable(_) => ErrorKind::Unavailable,
            Self::Rejected(_) | Self::Corrupt(_) | Self::Database(_) => ErrorKind::Internal,
        }
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        let classified = classify(error);
        metrics::counter!("taskmesh_store_errors_total", "kind" => classified.label()).increment(1);
        classified
    }
}

impl From<sea_orm::sqlx::Error> for StoreError {
    fn from(error: sea_orm::sqlx::Error) -> Self {
        DbErr::Query(RuntimeErr::SqlxError(error.into())).into()
    }
}

/// The end of a database failure: logged here with its cause, told to the caller without.
impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        let cause = error.source().map(ToString::to_string).unwrap_or_default();
        match error.kind() {
            ErrorKind::Internal => tracing::error!(error = %error, error.cause = %cause, "database call failed"),
            _ => tracing::warn!(error = %error, error.cause = %cause, "database call failed"),
        }
        match error {
            StoreError::Conflict { .. } => {
                Self::new(ErrorKind::AlreadyExists, Reason::ResourceExists, "there is such a resource already")
            }
            StoreError::Contended(_) => {
                let message = "another change to the same resource was faster; try again";
                Self::new(ErrorKind::Aborted, Reason::WriteConflict, message)
            }
            StoreError::Unavailable(_) => Self::unavailable(),
            StoreError::Rejected(_) | StoreError::Corrupt(_) | StoreError::Database(_) => Self::internal(),
        }
    }
}

/// Why a database cannot be used at all. Read by the operator at start.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address is of no kind that is known.
    #[error("the database address must begin with postgres:// or sqlite:")]
    AddressUnknown,
    /// The address is of the right kind but malformed.
    #[error("the database address is malformed: {0}")]
    AddressMalformed(String),
    /// The database is older than what the service needs.
    #[error("{product} {needed} or newer is needed, this is {found}")]
    TooOld {
        /// Which product.
        product: &'static str,
        /// The oldest version that will do.
        needed: &'static str,
        /// The version found.
        found: String,
    },
    /// It did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl StoreError {
    /// Begins to count each kind, so that the first of them shows as a change.
    pub(crate) fn begin_counting() {
        for kind in ["conflict", "contended", "unavailable", "rejected", "corrupt", "database"] {
            metrics::counter!("taskmesh_store_errors_total", "kind" => kind).increment(0);
        }
    }

    fn label(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => "conflict",
            Self::Contended(_) => "contended",
            Self::Unavailable(_) => "unavailable",
            Self::Rejected(_) => "rejected",
            Self::Corrupt(_) => "corrupt",
            Self::Database(_) => "database",
        }
    }
}

fn classify(error: DbErr) -> StoreError {
    let driver = match &error {
        DbErr::Conn(RuntimeErr::SqlxError(driver))
        | DbErr::Exec(RuntimeErr::SqlxError(driver))
        | DbErr::Query(RuntimeErr::SqlxError(driver)) => driver.clone(),
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => return StoreError::Unavailable(error),
        DbErr::TryIntoErr { .. } | DbErr::Type(_) | DbErr::Json(_) | DbErr::ConvertFromU64(_) => {
            return StoreError::Corrupt(error.to_string());
        }
        _ => return StoreError::Database(error),
    };
    match driver.as_ref() {
        SqlxError::Database(database) => classify_database(database.as_ref(), error),
        SqlxError::Io(_)
        | SqlxError::Tls(_)
        | SqlxError::Protocol(_)
        | SqlxError::PoolTimedOut
        | SqlxError::PoolClosed
        | SqlxError::WorkerCrashed => StoreError::Unavailable(error),
        SqlxError::ColumnDecode { .. } | SqlxError::Decode(_) => StoreError::Corrupt(error.to_string()),
        _ => StoreError::Database(error),
    }
}

fn classify_database(database: &dyn DatabaseError, error: DbErr) -> StoreError {
    let code = database.code().unwrap_or_default();
    match database.try_downcast_ref::<sea_orm::sqlx::sqlite::SqliteError>() {
        Some(_) => classify_sqlite(code.parse().unwrap_or_default(), database.message(), error),
        None => classify_postgres(&code, database.constraint(), error),
    }
}

/// By SQLSTATE, <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn classify_postgres(code: &str, constraint: Option<&str>, error: DbErr) -> StoreError {
    match code {
        "23505" => StoreError::Conflict { constraint: constraint.unwrap_or_default().to_owned() },
        "40001" | "40P01" | "55P03" => StoreError::Contended(error),
        // Statement timeout; idle-in-transaction timeout; a standby that was not promoted yet.
        "57014" | "25P03" | "25006" => StoreError::Unavailable(error),
        _ => match code.get(..2) {
            Some("08" | "53" | "57" | "58") => StoreError::Unavailable(error),
            Some("22" | "23") => StoreError::Rejected(error),
            _ => StoreError::Database(error),
        },
    }
}

/// By result code, <https://www.sqlite.org/rescode.html>; the low byte is the primary code.
fn classify_sqlite(code: i32, message: &str, error: DbErr) -> StoreError {
    const PRIMARY_KEY: i32 = 1555;
    const UNIQUE: i32 = 2067;
    const ROWID: i32 = 2579;
    match (code, code & 0xff) {
        (PRIMARY_KEY | UNIQUE | ROWID, _) => StoreError::Conflict { constraint: sqlite_constraint(message) },
        // BUSY, LOCKED.
        (_, 5 | 6) => StoreError::Contended(error),
        // READONLY, IOERR, FULL, CANTOPEN.
        (_, 8 | 10 | 13 | 14) => StoreError::Unavailable(error),
        // CORRUPT, NOTADB.
        (_, 11 | 26) => StoreError::Corrupt(message.to_owned()),
        // TOOBIG, CONSTRAINT, MISMATCH.
        (_, 18..=20) => StoreError::Rejected(error),
        _ => StoreError::Database(error),
    }
}

/// `UNIQUE constraint failed: t.a, t.b` or `UNIQUE constraint failed: index 'name'`.
fn sqlite_constraint(message: &str) -> String {
    let columns = message.rsplit("constraint failed: ").next().unwrap_or_default();
    let index = columns.strip_prefix("index '").and_then(|rest| rest.strip_suffix('\''));
    index.unwrap_or(columns).to_owned()
}
