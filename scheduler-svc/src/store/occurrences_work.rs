//! What is left to do for the tasks of occurrences: claimed by one worker at a time, and tried until it is done.
//!
//! A claim is a lease: it moves the next attempt out of reach of others. Should two work on the same one all the same, the
//! task's id and the task service's memory of occurrences make the second attempt harmless.

use std::collections::HashMap;

use mesh_store::{Sql, StoreError};
use mesh_types::Timestamp;
use sea_orm::{FromQueryResult, QueryResult};
use uuid::Uuid;

use super::{Error, Store, schedules, tables::occurrence};
use crate::domain::{Coded, Occurrence, OccurrenceState, Schedule};

/// Something to do for the task of an occurrence.
#[derive(Clone, Debug)]
pub struct Errand {
    /// The occurrence; its `to_do` is set.
    pub occurrence: Occurrence,
    /// Its schedule, as it is now.
    pub schedule: Schedule,
    /// How often it was tried, this time included.
    pub attempts: i32,
}

const CLAIM: Sql = Sql {
    postgres: "
        WITH next AS MATERIALIZED (
            SELECT schedule_id, nominal FROM occurrence WHERE to_do IS NOT NULL AND attempt_us <= $1
            ORDER BY attempt_us LIMIT $3 FOR UPDATE SKIP LOCKED
        )
        UPDATE occurrence SET attempts = attempts + 1, attempt_us = $2 FROM next
        WHERE occurrence.schedule_id = next.schedule_id AND occurrence.nominal = next.nominal
        RETURNING occurrence.*",
    sqlite: "
        UPDATE occurrence SET attempts = attempts + 1, attempt_us = $2
        WHERE (schedule_id, nominal) IN (
            SELECT schedule_id, nominal FROM occurrence WHERE to_do IS NOT NULL AND attempt_us <= $1
            ORDER BY attempt_us LIMIT $3
        ) RETURNING *",
};

/// The state moves on only if nobody has heard more of the task meanwhile. Something else to do stays, and waits until this
/// claim runs out; what comes after that can be claimed at once.
const DONE: Sql = Sql::both(
    "UPDATE occurrence SET to_do = NULL, attempts = 0, attempt_us = 0, state = CASE WHEN state = $3 THEN $4 ELSE state END
     WHERE schedule_id = $1 AND nominal = $2 AND to_do = $5",
);

const PUT_OFF: Sql =
    Sql::both("UPDATE occurrence SET attempt_us = $4 WHERE schedule_id = $1 AND nominal = $2 AND attempts = $3");

impl Store {
    /// Claims up to `limit` errands until `until`; those that wait for longest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn claim_errands(&self, now: Timestamp, until: Timestamp, limit: u32) -> Result<Vec<Errand>, Error> {
        let values = [now.as_micros().into(), until.as_micros().into(), i64::from(limit).into()];
        let rows = CLAIM.all(self.database.writer(), values).await?;
        let claimed: Vec<_> = rows.iter().filter_map(|row| readable(claimed(row))).collect();
        let ids: Vec<Uuid> = claimed.iter().map(|(occurrence, _)| occurrence.schedule_id).collect();
        let schedules = schedules::read_all(self.database.reader(), &ids).await?.into_iter().filter_map(readable);
        let schedules: HashMap<Uuid, Schedule> = schedules.map(|schedule| (schedule.id, schedule)).collect();
        let errand = |(occurrence, attempts): (Occurrence, i32)| {
            let schedule = schedules.get(&occurrence.schedule_id)?.clone();
            Some(Errand { occurrence, schedule, attempts })
        };
        Ok(claimed.into_iter().filter_map(errand).collect())
    }

    /// An errand is done.
    ///
    /// # Errors
    /// What the database says.
    pub async fn finish_errand(&self, errand: &Errand) -> Result<(), Error> {
        let Occurrence { schedule_id, nominal, to_do, .. } = &errand.occurrence;
        let (planned, open) = (OccurrenceState::Planned.code(), OccurrenceState::Open.code());
        let to_do = to_do.map(Coded::code);
        let values = [(*schedule_id).into(), nominal.to_string().into(), planned.into(), open.into(), to_do.into()];
        DONE.run(self.database.writer(), values).await?;
        Ok(())
    }

    /// An errand that was claimed as number `attempts` is to be tried again at `next`.
    ///
    /// # Errors
    /// What the database says.
    pub async fn put_off_errand(&self, errand: &Errand, next: Timestamp) -> Result<(), Error> {
        let Occurrence { schedule_id, nominal, .. } = &errand.occurrence;
        let values =
            [(*schedule_id).into(), nominal.to_string().into(), errand.attempts.into(), next.as_micros().into()];
        PUT_OFF.run(self.database.writer(), values).await?;
        Ok(())
    }
}

/// One row that cannot be read must not keep the others waiting; it is looked at again when its claim has run out.
fn readable<T>(read: Result<T, StoreError>) -> Option<T> {
    read.inspect_err(|error| tracing::error!(error = %error, "an errand cannot be read")).ok()
}

fn claimed(row: &QueryResult) -> Result<(Occurrence, i32), StoreError> {
    let row = occurrence::Model::from_query_result(row, "")?;
    let attempts = row.attempts;
    Ok((Occurrence::try_from(row)?, attempts))
}
