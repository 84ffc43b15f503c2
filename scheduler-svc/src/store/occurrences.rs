//! Occurrences: stored, listed, and what becomes of them when something happens to their tasks.

use std::collections::{BTreeSet, HashMap};

use mesh_recurrence::Nominal;
use mesh_store::{StoreError, Transaction};
use mesh_types::{TaskId, Timestamp, new_id};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect,
};
use uuid::Uuid;

use super::{Error, Store, schedules, so_far, tables::occurrence};
use crate::domain::{Cause, Occurrence, Schedule, ScheduleStep, Succession, TaskChange, Told};

/// Stays below the parameter limits of both databases.
const ROWS_PER_STATEMENT: usize = 500;

/// Which occurrences of a schedule to list, in the order of their nominal starts.
#[derive(Clone, Copy, Debug)]
pub struct OccurrencePage {
    /// The schedule.
    pub schedule_id: Uuid,
    /// Only those that nominally start after this.
    pub nominal: Option<Nominal>,
    /// Only those after this instant.
    pub after: Option<Timestamp>,
    /// Only those before this instant.
    pub before: Option<Timestamp>,
    /// At most so many.
    pub limit: u64,
}

impl Store {
    /// Occurrences that have, or are to get, their tasks. Who may see them is who may see the schedule.
    ///
    /// # Errors
    /// What the database says.
    pub async fn list_occurrences(&self, page: &OccurrencePage) -> Result<Vec<Occurrence>, Error> {
        let mut query = occurrence::Entity::find().filter(occurrence::Column::ScheduleId.eq(page.schedule_id));
        if let Some(nominal) = page.nominal {
            query = query.filter(occurrence::Column::Nominal.gt(nominal.to_string()));
        }
        if let Some(after) = page.after {
            query = query.filter(occurrence::Column::InstantUs.gt(after.as_micros()));
        }
        if let Some(before) = page.before {
            query = query.filter(occurrence::Column::InstantUs.lt(before.as_micros()));
        }
        let query = query.order_by_asc(occurrence::Column::Nominal).limit(page.limit);
        let rows = query.all(self.database.reader()).await.map_err(StoreError::from)?;
        Ok(rows.into_iter().map(Occurrence::try_from).collect::<Result<_, _>>()?)
    }

    /// The newest occurrence of a schedule that is planned, by its nominal start, and what is taken after it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn newest_occurrence(&self, schedule_id: Uuid) -> Result<(Option<Nominal>, Vec<Nominal>), Error> {
        let connection = self.database.reader();
        let newest = so_far::newest(connection, schedule_id).await?;
        let taken = so_far::taken_from(connection, schedule_id, newest).await?;
        Ok((newest, taken))
    }

    /// Tells occurrences what happened to their tasks, and plans the successors of those that were closed, in the
    /// consumer's transaction. Each occurrence has one successor at most, for ever: `successor_planned` says so, under the
    /// schedule's lock. Returns whether a schedule changed.
    ///
    /// # Errors
    /// When a schedule cannot be read any more, or what the database says.
    pub async fn hear_of_tasks(
        &self,
        transaction: &Transaction,
        changes: &[TaskChange],
        now: Timestamp,
    ) -> Result<bool, Error> {
        let tasks: BTreeSet<Uuid> = changes.iter().map(|change| change.task.id.0).collect();
        let concerned = of_tasks(transaction, &tasks).await?;
        if concerned.is_empty() {
            return Ok(false);
        }
        let ids: BTreeSet<Uuid> = concerned.iter().map(|occurrence| occurrence.schedule_id).collect();
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let schedules = schedules::lock_all(transaction, &ids).await?;
        let mut schedules: HashMap<Uuid, Schedule> =
            schedules.into_iter().map(|schedule| (schedule.id, schedule)).collect();
        // Again, now that nobody else changes them.
        let mut known: HashMap<TaskId, Vec<Occurrence>> = HashMap::new();
        for occurrence in of_tasks(transaction, &tasks).await? {
            known.entry(occurrence.task_id).or_default().push(occurrence);
        }
        let hearing = Hearing { store: self, transaction, now };
        let mut heard = false;
        for change in changes {
            for occurrence in known.get_mut(&change.task.id).into_iter().flatten() {
                let Some(schedule) = schedules.get_mut(&occurrence.schedule_id) else { continue };
                heard |= hearing.tell(change, occurrence, schedule).await?;
            }
        }
        Ok(heard)
    }
}

/// A consumer's transaction in which occurrences are told what happened.
struct Hearing<'a> {
    store: &'a Store,
    transaction: &'a Transaction,
    now: Timestamp,
}

impl Hearing<'_> {
    /// Returns whether the schedule changed.
    async fn tell(
        &self,
        change: &TaskChange,
        occurrence: &mut Occurrence,
        schedule: &mut Schedule,
    ) -> Result<bool, Error> {
        let Some(heard) = occurrence.hear(change) else { return Ok(false) };
        let more_to_do = heard.after.to_do != occurrence.to_do;
        *occurrence = heard.after;
        let mut planned = false;
        if let Some(closed) = heard.owes {
            let so_far = so_far::so_far(self.transaction, schedule, Some(closed), (None, self.now)).await?;
            if let Succession::Settled(step) = schedule.succeed(closed, &so_far, self.now)? {
                occurrence.successor_planned = true;
                planned = self.take(step, change, schedule).await?;
            }
        }
        match more_to_do {
            true => redo(self.transaction, occurrence).await?,
            false => rewrite(self.transaction, occurrence).await?,
        }
        Ok(planned)
    }

    /// Takes a step of a schedule, if there is one; returns whether there is.
    async fn take(
        &self,
        step: Option<Box<ScheduleStep>>,
        change: &TaskChange,
        schedule: &mut Schedule,
    ) -> Result<bool, Error> {
        let Some(step) = step else { return Ok(false) };
        let cause = Cause::acting_for(change.cause.actor.user_id).within(change.cause.trace_parent.clone());
        let told = Told { id: new_id(self.now), time: self.now, cause: &cause };
        schedules::rewrite(self.transaction, &step.event.after).await?;
        self.store.store_step(self.transaction, &step, &told).await?;
        *schedule = step.event.after;
        Ok(true)
    }
}

async fn of_tasks(connection: &impl ConnectionTrait, tasks: &BTreeSet<Uuid>) -> Result<Vec<Occurrence>, StoreError> {
    let query = occurrence::Entity::find().filter(occurrence::Column::TaskId.is_in(tasks.iter().copied()));
    query.all(connection).await?.into_iter().map(Occurrence::try_from).collect()
}

/// The occurrence with this nominal start, if it is known.
pub(super) async fn find(
    connection: &impl ConnectionTrait,
    schedule_id: Uuid,
    nominal: Nominal,
) -> Result<Option<Occurrence>, StoreError> {
    let query = occurrence::Entity::find_by_id((schedule_id, nominal.to_string()));
    query.one(connection).await?.map(Occurrence::try_from).transpose()
}

/// Notes that those which were closed have their successors, or that there will never be one.
pub(super) async fn settle(connection: &impl ConnectionTrait, schedule_id: Uuid) -> Result<(), StoreError> {
    let settled = occurrence::ActiveModel { successor_planned: Set(true), ..Default::default() };
    let update = occurrence::Entity::update_many()
        .set(settled)
        .filter(occurrence::Column::ScheduleId.eq(schedule_id))
        .filter(occurrence::Column::SuccessorPlanned.eq(false))
        .filter(occurrence::Column::CloseUs.is_not_null());
    update.exec(connection).await?;
    Ok(())
}

/// New ones. That their keys are free was decided under the schedule's lock; if they were not, this would fail.
pub(super) async fn insert<'a>(
    connection: &impl ConnectionTrait,
    occurrences: impl Iterator<Item = &'a Occurrence>,
) -> Result<(), StoreError> {
    let rows: Vec<_> = occurrences.map(|new| occurrence::Model::from(new).into_active_model().reset_all()).collect();
    for rows in rows.chunks(ROWS_PER_STATEMENT) {
        occurrence::Entity::insert_many(rows.iter().cloned()).exec_without_returning(connection).await?;
    }
    Ok(())
}

/// What was decided of known ones. Whoever is at work on one has the time of its claim to be done first.
pub(super) async fn redo(connection: &impl ConnectionTrait, occurrence: &Occurrence) -> Result<(), StoreError> {
    rewrite(connection, occurrence).await?;
    let row = occurrence::Model::from(occurrence);
    let todo = occurrence::ActiveModel {
        to_do: Set(row.to_do),
        instant_us: Set(row.instant_us),
        local: Set(row.local),
        offset_seconds: Set(row.offset_seconds),
        adjustments: Set(row.adjustments),
        ..Default::default()
    };
    let update = occurrence::Entity::update_many()
        .set(todo)
        .filter(occurrence::Column::ScheduleId.eq(row.schedule_id))
        .filter(occurrence::Column::Nominal.eq(row.nominal));
    update.exec(connection).await?;
    Ok(())
}

/// Forgets occurrences that are another schedule's now.
pub(super) async fn remove(
    connection: &impl ConnectionTrait,
    schedule_id: Uuid,
    moved: &[Nominal],
) -> Result<(), StoreError> {
    if moved.is_empty() {
        return Ok(());
    }
    let delete = occurrence::Entity::delete_many()
        .filter(occurrence::Column::ScheduleId.eq(schedule_id))
        .filter(occurrence::Column::Nominal.is_in(moved.iter().map(ToString::to_string)));
    delete.exec(connection).await?;
    Ok(())
}

/// What was heard of its task; what the worker keeps stays as it is.
async fn rewrite(connection: &impl ConnectionTrait, occurrence: &Occurrence) -> Result<(), StoreError> {
    let row = occurrence::Model::from(occurrence);
    let heard = occurrence::ActiveModel {
        state: Set(row.state),
        successor_planned: Set(row.successor_planned),
        close_us: Set(row.close_us),
        newest_epoch: Set(row.newest_epoch),
        newest_version: Set(row.newest_version),
        ..Default::default()
    };
    let update = occurrence::Entity::update_many()
        .set(heard)
        .filter(occurrence::Column::ScheduleId.eq(row.schedule_id))
        .filter(occurrence::Column::Nominal.eq(row.nominal));
    update.exec(connection).await?;
    Ok(())
}
