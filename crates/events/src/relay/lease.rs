//! The lease that makes one replica's relay the one that works.
//!
//! On PostgreSQL it is a row with an expiry on the database's clock, renewed by its holder. A SQLite file belongs to one
//! process, so no clock is needed there, and no write every second: the relay that started last has the lease, until it
//! gives it back.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use mesh_store::{Backend, Database, Sql, StoreError};
use sea_orm::Value;
use uuid::Uuid;

macro_rules! now_us {
    () => {
        "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
    };
}

/// A lease that was taken. It may be lost at any time; what it guards checks it in the same statement.
#[derive(Debug)]
pub(super) struct Lease {
    database: Database,
    source: &'static str,
    owner: Uuid,
    epoch: i64,
    length: Duration,
    /// Until when nobody else can have it, by this process's clock, which knows no steps.
    certain_until: Mutex<Instant>,
}

impl Lease {
    /// Takes the lease if it is free, is `owner`'s already, or its holder has been silent for too long. `first` is for SQLite: a relay that has
    /// just started takes the lease from whoever has it.
    pub(super) async fn take(
        database: &Database,
        source: &'static str,
        owner: Uuid,
        length: Duration,
        first: bool,
    ) -> Result<Option<Self>, StoreError> {
        const TAKE: Sql = Sql {
            postgres: concat!(
                "INSERT INTO relay_lease (source, owner, epoch, expires_us) VALUES ($1, $2, 1, ",
                now_us!(),
                " + $3)
                 ON CONFLICT (source) DO UPDATE SET
                     owner = excluded.owner, epoch = relay_lease.epoch + 1, expires_us = excluded.expires_us
                 WHERE relay_lease.owner IS NULL OR relay_lease.owner = excluded.owner
                     OR relay_lease.expires_us < ",
                now_us!(),
                "
                 RETURNING epoch"
            ),
            sqlite: "INSERT INTO relay_lease (source, owner, epoch, expires_us) VALUES ($1, $2, 1, 0)
                     ON CONFLICT (source) DO UPDATE SET owner = excluded.owner, epoch = relay_lease.epoch + 1
                     WHERE relay_lease.owner IS NULL OR relay_lease.owner = excluded.owner OR $3
                     RETURNING epoch",
        };
        let asked = Instant::now();
        let third: Value = match database.backend() {
            Backend::Postgres => micros(length).into(),
            Backend::Sqlite => first.into(),
        };
        let Some(row) = TAKE.one(database.writer(), [source.into(), owner.into(), third]).await? else {
            return Ok(None);
        };
        let epoch = row.try_get("", "epoch")?;
        let certain_until = Mutex::new(asked + length);
        Ok(Some(Self { database: database.clone(), source, owner, epoch, length, certain_until }))
    }

    /// Counts the holders there have been.
    pub(super) fn epoch(&self) -> i64 {
        self.epoch
    }

    /// The service whose relay this is.
    pub(super) fn source(&self) -> &'static str {
        self.source
    }

    /// The values by which a statement checks that the lease is still held: source, owner, epoch.
    pub(super) fn fence(&self) -> [Value; 3] {
        [self.source.into(), self.owner.into(), self.epoch.into()]
    }

    /// Whether nobody else can have the lease yet.
    pub(super) fn is_certain(&self) -> bool {
        self.database.backend() == Backend::Sqlite
            || self.certain_until.lock().is_ok_and(|certain_until| Instant::now() < *certain_until)
    }

    /// Keeps the lease; ends when it is lost.
    pub(super) async fn keep(&self, every: Duration) {
        if self.database.backend() == Backend::Sqlite {
            return std::future::pending().await;
        }
        loop {
            tokio::time::sleep(every).await;
            match self.renew().await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => tracing::warn!(error = %error, "relay cannot renew its lease"),
            }
            if !self.is_certain() {
                return;
            }
        }
    }

    async fn renew(&self) -> Result<bool, StoreError> {
        const RENEW: Sql = Sql::both(concat!(
            "UPDATE relay_lease SET expires_us = ",
            now_us!(),
            " + $4 WHERE source = $1 AND owner = $2 AND epoch = $3"
        ));
        let asked = Instant::now();
        let values = self.fence().into_iter().chain([micros(self.length).into()]);
        let held = RENEW.run(self.database.writer(), values).await? > 0;
        if held && let Ok(mut certain_until) = self.certain_until.lock() {
            *certain_until = asked + self.length;
        }
        Ok(held)
    }

    /// Gives the lease back, so that another replica need not wait for its end.
    pub(super) async fn release(&self) {
        const RELEASE: Sql = Sql::both(
            "UPDATE relay_lease SET owner = NULL, expires_us = 0 WHERE source = $1 AND owner = $2 AND epoch = $3",
        );
        if let Err(error) = RELEASE.run(self.database.writer(), self.fence()).await {
            tracing::warn!(error = %error, "relay did not give its lease back");
        }
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
