//! Settings of a database, with units and defaults. The address holds a password, so it never prints whole.

use std::{fmt, path::Path, time::Duration};

use serde::{Deserialize, Serialize, Serializer};

/// Where a service keeps its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseConfig {
    /// `postgres://user:password@host/database`, or `sqlite:PATH`; the file is created when it is missing.
    pub url: DatabaseUrl,
    /// Whether a service brings its database to the state that it needs when it starts. If not, `<service> migrate` does,
    /// before, perhaps as a user who may do more; and a service that finds a migration missing does not start.
    pub migrate_at_start: bool,
    /// Connections for calls (PostgreSQL).
    pub max_connections: u32,
    /// Connections for relay, consumers and timers, so that calls cannot starve them (PostgreSQL).
    pub max_background_connections: u32,
    /// Connections that only read (SQLite; there is one that writes).
    pub max_readers: u32,
    /// How long to wait for a free connection, in milliseconds.
    pub acquire_timeout_ms: u64,
    /// How long one statement may run, in milliseconds (PostgreSQL).
    pub statement_timeout_ms: u64,
    /// How long a transaction may wait for its client before the server ends it, in milliseconds (PostgreSQL): a frozen
    /// process cannot hold its locks for longer.
    pub idle_in_transaction_timeout_ms: u64,
    /// How long to wait for a lock on the file, in milliseconds (SQLite).
    pub busy_timeout_ms: u64,
}

impl Default for DatabaseConfig {
    fn default() -> Self {
        Self {
            url: DatabaseUrl::default(),
            migrate_at_start: true,
            max_connections: 16,
            max_background_connections: 4,
            max_readers: 4,
            acquire_timeout_ms: 3_000,
            statement_timeout_ms: 5_000,
            idle_in_transaction_timeout_ms: 5_000,
            busy_timeout_ms: 5_000,
        }
    }
}

impl DatabaseConfig {
    /// The database at `url`, with default settings.
    pub fn new(url: impl Into<DatabaseUrl>) -> Self {
        Self { url: url.into(), ..Self::default() }
    }

    /// The SQLite file at `path`, with default settings.
    pub fn sqlite(path: &Path) -> Self {
        Self::new(format!("sqlite:{}", path.display()))
    }

    pub(crate) fn acquire_timeout(&self) -> Duration {
        Duration::from_millis(self.acquire_timeout_ms)
    }
}

/// The address of a database. Prints and serializes without the password in it.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// The address with its password, for connecting.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The path of a SQLite file; `None` for any other kind of database.
    pub fn sqlite_path(&self) -> Option<&Path> {
        let path = self.0.strip_prefix("sqlite:")?;
        Some(Path::new(path.strip_prefix("//").unwrap_or(path)))
    }

    /// Whether this is the address of a PostgreSQL database.
    pub fn is_postgres(&self) -> bool {
        self.0.starts_with("postgres://") || self.0.starts_with("postgresql://")
    }

    fn redacted(&self) -> String {
        let Some((scheme, rest)) = self.0.split_once("://") else { return self.0.clone() };
        let Some((credentials, host)) = rest.rsplit_once('@') else { return self.0.clone() };
        let user = credentials.split(':').next().unwrap_or_default();
        format!("{scheme}://{user}:***@{host}")
    }
}

impl<T: Into<String>> From<T> for DatabaseUrl {
    fn from(url: T) -> Self {
        Self(url.into())
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.redacted())
    }
}

impl Serialize for DatabaseUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.redacted())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_printed() {
        let url = DatabaseUrl::from("postgres://task:s3cr@t@db.example/task");
        assert_eq!(format!("{url:?}"), "postgres://task:***@db.example/task");
        assert_eq!(url.expose(), "postgres://task:s3cr@t@db.example/task");
    }

    #[test]
    fn a_sqlite_address_names_a_file() {
        assert_eq!(DatabaseUrl::from("sqlite:data/task.db").sqlite_path(), Some(Path::new("data/task.db")));
        assert_eq!(DatabaseUrl::from("sqlite:///data/task.db").sqlite_path(), Some(Path::new("/data/task.db")));
        assert_eq!(DatabaseUrl::from("postgres://host/task").sqlite_path(), None);
    }
}
