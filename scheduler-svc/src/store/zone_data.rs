//! What was worked out from an older database of time zones is worked out anew.
//!
//! Wall times are what people meant; instants follow from them and from what governments have decided by then.

use mesh_store::{Sql, StoreError, commit};
use mesh_types::Timestamp;
use uuid::Uuid;

use super::{Error, Store, reminders, task_refs};
use crate::domain::{Cause, ReminderEvent};

const VERSION: Sql = Sql::both("SELECT version FROM zone_data WHERE id = 1");

const NOTE_VERSION: Sql = Sql::both(
    "INSERT INTO zone_data (id, version) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET version = excluded.version",
);

/// Ended ones plan nothing any more, and deleted ones come back by a change of their own.
const SCHEDULES: Sql =
    Sql::both("SELECT id FROM schedule WHERE id > $1 AND state < 30 AND delete_us IS NULL ORDER BY id LIMIT $2");

const TASKS: Sql = Sql::both(
    "SELECT DISTINCT task_id AS id FROM reminder WHERE task_id > $1 AND delete_us IS NULL ORDER BY task_id LIMIT $2",
);

impl Store {
    /// The version of the database of zones that everything here was worked out from; `None` before there was anything.
    ///
    /// # Errors
    /// What the database says.
    pub async fn zone_data(&self) -> Result<Option<String>, Error> {
        let row = VERSION.one(self.database.reader(), []).await?;
        Ok(row.map(|row| row.try_get("", "version")).transpose().map_err(StoreError::from)?)
    }

    /// Notes that everything was worked out from this version.
    ///
    /// # Errors
    /// What the database says.
    pub async fn note_zone_data(&self, version: &str) -> Result<(), Error> {
        NOTE_VERSION.run(self.database.writer(), [version.into()]).await?;
        Ok(())
    }

    /// The schedules that may still plan, after this one, in the order of their ids.
    ///
    /// # Errors
    /// What the database says.
    pub async fn schedules_after(&self, id: Uuid, limit: u32) -> Result<Vec<Uuid>, Error> {
        self.ids_after(&SCHEDULES, id, limit).await
    }

    /// The tasks that somebody has a reminder of, after this one, in the order of their ids.
    ///
    /// # Errors
    /// What the database says.
    pub async fn tasks_after(&self, id: Uuid, limit: u32) -> Result<Vec<Uuid>, Error> {
        self.ids_after(&TASKS, id, limit).await
    }

    /// Lets the reminders of these tasks follow them once more; returns how many have moved.
    ///
    /// # Errors
    /// What the database says.
    pub async fn follow_anew(&self, tasks: &[Uuid], now: Timestamp) -> Result<usize, Error> {
        let transaction = self.database.begin().await?;
        let known = task_refs::lock_all(&transaction, tasks).await?;
        let reminders = reminders::lock_of_tasks(&transaction, tasks).await?;
        let follow = |reminder: &crate::domain::Reminder| {
            let task = known.iter().find(|task| task.id == reminder.task_id && task.version > 0)?;
            reminder.follow(task, now)
        };
        let events: Vec<ReminderEvent> = reminders.iter().filter_map(follow).collect();
        self.change_all(&transaction, &events, now, |event| Cause::acting_for(event.after.user_id)).await?;
        commit(transaction).await?;
        if !events.is_empty() {
            self.log.committed();
        }
        Ok(events.len())
    }

    async fn ids_after(&self, sql: &Sql, id: Uuid, limit: u32) -> Result<Vec<Uuid>, Error> {
        let rows = sql.all(self.database.reader(), [id.into(), i64::from(limit).into()]).await?;
        Ok(rows.iter().map(|row| row.try_get("", "id")).collect::<Result<_, _>>().map_err(StoreError::from)?)
    }
}
