//! A schedule is split: the one that is cut short and the one that takes over are one transaction, with an event each.

use mesh_recurrence::Nominal;
use mesh_store::{Change, Transaction, Worked, conclude, request_ids::Outcome};
use mesh_types::new_id;
use uuid::Uuid;

use super::{Error, Known, OccurrenceAim, Store, WrittenSchedule, occurrences, schedules};
use crate::domain::{Cause, ScheduleError, Split, Told};

/// What a split made of a schedule.
#[derive(Clone, Debug)]
pub struct WrittenSplit {
    /// The one that ends before the other begins.
    pub cut: WrittenSchedule,
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
            // The new one is as the request left it; the old one is as it is.
            Worked::Before(outcome) => {
                let created = self.answer_schedule(change.caller, Worked::Before(outcome)).await?;
                let schedule = self.find_schedule(change.caller, aim.schedule_id).await?;
                Ok(WrittenSplit { cut: WrittenSchedule { schedule, change_id: None }, created })
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
        let Split { cut, created, moved } = decide(&known)?;
        occurrences::remove(transaction, known.schedule.id, &moved).await?;
        schedules::rewrite(transaction, &cut.event.after).await?;
        schedules::insert(transaction, &created.event.after).await?;
        let (cut_by, created_by) = (new_id(change.now), new_id(change.now));
        let cause = Cause::of_call(change.caller);
        for (id, step) in [(cut_by, &cut), (created_by, &created)] {
            self.store_step(transaction, step, &Told { id, time: change.now, cause: &cause }).await?;
        }
        let (cut, created) = (cut.event.after, created.event.after);
        let outcome = Outcome { event_id: Some(created_by), aggregate_id: created.id };
        change.record(transaction, created.workspace_id, outcome).await?;
        Ok(Worked::Fresh(WrittenSplit {
            cut: WrittenSchedule { schedule: cut, change_id: Some(cut_by) },
            created: WrittenSchedule { schedule: created, change_id: Some(created_by) },
        }))
    }
}
