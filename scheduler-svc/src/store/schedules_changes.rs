//! Changes of schedules by their people: one transaction for the schedule, the occurrence it plans, its event and the
//! request id.

use mesh_recurrence::Nominal;
use mesh_store::{
    Change, StoreError, Transaction, Worked, conclude,
    request_ids::{Claim, Outcome},
};
use mesh_types::{Caller, Etag, WorkspaceId, new_id};
use uuid::Uuid;

use super::{Error, Store, occurrences, schedules, so_far, task_refs};
use crate::domain::{
    Cause, Occurrence, Planned, Schedule, ScheduleDecision, ScheduleError, ScheduleState, ScheduleStep, SoFar, TaskRef,
    Told,
};

/// What a change made of a schedule.
#[derive(Clone, Debug)]
pub struct WrittenSchedule {
    /// The schedule after it.
    pub schedule: Schedule,
    /// Its event; `None` if nothing had to be done.
    pub change_id: Option<Uuid>,
}

/// What a new schedule begins with.
#[derive(Clone, Copy, Debug)]
pub struct SeriesBeginning<'a> {
    /// Where it is made.
    pub workspace: WorkspaceId,
    /// The task that is its first occurrence, as it was just read; `None` where it is made from a template.
    pub seen: Option<&'a TaskRef>,
}

/// Which occurrence a change is about.
#[derive(Clone, Copy, Debug)]
pub struct OccurrenceAim<'a> {
    /// Of which schedule.
    pub schedule_id: Uuid,
    /// The version of the schedule that the caller has read, if they care.
    pub etag: Option<&'a Etag>,
    /// Its nominal start, if it was named.
    pub occurrence: Option<Nominal>,
}

/// A schedule that is locked, and what a change of it depends on.
#[derive(Clone, Debug)]
pub struct Known {
    /// The schedule.
    pub schedule: Schedule,
    /// What it has planned so far.
    pub so_far: SoFar,
    /// The occurrence that the change is about, if it is known.
    pub occurrence: Option<Occurrence>,
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
        decide: impl FnOnce(Option<&TaskRef>) -> Result<ScheduleStep, ScheduleError> + Send,
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
        decide: impl FnOnce(&Schedule, &SoFar) -> ScheduleDecision + Send,
    ) -> Result<WrittenSchedule, Error> {
        let transaction = self.database.begin().await?;
        let decide = |known: &Known| known.schedule.matches(etag).and_then(|()| decide(&known.schedule, &known.so_far));
        let worked = self.work_on_known(&transaction, change, (id, None), decide).await;
        let done = conclude(transaction, worked).await?;
        self.answer_schedule(change.caller, done).await
    }

    /// The same, for what is done to one occurrence: `decide` is also told what is known of that one.
    ///
    /// # Errors
    /// As for [`Store::update_schedule`].
    pub async fn update_occurrence(
        &self,
        change: &Change<'_>,
        aim: OccurrenceAim<'_>,
        decide: impl FnOnce(&Known) -> ScheduleDecision + Send,
    ) -> Result<WrittenSchedule, Error> {
        let transaction = self.database.begin().await?;
        let decide = |known: &Known| known.schedule.matches(aim.etag).and_then(|()| decide(known));
        let worked = self.work_on_known(&transaction, change, (aim.schedule_id, aim.occurrence), decide).await;
        let done = conclude(transaction, worked).await?;
        self.answer_schedule(change.caller, done).await
    }

    async fn work_on_new(
        &self,
        transaction: &Transaction,
        change: &Change<'_>,
        beginning: SeriesBeginning<'_>,
        decide: impl FnOnce(Option<&TaskRef>) -> Result<ScheduleStep, ScheduleError> + Send,
    ) -> Result<Worked<WrittenSchedule>, Error> {
        let task = match beginning.seen {
            Some(seen) => Some(task_refs::admit(transaction, seen).await?),
            None => None,
        };
        if let Claim::Replay(outcome) = change.claim(transaction, beginning.workspace).await? {
            return Ok(Worked::Before(outcome));
        }
        let step = decide(task.as_ref())?;
        if let Some(task) = task
            && let Some(schedule) = schedules::living_of(transaction, task.id).await?
        {
            return Err(ScheduleError::TaskScheduled { task: task.id, schedule }.into());
        }
        schedules::insert(transaction, &step.event.after).await?;
        self.append_step(transaction, change, step).await
    }

    async fn work_on_known(
        &self,
        transaction: &Transaction,
        change: &Change<'_>,
        which: (Uuid, Option<Nominal>),
        decide: impl FnOnce(&Known) -> ScheduleDecision + Send,
    ) -> Result<Worked<WrittenSchedule>, Error> {
        let known = match self.know(transaction, change, which).await? {
            Worked::Fresh(known) => known,
            Worked::Before(outcome) => return Ok(Worked::Before(outcome)),
        };
        let decided = decide(&known)?;
        let schedule = known.schedule;
        let Some(step) = decided else {
            let outcome = Outcome { event_id: None, aggregate_id: schedule.id };
            change.record(transaction, schedule.workspace_id, outcome).await?;
            return Ok(Worked::Fresh(WrittenSchedule { schedule, change_id: None }));
        };
        schedules::rewrite(transaction, &step.event.after).await?;
        self.append_step(transaction, change, step).await
    }

    /// Locks a schedule and reads what a change of it depends on, unless the request has been answered before.
    pub(super) async fn know(
        &self,
        transaction: &Transaction,
        change: &Change<'_>,
        (id, nominal): (Uuid, Option<Nominal>),
    ) -> Result<Worked<Known>, Error> {
        let schedule = schedules::lock(transaction, change.caller, id).await?;
        change.caller.may_change(schedule.workspace_id).map_err(Error::Forbidden)?;
        if let Claim::Replay(outcome) = change.claim(transaction, schedule.workspace_id).await? {
            return Ok(Worked::Before(outcome));
        }
        let so_far = so_far::so_far(transaction, &schedule, None, (nominal, change.now)).await?;
        let occurrence = match nominal {
            Some(nominal) => occurrences::find(transaction, schedule.id, nominal).await?,
            None => None,
        };
        Ok(Worked::Fresh(Known { schedule, so_far, occurrence }))
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

    /// The occurrences of a step, the step's event, and the reminders that the occurrences get from the one before them; the
    /// schedule itself is locked and written by the caller. What it owed is settled by a step of one that plans.
    pub(super) async fn store_step(
        &self,
        transaction: &Transaction,
        step: &ScheduleStep,
        told: &Told<'_>,
    ) -> Result<(), StoreError> {
        let ScheduleStep { event, planned, noted, rewritten } = step;
        let plans = event.after.state != ScheduleState::Paused && event.after.delete_time.is_none();
        if plans && event.before.is_some() {
            occurrences::settle(transaction, event.after.id).await?;
        }
        for occurrence in rewritten {
            occurrences::redo(transaction, occurrence).await?;
        }
        let new = planned.iter().map(|planned| &planned.occurrence).chain(noted);
        occurrences::insert(transaction, new).await?;
        self.log.append(transaction, &[(self.codec.schedule)(event, told)]).await?;
        for Planned { occurrence, follows } in planned {
            if let Some(predecessor) = follows {
                self.carry_over(transaction, *predecessor, occurrence.task_id, told).await?;
            }
        }
        Ok(())
    }

    /// The answer to a change. If the request was answered before: the state after the event that it appended then; if
    /// that changed nothing, or its event is kept no longer, the schedule as it is.
    pub(super) async fn answer_schedule(
        &self,
        caller: &Caller,
        done: Worked<WrittenSchedule>,
    ) -> Result<WrittenSchedule, Error> {
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
