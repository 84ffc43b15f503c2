//! Single schedules: found within the workspaces that the caller may read, locked, inserted, rewritten.

use mesh_store::{StoreError, Transaction};
use mesh_types::{Caller, TaskId, WorkspaceId};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect,
    Select,
};
use uuid::Uuid;

use super::{
    Error, Store,
    tables::{occurrence, schedule},
};
use crate::domain::{Coded, Schedule, ScheduleState};

impl Store {
    /// The schedule with this id, if the caller may read it.
    ///
    /// # Errors
    /// [`Error::NotFound`], or what the database says.
    pub async fn find_schedule(&self, caller: &Caller, id: Uuid) -> Result<Schedule, Error> {
        find(self.database.reader(), schedules_in(&caller.readable()), id).await
    }
}

/// Schedules in these workspaces: where every query of schedules for somebody begins.
pub(super) fn schedules_in(workspaces: &[WorkspaceId]) -> Select<schedule::Entity> {
    let schedules = schedule::Entity::find();
    match workspaces {
        [workspace] => schedules.filter(schedule::Column::WorkspaceId.eq(workspace.0)),
        several => schedules.filter(schedule::Column::WorkspaceId.is_in(several.iter().map(|workspace| workspace.0))),
    }
}

async fn find(
    connection: &impl ConnectionTrait,
    schedules: Select<schedule::Entity>,
    id: Uuid,
) -> Result<Schedule, Error> {
    let found = schedules.filter(schedule::Column::Id.eq(id)).one(connection).await.map_err(StoreError::from)?;
    Ok(Schedule::try_from(found.ok_or(Error::NotFound { kind: "schedule", id })?)?)
}

/// The schedule with this id, if the caller may read it, kept from other writers until the transaction ends.
pub(super) async fn lock(transaction: &Transaction, caller: &Caller, id: Uuid) -> Result<Schedule, Error> {
    find(transaction, schedules_in(&caller.readable()).lock_exclusive(), id).await
}

/// These schedules, whoever they belong to, locked in the order of their ids.
pub(super) async fn lock_all(transaction: &Transaction, ids: &[Uuid]) -> Result<Vec<Schedule>, StoreError> {
    let query = schedule::Entity::find().filter(schedule::Column::Id.is_in(ids.iter().copied()));
    let rows = query.order_by_asc(schedule::Column::Id).lock_exclusive().all(transaction).await?;
    rows.into_iter().map(Schedule::try_from).collect()
}

/// These schedules, whoever they belong to, as they are; each may be unreadable by itself.
pub(super) async fn read_all(
    connection: &impl ConnectionTrait,
    ids: &[Uuid],
) -> Result<Vec<Result<Schedule, StoreError>>, StoreError> {
    let query = schedule::Entity::find().filter(schedule::Column::Id.is_in(ids.iter().copied()));
    Ok(query.all(connection).await?.into_iter().map(Schedule::try_from).collect())
}

/// The schedule that has not ended and that this task is an occurrence of, if there is one.
pub(super) async fn living_of(connection: &impl ConnectionTrait, task: TaskId) -> Result<Option<Uuid>, StoreError> {
    let of_task = occurrence::Entity::find().filter(occurrence::Column::TaskId.eq(task.0)).all(connection).await?;
    let ended = i16::try_from(ScheduleState::Ended.code()).unwrap_or_default();
    let living = schedule::Entity::find()
        .filter(schedule::Column::Id.is_in(of_task.iter().map(|row| row.schedule_id)))
        .filter(schedule::Column::State.ne(ended))
        .filter(schedule::Column::DeleteUs.is_null());
    Ok(living.one(connection).await?.map(|row| row.id))
}

pub(super) async fn insert(connection: &impl ConnectionTrait, schedule: &Schedule) -> Result<(), StoreError> {
    let row = schedule::Model::try_from(schedule)?.into_active_model();
    schedule::Entity::insert(row.reset_all()).exec_without_returning(connection).await?;
    Ok(())
}

pub(super) async fn rewrite(connection: &impl ConnectionTrait, schedule: &Schedule) -> Result<(), StoreError> {
    let row = schedule::Model::try_from(schedule)?.into_active_model().reset_all();
    let update = schedule::Entity::update_many().set(row).filter(schedule::Column::Id.eq(schedule.id));
    update.exec(connection).await?;
    Ok(())
}
