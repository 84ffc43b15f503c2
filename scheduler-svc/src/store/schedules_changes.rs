//! Changes of schedules by their people: one transaction for the schedule, the occurrence it plans, its event and the
//! request id.

use mesh_recurrence::Nominal;
use mesh_store::{
    Change, StoreError, Transaction, Worked, conclude,
    request_ids::{Claim, Outcome},
};
use mesh_types::{Caller, Etag, WorkspaceId, new_id};
use uuid::Uuid;

use super::{Error, Store, occurrences, schedules, task_refs};
use crate::domain::{
    Cause, Closed, Planned, Schedule, ScheduleDecision, ScheduleError, ScheduleState, ScheduleStep, TaskRef, Told,
};

/// What a change made of a schedule.
#[derive(Clone, Debug)]
pub struct WrittenSchedule {
    /// The schedule after it.
    pub schedule: Schedule,
    /// Its event; `None` if nothing had to be done.
    pub change_id: Option<Uuid>,
}

/// What a schedule has planned so far, as far as its next decision depends on it.
#[derive(Clone, Debug, Default)]
pub struct PlannedSoFar {
    /// The occurrence that was closed and has no successor. There is one at most: only a successor can be closed after it.
    pub owed: Option<Closed>,
    /// The nominal starts that are taken.
    pub planned: Vec<Nominal>,
}

/// What a new schedule begins with.
#[derive(Clone, Copy, Debug)]
pub struct SeriesBeginning<'a> {
    /// Where it is made.
    pub workspace: WorkspaceId,
    /// The task that is its first occurrence, as it was just read.
    pub seen: &'a TaskRef,
}

impl Store {
    /// Stores a new schedule and its first occurrence, unless the request has been answered before. `decide` is
    /// told the newest state of the task, which stays so until the transaction ends.
    ///
    /// # Errors
    /// When `decide` says no, the task belongs to another schedule, the request id cannot be taken; or what the database
    /// says.
    pub async fn create_schedule(
        &self,
        change: &Change<'_>,
        beginning: SeriesBeginning<'_>,
        decide: impl FnOnce(&TaskRef) -> Result<ScheduleStep, ScheduleError> + Send,
    ) -> Result<WrittenSchedule, Error> {
        let transaction = self.database.begin().await?;
        let worked = self.work_on_new(&transaction, change, beginning, decide).await;
        let done = conclude(transaction, worked).await?;
        self.answer_schedule(change.caller, done).await
    }

    /// Changes one schedule: locks it, lets `decide` look at it and say what happens, and stores that with its event.
    ///
    /// # Errors
    /// When there is no such schedule, the caller may not change it, the etag is stale, `decide` says no, the request id
    /// cannot be taken; or what the database says.
    pub async fn update_schedule(
        &self,
        change: &Change<'_>,
        id: Uuid,
        etag: Option<&Etag>,
        decide: impl FnOnce(&Schedule, &PlannedSoFar) -> ScheduleDecision + Send,
    ) -> Result<WrittenSchedule, Error> {
        let transaction = self.database.begin().await?;
        let decide =
            |schedule: &Schedule, so_far: &PlannedSoFar| schedule.matches(etag).and_then(|()| decide(schedule, so_far));
        let worked = self.work_on_known(&transaction, change, id, decide).await;
        let done = conclude(transaction, worked).await?;
        self.answer_schedule(change.caller, done).await
    }

    async fn work_on_new(
        &self,
        transaction: &Transaction,
        change: &Change<'_>,
        beginning: SeriesBeginning<'_>,
        decide: impl FnOnce(&TaskRef) -> Result<ScheduleStep, ScheduleError> + Send,
    ) -> Result<Worked<WrittenSchedule>, Error> {
        let task = task_refs::admit(transaction, beginning.seen).await?;
        if let Claim::Replay(outcome) = change.claim(transaction, beginning.workspace).await? {
            return Ok(Worked::Before(outcome));
        }
        let step = decide(&task)?;
        if let Some(schedule) = schedules::living_of(transaction, task.id).await? {
            return Err(ScheduleError::TaskScheduled { task: task.id, schedule }.into());
        }
        schedules::insert(transaction, &step.event.after).await?;
        self.append_step(transaction, change, step).await
    }

    async fn work_on_known(
        &self,
        transaction: &Transaction,
        change: &Change<'_>,
        id: Uuid,
        decide: impl FnOnce(&Schedule, &PlannedSoFar) -> ScheduleDecision + Send,
    ) -> Result<Worked<WrittenSchedule>, Error> {
        let schedule = schedules::lock(transaction, change.caller, id).await?;
        change.caller.may_change(schedule.workspace_id).map_err(Error::Forbidden)?;
        if let Claim::Replay(outcome) = change.claim(transaction, schedule.workspace_id).await? {
            return Ok(Worked::Before(outcome));
        }
        let so_far = so_far(transaction, &schedule).await?;
        let Some(step) = decide(&schedule, &so_far)? else {
            let outcome = Outcome { event_id: None, aggregate_id: schedule.id };
            change.record(transaction, schedule.workspace_id, outcome).await?;
            return Ok(Worked::Fresh(WrittenSchedule { schedule, change_id: None }));
        };
        if let Some(owed) = so_far.owed.filter(|_| step.event.after.state != ScheduleState::Paused) {
            occurrences::settle(transaction, schedule.id, owed.nominal).await?;
        }
        schedules::rewrite(transaction, &step.event.after).await?;
        self.append_step(transaction, change, step).await
    }

    /// Stores the occurrence of a step, appends its event, and notes the request as answered.
    async fn append_step(
        &self,
        transaction: &Transaction,
        change: &Change<'_>,
        step: ScheduleStep,
    ) -> Result<Worked<WrittenSchedule>, Error> {
        let id = new_id(change.now);
        let cause = Cause::of_call(change.caller);
        let told = Told { id, time: change.now, cause: &cause };
        self.store_step(transaction, &step, &told).await?;
        let schedule = step.event.after;
        let outcome = Outcome { event_id: Some(id), aggregate_id: schedule.id };
        change.record(transaction, schedule.workspace_id, outcome).await?;
        Ok(Worked::Fresh(WrittenSchedule { schedule, change_id: Some(id) }))
    }

    /// The occurrence of a step, the step's event, and the reminders that the occurrence gets from the one before it; the
    /// schedule itself is locked and written by the caller.
    pub(super) async fn store_step(
        &self,
        transaction: &Transaction,
        step: &ScheduleStep,
        told: &Told<'_>,
    ) -> Result<(), StoreError> {
        if let Some(planned) = &step.planned {
            occurrences::insert(transaction, &planned.occurrence).await?;
        }
        self.log.append(transaction, &[(self.codec.schedule)(&step.event, told)]).await?;
        match &step.planned {
            Some(Planned { occurrence, follows: Some(predecessor) }) => {
                self.carry_over(transaction, *predecessor, occurrence.task_id, told).await
            }
            _ => Ok(()),
        }
    }

    /// The answer to a change. If the request was answered before: the state after the event that it appended then; if
    /// that changed nothing, or its event is kept no longer, the schedule as it is.
    async fn answer_schedule(&self, caller: &Caller, done: Worked<WrittenSchedule>) -> Result<WrittenSchedule, Error> {
        let outcome = match done {
            Worked::Fresh(written) => {
                if written.change_id.is_some() {
                    self.log.committed();
                }
                return Ok(written);
            }
            Worked::Before(outcome) => outcome,
        };
        let event = match outcome.event_id {
            Some(id) => self.log.find(id).await?,
            None => None,
        };
        let schedule = match event {
            Some(event) => {
                (self.codec.kept_schedule)(&event).ok_or_else(|| StoreError::corrupt("event_log.payload"))?
            }
            None => self.find_schedule(caller, outcome.aggregate_id).await?,
        };
        Ok(WrittenSchedule { schedule, change_id: outcome.event_id })
    }
}

/// Only what is paused can owe anything.
async fn so_far(transaction: &Transaction, schedule: &Schedule) -> Result<PlannedSoFar, StoreError> {
    if schedule.state != ScheduleState::Paused {
        return Ok(PlannedSoFar::default());
    }
    let Some(owed) = occurrences::owed(transaction, schedule.id).await? else { return Ok(PlannedSoFar::default()) };
    let planned = occurrences::planned(transaction, schedule, &owed).await?;
    Ok(PlannedSoFar { owed: Some(owed), planned })
}
