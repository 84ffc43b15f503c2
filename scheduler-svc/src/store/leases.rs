//! Which replicas are there to fire timers: a row each, with an end on the database's clock.

use std::time::Duration;

use mesh_store::{Backend, Sql};
use sea_orm::Value;
use uuid::Uuid;

use super::{Error, Store};

macro_rules! now_us {
    (postgres) => {
        "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
    };
    (sqlite) => {
        "CAST(unixepoch('subsec') * 1000000 AS INTEGER)"
    };
}
pub(super) use now_us;

impl Store {
    /// Says that `replica` is there for as long again.
    ///
    /// # Errors
    /// What the database says.
    pub async fn renew_lease(&self, replica: Uuid, length: Duration) -> Result<(), Error> {
        const RENEW: Sql = Sql {
            postgres: concat!(
                "INSERT INTO timer_replica (id, lease_until_us) VALUES ($1, ",
                now_us!(postgres),
                " + $2) ON CONFLICT (id) DO UPDATE SET lease_until_us = excluded.lease_until_us"
            ),
            sqlite: concat!(
                "INSERT INTO timer_replica (id, lease_until_us) VALUES ($1, ",
                now_us!(sqlite),
                " + $2) ON CONFLICT (id) DO UPDATE SET lease_until_us = excluded.lease_until_us"
            ),
        };
        let micros = i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
        RENEW.run(self.database.writer(), [replica.into(), micros.into()]).await?;
        Ok(())
    }

    /// Clears away replicas that have long been gone. A SQLite file has one replica, so whoever was there before is gone.
    ///
    /// # Errors
    /// What the database says.
    pub async fn bury_replicas(&self) -> Result<(), Error> {
        const BURY: Sql = Sql {
            postgres: concat!("DELETE FROM timer_replica WHERE lease_until_us < ", now_us!(postgres), " - 3600000000"),
            sqlite: "DELETE FROM timer_replica",
        };
        let none: [Value; 0] = [];
        BURY.run(self.database.writer(), none).await?;
        Ok(())
    }

    /// Whether there can be no other replica: a SQLite file belongs to one process. Its lease needs no renewing then, and no
    /// write every second.
    pub fn has_one_replica(&self) -> bool {
        self.database.backend() == Backend::Sqlite
    }

    /// Says that `replica` is there no more: what it holds is free at once.
    ///
    /// # Errors
    /// What the database says.
    pub async fn leave(&self, replica: Uuid) -> Result<(), Error> {
        const LEAVE: Sql = Sql::both("DELETE FROM timer_replica WHERE id = $1");
        LEAVE.run(self.database.writer(), [replica.into()]).await?;
        Ok(())
    }
}
