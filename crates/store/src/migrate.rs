//! Migrations: one program at a time, and never in the way of the release before.
//!
//! sea-orm's migrator takes no lock, and refuses a database that a newer release has migrated. Both would hurt when
//! replicas are rolled over: so this holds an advisory lock (PostgreSQL) or the file's write lock (SQLite) around it, and
//! takes migrations it does not know for applied. Migrations therefore expand first and contract a release later.

use std::{collections::HashSet, sync::Arc};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, IntoDatabaseExecutor};
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTraitSelf, SchemaManager, async_trait::async_trait};

use crate::{Backend, ConnectError, Database, Sql, StoreError, pool};

/// Statements in the two dialects, several to a text.
#[derive(Clone, Copy, Debug)]
pub struct PerBackend {
    /// For PostgreSQL.
    pub postgres: &'static str,
    /// For SQLite.
    pub sqlite: &'static str,
}

/// A migration that is written as SQL.
#[derive(Clone, Copy, Debug)]
pub struct SqlMigration {
    /// Its name; never changed, unique in the service's database, such as `store_001_request_id`.
    pub name: &'static str,
    /// What it does.
    pub up: PerBackend,
    /// How it is undone.
    pub down: PerBackend,
}

impl MigrationName for SqlMigration {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait]
impl MigrationTrait for SqlMigration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, self.up).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, self.down).await
    }
}

async fn run(manager: &SchemaManager<'_>, statements: PerBackend) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    let text = match connection.get_database_backend() {
        DbBackend::Sqlite => statements.sqlite,
        _ => statements.postgres,
    };
    connection.execute_unprepared(text).await.map(|_| ())
}

impl Database {
    /// Brings the database to the state that these migrations describe. Several processes may do so at once.
    ///
    /// # Errors
    /// When the database cannot be reached or a migration fails; it is then as before that migration.
    pub async fn migrate(&self, migrations: Vec<Box<dyn MigrationTrait>>) -> Result<(), ConnectError> {
        let migrations = migrations.into_iter().map(Shared::from).collect();
        match self.backend() {
            Backend::Postgres => self.migrate_postgres(migrations).await,
            Backend::Sqlite => {
                let transaction = self.begin().await?;
                apply(migrations, &transaction).await?;
                Ok(transaction.commit().await.map_err(StoreError::from)?)
            }
        }
    }

    /// The names of those of these migrations that were never applied.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn missing(&self, migrations: &[Box<dyn MigrationTrait>]) -> Result<Vec<String>, ConnectError> {
        let applied: HashSet<String> = applied(self.reader()).await?.into_iter().collect();
        let names = migrations.iter().map(|migration| migration.name().to_owned());
        Ok(names.filter(|name| !applied.contains(name)).collect())
    }

    /// On a connection of its own: the lock belongs to the session, so it goes when the process dies.
    async fn migrate_postgres(&self, migrations: Vec<Shared>) -> Result<(), ConnectError> {
        const LOCK: Sql = Sql::both("SELECT pg_advisory_lock(hashtext('taskmesh:migrate'))");
        let connection = pool::postgres::connect_alone(self.config()).await?;
        LOCK.run(&connection, []).await?;
        let applied = apply(migrations, &connection).await;
        close(connection).await;
        Ok(applied?)
    }
}

async fn close(connection: DatabaseConnection) {
    if let Err(error) = connection.close().await {
        tracing::warn!(error = %error, "migration connection did not close");
    }
}

async fn apply<'c, C>(mut migrations: Vec<Shared>, connection: &'c C) -> Result<(), StoreError>
where
    C: ConnectionTrait,
    &'c C: IntoDatabaseExecutor<'c>,
{
    let known: HashSet<String> = migrations.iter().map(|migration| migration.name().to_owned()).collect();
    for name in applied(connection).await?.into_iter().filter(|name| !known.contains(name)) {
        tracing::warn!(migration.name = %name, "database has a migration of a newer release");
        migrations.push(Shared(Arc::new(Unknown(name))));
    }
    Ok(Migrator(migrations).up(connection, None).await?)
}

async fn applied(connection: &impl ConnectionTrait) -> Result<Vec<String>, StoreError> {
    const TABLE: Sql = Sql {
        postgres: "SELECT to_regclass('seaql_migrations') IS NOT NULL AS there",
        sqlite: "SELECT count(*) > 0 AS there FROM sqlite_schema WHERE name = 'seaql_migrations'",
    };
    const APPLIED: Sql = Sql::both("SELECT version FROM seaql_migrations");
    let row = TABLE.one(connection, []).await?.ok_or_else(|| StoreError::corrupt("seaql_migrations"))?;
    if !row.try_get::<bool>("", "there")? {
        return Ok(Vec::new());
    }
    let rows = APPLIED.all(connection, []).await?;
    rows.iter().map(|row| Ok(row.try_get("", "version")?)).collect()
}

struct Migrator(Vec<Shared>);

impl MigratorTraitSelf for Migrator {
    fn migrations(&self) -> Vec<Box<dyn MigrationTrait>> {
        self.0.iter().map(|migration| Box::new(migration.clone()) as Box<dyn MigrationTrait>).collect()
    }
}

/// A migration that can be handed out more than once, as the migrator asks for it.
#[derive(Clone)]
struct Shared(Arc<dyn MigrationTrait>);

impl From<Box<dyn MigrationTrait>> for Shared {
    fn from(migration: Box<dyn MigrationTrait>) -> Self {
        Self(Arc::from(migration))
    }
}

impl MigrationName for Shared {
    fn name(&self) -> &str {
        self.0.name()
    }
}

#[async_trait]
impl MigrationTrait for Shared {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.0.up(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.0.down(manager).await
    }

    fn use_transaction(&self) -> Option<bool> {
        self.0.use_transaction()
    }
}

/// A migration of a newer release: applied already, so it is never run.
struct Unknown(String);

impl MigrationName for Unknown {
    fn name(&self) -> &str {
        &self.0
    }
}

#[async_trait]
impl MigrationTrait for Unknown {
    async fn up(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}
