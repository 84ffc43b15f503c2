//! Timers: set in the transaction of the change that moves them, claimed by the replica that will fire them.
//!
//! A timer is free when it has no holder, or one whose lease is over. Who holds a timer is a matter of speed: what fires
//! once fires once because of its generation.

use mesh_store::{Sql, StoreError, Transaction};
use mesh_types::Timestamp;
use sea_orm::QueryResult;
use serde_json::json;
use uuid::Uuid;

use super::{Error, Store, leases};
use crate::domain::{Reminder, Timer};

/// Which timers the replica that sets them holds itself: those that are due before an instant.
#[derive(Clone, Copy, Debug)]
pub struct Near {
    /// The replica.
    pub replica: Uuid,
    /// The instant.
    pub before: Timestamp,
}

impl Near {
    fn holder(&self, timer: &Timer) -> Option<Uuid> {
        (timer.due < self.before).then_some(self.replica)
    }
}

/// Sets the timers of these reminders, or takes them away; returns those that `near` holds. What nobody holds is found by
/// the next claim.
pub(super) async fn set<'a>(
    transaction: &Transaction,
    reminders: impl Iterator<Item = &'a Reminder>,
    near: Option<Near>,
) -> Result<Vec<Timer>, StoreError> {
    let (mut set, mut gone, mut held) = (Vec::new(), Vec::new(), Vec::new());
    for reminder in reminders {
        let Some(timer) = reminder.timer() else {
            gone.push(reminder.id.simple().to_string());
            continue;
        };
        let holder = near.and_then(|near| near.holder(&timer));
        held.extend(holder.map(|_| timer));
        set.push(json!({
            "id": timer.reminder_id.simple().to_string(),
            "due_us": timer.due.as_micros(),
            "generation": timer.generation,
            "holder": holder.map(|holder| holder.simple().to_string()),
        }));
    }
    write(transaction, set).await?;
    remove(transaction, gone).await?;
    Ok(held)
}

async fn write(transaction: &Transaction, timers: Vec<serde_json::Value>) -> Result<(), StoreError> {
    const WRITE: Sql = Sql {
        postgres: "
            INSERT INTO timer (reminder_id, due_us, generation, holder)
            SELECT id, due_us, generation, holder
            FROM jsonb_to_recordset($1::jsonb) AS given (id uuid, due_us bigint, generation bigint, holder uuid)
            ON CONFLICT (reminder_id) DO UPDATE
            SET due_us = excluded.due_us, generation = excluded.generation, holder = excluded.holder",
        sqlite: "
            INSERT INTO timer (reminder_id, due_us, generation, holder)
            SELECT unhex(value ->> 'id'), value ->> 'due_us', value ->> 'generation', unhex(value ->> 'holder')
            FROM json_each($1) WHERE true
            ON CONFLICT (reminder_id) DO UPDATE
            SET due_us = excluded.due_us, generation = excluded.generation, holder = excluded.holder",
    };
    if !timers.is_empty() {
        WRITE.run(transaction, [serde_json::Value::from(timers).to_string().into()]).await?;
    }
    Ok(())
}

async fn remove(transaction: &Transaction, reminders: Vec<String>) -> Result<(), StoreError> {
    const REMOVE: Sql = Sql {
        postgres: "DELETE FROM timer WHERE reminder_id IN (SELECT unnest(string_to_array($1, ','))::uuid)",
        sqlite: "DELETE FROM timer WHERE reminder_id IN
                 (SELECT unhex(value) FROM json_each('[\"' || replace($1, ',', '\",\"') || '\"]'))",
    };
    if !reminders.is_empty() {
        REMOVE.run(transaction, [reminders.join(",").into()]).await?;
    }
    Ok(())
}

/// Of the free timers due in a span, the oldest. What a replica holds is not free to itself, lease or no lease: it would be
/// claimed over and over.
const CLAIM: Sql = Sql {
    postgres: concat!(
        "WITH free AS MATERIALIZED (
             SELECT reminder_id FROM timer
             WHERE due_us >= $2 AND due_us < $3 AND (holder IS NULL OR holder <> $1 AND NOT EXISTS (
                 SELECT 1 FROM timer_replica WHERE id = timer.holder AND lease_until_us > ",
        leases::now_us!(postgres),
        "))
             ORDER BY due_us LIMIT $4 FOR UPDATE SKIP LOCKED
         )
         UPDATE timer SET holder = $1 FROM free WHERE timer.reminder_id = free.reminder_id
         RETURNING timer.reminder_id, timer.due_us, timer.generation"
    ),
    sqlite: concat!(
        "UPDATE timer SET holder = $1 WHERE reminder_id IN (
             SELECT reminder_id FROM timer
             WHERE due_us >= $2 AND due_us < $3 AND (holder IS NULL OR holder <> $1 AND NOT EXISTS (
                 SELECT 1 FROM timer_replica WHERE id = timer.holder AND lease_until_us > ",
        leases::now_us!(sqlite),
        "))
             ORDER BY due_us LIMIT $4
         )
         RETURNING reminder_id, due_us, generation"
    ),
};

/// Among the oldest only: behind a backlog there is time enough to look again.
const HELD: Sql = Sql::both(
    "SELECT reminder_id, due_us, generation
     FROM (SELECT * FROM timer WHERE due_us < $2 ORDER BY due_us LIMIT 5000) AS oldest WHERE holder = $1 LIMIT $3",
);

impl Store {
    /// Makes `replica` the holder of up to `limit` free timers that are due from the one instant to before the other, and
    /// returns them, the oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn claim_timers(
        &self,
        replica: Uuid,
        (from, until): (Timestamp, Timestamp),
        limit: usize,
    ) -> Result<Vec<Timer>, Error> {
        let values = [replica.into(), from.as_micros().into(), until.as_micros().into(), (limit as i64).into()];
        let rows = CLAIM.all(self.database.writer(), values).await?;
        let mut timers = rows.iter().map(timer).collect::<Result<Vec<_>, _>>()?;
        timers.sort_unstable_by_key(|timer| timer.due);
        Ok(timers)
    }

    /// Up to `limit` timers of `replica` that were due before this instant: it may have lost sight of them.
    ///
    /// # Errors
    /// What the database says.
    pub async fn held_timers(&self, replica: Uuid, before: Timestamp, limit: usize) -> Result<Vec<Timer>, Error> {
        let values = [replica.into(), before.as_micros().into(), (limit as i64).into()];
        let rows = HELD.all(self.database.reader(), values).await?;
        Ok(rows.iter().map(timer).collect::<Result<_, _>>()?)
    }
}

/// Reads a row of table `timer`.
pub(super) fn timer(row: &QueryResult) -> Result<Timer, StoreError> {
    Ok(Timer {
        reminder_id: row.try_get("", "reminder_id")?,
        generation: row.try_get("", "generation")?,
        due: Timestamp::from_micros(row.try_get("", "due_us")?),
    })
}
