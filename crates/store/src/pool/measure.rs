//! How many connections are taken, for whoever watches.

use std::time::Duration;

use sea_orm::DatabaseConnection;
use tokio_util::sync::CancellationToken;

use crate::{Backend, Database, StoreError};

/// How often it is counted.
const EVERY: Duration = Duration::from_secs(5);

/// A pool's name, its connections, and how many it may have.
type Pool<'a> = (&'static str, &'a DatabaseConnection, u32);

impl Database {
    /// Shows, until `stop`, how many connections of the database of the service `name` are used, and how many there may be.
    pub async fn measure(&self, name: &'static str, stop: CancellationToken) {
        StoreError::begin_counting();
        loop {
            self.named_pools().into_iter().for_each(|pool| show(self.backend(), name, pool));
            if tokio::time::timeout(EVERY, stop.cancelled()).await.is_ok() {
                return;
            }
        }
    }

    fn named_pools(&self) -> Vec<Pool<'_>> {
        let (pools, config) = (self.pools(), self.config());
        match pools.backend {
            Backend::Postgres => vec![
                ("calls", &pools.writer, config.max_connections),
                ("background", &pools.background, config.max_background_connections),
            ],
            Backend::Sqlite => vec![("writer", &pools.writer, 1), ("reader", &pools.reader, config.max_readers)],
        }
    }
}

fn show(backend: Backend, name: &'static str, (pool, connections, most): Pool<'_>) {
    let (open, idle) = counted(backend, connections);
    let labels = |state| [("database", name), ("pool", pool), ("state", state)];
    metrics::gauge!("taskmesh_store_connections", &labels("used")).set(f64::from(open) - idle as f64);
    metrics::gauge!("taskmesh_store_connections", &labels("idle")).set(idle as f64);
    metrics::gauge!("taskmesh_store_connections_max", "database" => name, "pool" => pool).set(f64::from(most));
}

/// How many connections are open, and how many of these wait.
fn counted(backend: Backend, connections: &DatabaseConnection) -> (u32, usize) {
    match backend {
        Backend::Postgres => {
            let pool = connections.get_postgres_connection_pool();
            (pool.size(), pool.num_idle())
        }
        Backend::Sqlite => {
            let pool = connections.get_sqlite_connection_pool();
            (pool.size(), pool.num_idle())
        }
    }
}
