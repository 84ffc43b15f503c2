//! An effect that writes down what it is given, and fails when a test wants it to.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use mesh_events::{Consumer, ConsumerSettings, Durable, Effect, EffectError, Envelope, Filter};
use mesh_store::{Database, Sql, Transaction};
use mesh_testkit::TestDatabase;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::world::World;

/// Another service's database, and what happened in it.
#[derive(Clone)]
pub(crate) struct Ledger {
    pub(crate) database: Database,
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    poison: Mutex<HashSet<Uuid>>,
    down: AtomicBool,
    attempts: AtomicUsize,
    commits: AtomicUsize,
}

impl Ledger {
    /// In this database, which may be the one of a [`World`].
    pub(crate) async fn on(database: Database) -> Self {
        // No unique key: what is applied twice shows.
        let table = "CREATE TABLE ledger (event_id uuid NOT NULL, source text NOT NULL)";
        database.writer().execute_unprepared(table).await.expect("the table is made");
        Self { database, inner: Arc::default() }
    }

    /// In a database of its own.
    pub(crate) async fn apart(database: &TestDatabase) -> Self {
        let database = database.connect().await;
        database.migrate(mesh_events::migrations()).await.expect("the database is migrated");
        Self::on(database).await
    }

    /// From now on these events cannot be applied; all others can.
    pub(crate) fn poison(&self, ids: &[Uuid]) {
        *self.inner.poison.lock().expect("nobody panicked") = ids.iter().copied().collect();
    }

    /// From now on something that is needed is down, or not.
    pub(crate) fn set_down(&self, down: bool) {
        self.inner.down.store(down, Ordering::SeqCst);
    }

    /// How often the effect was asked to apply something.
    pub(crate) fn attempts(&self) -> usize {
        self.inner.attempts.load(Ordering::SeqCst)
    }

    /// How often it was told of a commit.
    pub(crate) fn commits(&self) -> usize {
        self.inner.commits.load(Ordering::SeqCst)
    }

    /// What was applied, in order.
    pub(crate) async fn entries(&self) -> Vec<Uuid> {
        const ENTRIES: Sql = Sql {
            postgres: "SELECT event_id FROM ledger ORDER BY ctid",
            sqlite: "SELECT event_id FROM ledger ORDER BY rowid",
        };
        let rows = ENTRIES.all(self.database.reader(), []).await.expect("the ledger can be read");
        rows.iter().map(|row| row.try_get("", "event_id").expect("it is an id")).collect()
    }

    /// Waits until exactly these were applied, in any order.
    pub(crate) async fn expect(&self, ids: &[Uuid]) {
        let expected = sorted(ids);
        mesh_testkit::eventually(async || {
            let found = sorted(&self.entries().await);
            if found == expected { Ok(()) } else { Err(format!("{} of {}", found.len(), expected.len())) }
        })
        .await;
    }

    /// A consumer with this effect.
    pub(crate) fn consumer(&self, world: &World) -> Consumer {
        let durable = Durable { name: "audit-svc".to_owned(), filter: Filter::default(), gather: Duration::ZERO };
        let effect = Arc::new(self.clone());
        Consumer::new(&self.database, world.bus.clone(), durable, effect, Arc::new(world.clock.clone()))
            .with_settings(ConsumerSettings { retry_poll: Duration::from_millis(10), ..ConsumerSettings::default() })
    }
}

fn sorted(ids: &[Uuid]) -> Vec<Uuid> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids
}

#[async_trait]
impl Effect for Ledger {
    async fn apply(&self, transaction: &Transaction, events: &[Envelope]) -> Result<(), EffectError> {
        const ENTER: Sql = Sql::both("INSERT INTO ledger (event_id, source) VALUES ($1, $2)");
        self.inner.attempts.fetch_add(1, Ordering::SeqCst);
        for event in events {
            ENTER.run(transaction, [event.id.into(), event.source.as_str().into()]).await?;
            if self.inner.down.load(Ordering::SeqCst) {
                return Err(EffectError::Dependency("the test says so".to_owned()));
            }
            if self.inner.poison.lock().expect("nobody panicked").contains(&event.id) {
                return Err(EffectError::Event("it is poison\0".to_owned()));
            }
        }
        Ok(())
    }

    fn after_commit(&self) {
        self.inner.commits.fetch_add(1, Ordering::SeqCst);
    }
}
