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

use super::{Error, Store, schedules, tables::occurrence};
use crate::domain::{Cause, Closed, Occurrence, Schedule, TaskChange, Told, to_jiff};

/// More than there can be after the one that was closed, unless somebody closes tasks in quite another order.
const MOST_PLANNED: u64 = 1_000;

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

    /// The newest occurrence of a schedule by its nominal start.
    ///
    /// # Errors
    /// What the database says.
    pub async fn newest_occurrence(&self, schedule_id: Uuid) -> Result<Option<Nominal>, Error> {
        let query = occurrence::Entity::find().filter(occurrence::Column::ScheduleId.eq(schedule_id));
        let query = query.order_by_desc(occurrence::Column::Nominal).limit(1);
        let row = query.one(self.database.reader()).await.map_err(StoreError::from)?;
        Ok(row.map(Occurrence::try_from).transpose()?.map(|newest| newest.nominal))
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
        *occurrence = heard.after;
        let mut planned = false;
        if let Some(closed) = heard.owes {
            planned = self.succeed(closed, change, schedule).await?;
            occurrence.successor_planned = planned;
        }
        rewrite(self.transaction, occurrence).await?;
        Ok(planned)
    }

    /// Plans the successor, or ends the series. Returns whether either happened.
    async fn succeed(&self, closed: Closed, change: &TaskChange, schedule: &mut Schedule) -> Result<bool, Error> {
        let taken = planned(self.transaction, schedule, &closed).await?;
        let Some(step) = schedule.succeed(closed, &taken, self.now)? else { return Ok(false) };
        let mut cause = Cause::acting_for(change.cause.actor.user_id);
        cause.trace_parent = change.cause.trace_parent.clone();
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

/// The nominal starts that are taken from the one that was closed on, or from the day it was closed, if that is earlier.
/// The newest come first.
pub(super) async fn planned(
    connection: &impl ConnectionTrait,
    schedule: &Schedule,
    closed: &Closed,
) -> Result<Vec<Nominal>, StoreError> {
    let zone = mesh_recurrence::zone(&schedule.time_zone).map_or(jiff::tz::TimeZone::UTC, |(_, zone)| zone);
    let day = Nominal::Date(zone.to_datetime(to_jiff(closed.time)).date());
    let query = occurrence::Entity::find()
        .filter(occurrence::Column::ScheduleId.eq(schedule.id))
        .filter(occurrence::Column::Nominal.gte(day.min(closed.nominal).to_string()))
        .order_by_desc(occurrence::Column::Nominal)
        .limit(MOST_PLANNED);
    let nominal = |row: occurrence::Model| row.nominal.parse().map_err(|_| StoreError::corrupt("occurrence.nominal"));
    query.all(connection).await?.into_iter().map(nominal).collect()
}

/// The occurrence of a schedule that was closed and has no successor.
pub(super) async fn owed(connection: &impl ConnectionTrait, schedule_id: Uuid) -> Result<Option<Closed>, StoreError> {
    let query = occurrence::Entity::find()
        .filter(occurrence::Column::ScheduleId.eq(schedule_id))
        .filter(occurrence::Column::SuccessorPlanned.eq(false))
        .filter(occurrence::Column::CloseUs.is_not_null())
        .order_by_asc(occurrence::Column::Nominal);
    let row = query.one(connection).await?.map(Occurrence::try_from).transpose()?;
    Ok(row.and_then(|occurrence| occurrence.owed()))
}

/// Notes that this one has its successor, or that there will never be one.
pub(super) async fn settle(
    connection: &impl ConnectionTrait,
    schedule_id: Uuid,
    nominal: Nominal,
) -> Result<(), StoreError> {
    let settled = occurrence::ActiveModel { successor_planned: Set(true), ..Default::default() };
    let update = occurrence::Entity::update_many()
        .set(settled)
        .filter(occurrence::Column::ScheduleId.eq(schedule_id))
        .filter(occurrence::Column::Nominal.eq(nominal.to_string()));
    update.exec(connection).await?;
    Ok(())
}

/// A new one. That its key is free was decided under the schedule's lock; if it were not, this would fail.
pub(super) async fn insert(connection: &impl ConnectionTrait, occurrence: &Occurrence) -> Result<(), StoreError> {
    let row = occurrence::Model::from(occurrence).into_active_model().reset_all();
    occurrence::Entity::insert(row).exec_without_returning(connection).await?;
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
