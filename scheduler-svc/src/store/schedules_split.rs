//! A schedule is split: the one that ends and the one that takes over are one transaction, with an event each.

use mesh_recurrence::Nominal;
use mesh_store::{Change, StoreError, Transaction, Worked, conclude, request_ids::Outcome};
use mesh_types::{Caller, new_id};
use sea_orm::{ColumnTrait, QueryFilter};
use uuid::Uuid;

use super::{
    Error, Known, OccurrenceAim, Store, WrittenSchedule, occurrences,
    schedules::{self, schedules_in},
    tables::schedule,
};
use crate::domain::{Cause, Schedule, ScheduleError, Split, Told};

/// What a split made of a schedule.
#[derive(Clone, Debug)]
pub struct WrittenSplit {
    /// The one that ends.
    pub ended: WrittenSchedule,
    /// The one that takes over.
    pub created: WrittenSchedule,
}

impl Store {
    /// Splits a schedule at an occurrence: locks it, lets `decide` look at it and say what happens, and stores that.
    ///
    /// # Errors
    /// As for [`Store::update_schedule`].
    pub async fn split_schedule(
        &self,
        change: &Change<'_>,
        aim: OccurrenceAim<'_>,
        decide: impl FnOnce(&Known) -> Result<Split, ScheduleError> + Send,
    ) -> Result<WrittenSplit, Error> {
        let transaction = self.database.begin().await?;
        let decide = |known: &Known| known.schedule.matches(aim.etag).and_then(|()| decide(known));
        let worked = self.work_on_split(&transaction, change, (aim.schedule_id, aim.occurrence), decide).await;
        match conclude(transaction, worked).await? {
            Worked::Fresh(written) => {
                self.log.committed();
                Ok(written)
            }
            Worked::Before(outcome) => {
                let created = self.split_off(change.caller, outcome.aggregate_id).await?;
                let ended = self.answer_schedule(change.caller, Worked::Before(outcome)).await?;
                Ok(WrittenSplit { ended, created: WrittenSchedule { schedule: created, change_id: None } })
            }
        }
    }

    async fn work_on_split(
        &self,
        transaction: &Transaction,
        change: &Change<'_>,
        which: (Uuid, Option<Nominal>),
        decide: impl FnOnce(&Known) -> Result<Split, ScheduleError> + Send,
    ) -> Result<Worked<WrittenSplit>, Error> {
        let known = match self.know(transaction, change, which).await? {
            Worked::Fresh(known) => known,
            Worked::Before(outcome) => return Ok(Worked::Before(outcome)),
        };
        let Split { ended, created, moved } = decide(&known)?;
        occurrences::remove(transaction, known.schedule.id, &moved).await?;
        schedules::rewrite(transaction, &ended.event.after).await?;
        schedules::insert(transaction, &created.event.after).await?;
        let (ended_by, created_by) = (new_id(change.now), new_id(change.now));
        let cause = Cause::of_call(change.caller);
        for (id, step) in [(ended_by, &ended), (created_by, &created)] {
            self.store_step(transaction, step, &Told { id, time: change.now, cause: &cause }).await?;
        }
        let (ended, created) = (ended.event.after, created.event.after);
        let outcome = Outcome { event_id: Some(ended_by), aggregate_id: ended.id };
        change.record(transaction, ended.workspace_id, outcome).await?;
        Ok(Worked::Fresh(WrittenSplit {
            ended: WrittenSchedule { schedule: ended, change_id: Some(ended_by) },
            created: WrittenSchedule { schedule: created, change_id: Some(created_by) },
        }))
    }

    /// The schedule that took over from this one, as it is now. A schedule is split once at most, as it ends by that.
    async fn split_off(&self, caller: &Caller, id: Uuid) -> Result<Schedule, Error> {
        let query = schedules_in(&caller.readable()).filter(schedule::Column::SplitFrom.eq(id));
        let row = query.one(self.database.reader()).await.map_err(StoreError::from)?;
        Ok(row.ok_or(Error::NotFound { kind: "schedule", id })?.try_into()?)
    }
}
