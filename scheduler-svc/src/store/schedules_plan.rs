//! Schedules that plan by the clock: found when their time has come, and given what has come within reach.

use mesh_store::{Sql, StoreError, commit};
use mesh_types::{Timestamp, new_id};
use uuid::Uuid;

use super::{Error, Store, schedules, so_far};
use crate::domain::{Cause, Schedule, ScheduleError, ScheduleStep, SoFar, Told};

/// What is due first comes first.
const DUE: Sql = Sql::both("SELECT id FROM schedule WHERE plan_us <= $1 ORDER BY plan_us LIMIT $2");

const PUT_OFF: Sql = Sql::both("UPDATE schedule SET plan_us = $2 WHERE id = $1 AND plan_us IS NOT NULL");

impl Store {
    /// Up to `limit` schedules that have something to plan by `now`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn schedules_to_plan(&self, now: Timestamp, limit: u32) -> Result<Vec<Uuid>, Error> {
        let rows = DUE.all(self.database.reader(), [now.as_micros().into(), i64::from(limit).into()]).await?;
        Ok(rows.iter().map(|row| row.try_get("", "id")).collect::<Result<_, _>>().map_err(StoreError::from)?)
    }

    /// Lets `decide` plan for one of them what is due by `now`; where it plans nothing, it is looked at again at `again`.
    /// Returns whether anything was planned.
    ///
    /// # Errors
    /// When `decide` cannot, or what the database says.
    pub async fn plan_schedule(
        &self,
        id: Uuid,
        (now, again): (Timestamp, Timestamp),
        decide: impl FnOnce(&Schedule, &SoFar) -> Result<Option<ScheduleStep>, ScheduleError> + Send,
    ) -> Result<bool, Error> {
        let transaction = self.database.begin().await?;
        let Some(schedule) = schedules::lock_all(&transaction, &[id]).await?.pop() else { return Ok(false) };
        let so_far = so_far::so_far(&transaction, &schedule, None, (None, now)).await?;
        let Some(step) = decide(&schedule, &so_far)? else {
            let again = schedule.plan_time().map_or(again, |time| time.max(again));
            PUT_OFF.run(&transaction, [id.into(), again.as_micros().into()]).await?;
            commit(transaction).await?;
            return Ok(false);
        };
        schedules::rewrite(&transaction, &step.event.after).await?;
        let cause = Cause::acting_for(schedule.created_by);
        let told = Told { id: new_id(now), time: now, cause: &cause };
        self.store_step(&transaction, &step, &told).await?;
        commit(transaction).await?;
        self.log.committed();
        Ok(true)
    }

    /// Looks at one that could not be planned again at `again`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn put_off_plan(&self, id: Uuid, again: Timestamp) -> Result<(), Error> {
        PUT_OFF.run(self.database.writer(), [id.into(), again.as_micros().into()]).await?;
        Ok(())
    }
}
