//! Single reminders: found among those of the caller, inserted, rewritten; and many at once, as firing and following
//! change them.

use mesh_store::{Sql, StoreError, Transaction};
use mesh_types::{Caller, TaskId, UserId, WorkspaceId};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect, Select,
};
use serde_json::json;
use uuid::Uuid;

use super::{Error, Store, tables::reminder};
use crate::domain::{PersonDay, Reminder};

impl Store {
    /// The reminder with this id, if it is the caller's; a deleted one, too.
    ///
    /// # Errors
    /// [`Error::NotFound`], or what the database says.
    pub async fn find_reminder(&self, caller: &Caller, id: Uuid) -> Result<Reminder, Error> {
        find(self.database.reader(), mine(caller), id).await
    }
}

/// A person's reminders in these workspaces: where every query for a person begins.
pub(super) fn reminders_of(user: UserId, workspaces: &[WorkspaceId]) -> Select<reminder::Entity> {
    let reminders = reminder::Entity::find().filter(reminder::Column::UserId.eq(user.0));
    match workspaces {
        [workspace] => reminders.filter(reminder::Column::WorkspaceId.eq(workspace.0)),
        several => reminders.filter(reminder::Column::WorkspaceId.is_in(several.iter().map(|workspace| workspace.0))),
    }
}

fn mine(caller: &Caller) -> Select<reminder::Entity> {
    reminders_of(caller.actor.user_id, &caller.readable())
}

async fn find(
    connection: &impl ConnectionTrait,
    reminders: Select<reminder::Entity>,
    id: Uuid,
) -> Result<Reminder, Error> {
    let found = reminders.filter(reminder::Column::Id.eq(id)).one(connection).await.map_err(StoreError::from)?;
    Ok(Reminder::try_from(found.ok_or(Error::NotFound { kind: "reminder", id })?)?)
}

/// The task of the caller's reminder with this id: it never changes.
pub(super) async fn task_of(transaction: &Transaction, caller: &Caller, id: Uuid) -> Result<TaskId, Error> {
    find(transaction, mine(caller), id).await.map(|reminder| reminder.task_id)
}

/// The caller's reminder with this id, kept from other writers until the transaction ends.
pub(super) async fn lock(transaction: &Transaction, caller: &Caller, id: Uuid) -> Result<Reminder, Error> {
    find(transaction, mine(caller).lock_exclusive(), id).await
}

/// Every reminder of these tasks that is not deleted, locked in the order of their ids.
pub(super) async fn lock_of_tasks(transaction: &Transaction, tasks: &[Uuid]) -> Result<Vec<Reminder>, StoreError> {
    let reminders = reminder::Entity::find().filter(reminder::Column::TaskId.is_in(tasks.iter().copied()));
    let kept = reminders.filter(reminder::Column::DeleteUs.is_null()).order_by_asc(reminder::Column::Id);
    kept.lock_exclusive().all(transaction).await?.into_iter().map(Reminder::try_from).collect()
}

/// Every reminder with an offset that the person has of these tasks, deleted ones, too, locked in the order of their ids.
pub(super) async fn lock_of_person(
    transaction: &Transaction,
    user: UserId,
    tasks: &[Uuid],
) -> Result<Vec<Reminder>, StoreError> {
    let reminders = reminder::Entity::find()
        .filter(reminder::Column::UserId.eq(user.0))
        .filter(reminder::Column::TaskId.is_in(tasks.iter().copied()))
        .filter(reminder::Column::OffsetUs.is_not_null());
    let reminders = reminders.order_by_asc(reminder::Column::Id).lock_exclusive().all(transaction).await?;
    reminders.into_iter().map(Reminder::try_from).collect()
}

/// Every reminder of this task that is not deleted, as it is, in the order of their ids.
pub(super) async fn of_task(transaction: &Transaction, task: TaskId) -> Result<Vec<Reminder>, StoreError> {
    let reminders = reminder::Entity::find().filter(reminder::Column::TaskId.eq(task.0));
    let kept = reminders.filter(reminder::Column::DeleteUs.is_null()).order_by_asc(reminder::Column::Id);
    kept.all(transaction).await?.into_iter().map(Reminder::try_from).collect()
}

/// How many reminders of this task the person has.
pub(super) async fn count(transaction: &Transaction, task: TaskId, user: UserId) -> Result<u64, StoreError> {
    let reminders = reminder::Entity::find()
        .filter(reminder::Column::TaskId.eq(task.0))
        .filter(reminder::Column::UserId.eq(user.0))
        .filter(reminder::Column::DeleteUs.is_null());
    Ok(reminders.count(transaction).await?)
}

pub(super) async fn insert(transaction: &Transaction, reminder: &Reminder) -> Result<(), StoreError> {
    let row = reminder::Model::from(reminder).into_active_model();
    reminder::Entity::insert(row.reset_all()).exec_without_returning(transaction).await?;
    Ok(())
}

pub(super) async fn rewrite(transaction: &Transaction, reminder: &Reminder) -> Result<(), StoreError> {
    let row = reminder::Model::from(reminder).into_active_model().reset_all();
    let update = reminder::Entity::update_many().set(row).filter(reminder::Column::Id.eq(reminder.id));
    update.exec(transaction).await?;
    Ok(())
}

/// Where they stand, in one statement however many they are; what only their owner changes stays as it is.
pub(super) async fn restate<'a>(
    transaction: &Transaction,
    reminders: impl Iterator<Item = &'a Reminder>,
) -> Result<(), StoreError> {
    const RESTATE: Sql = Sql {
        postgres: "
            UPDATE reminder SET state = stated.state, fire_us = stated.fire_us, last_fire_us = stated.last_fire_us,
                fire_count = stated.fire_count, late = stated.late, snooze_us = stated.snooze_us, base_us = stated.base_us,
                round = stated.round, update_us = stated.update_us, version = stated.version
            FROM jsonb_to_recordset($1::jsonb) AS stated (id uuid, state smallint, fire_us bigint, last_fire_us bigint,
                fire_count integer, late boolean, snooze_us bigint, base_us bigint, round integer, update_us bigint,
                version bigint)
            WHERE reminder.id = stated.id",
        sqlite: "
            UPDATE reminder SET state = stated.row ->> 'state', fire_us = stated.row ->> 'fire_us',
                last_fire_us = stated.row ->> 'last_fire_us', fire_count = stated.row ->> 'fire_count',
                late = stated.row ->> 'late', snooze_us = stated.row ->> 'snooze_us', base_us = stated.row ->> 'base_us',
                round = stated.row ->> 'round', update_us = stated.row ->> 'update_us', version = stated.row ->> 'version'
            FROM (SELECT value AS row FROM json_each($1)) AS stated
            WHERE reminder.id = unhex(stated.row ->> 'id')",
    };
    let rows: Vec<_> = reminders.map(reminder::Model::from).map(|row| state_of(&row)).collect();
    if !rows.is_empty() {
        RESTATE.run(transaction, [serde_json::Value::from(rows).to_string().into()]).await?;
    }
    Ok(())
}

/// Notes how the person of these counts their days, and which instants that means; nothing that is told.
pub(super) async fn recount(
    transaction: &Transaction,
    reminders: &[Reminder],
    day: &PersonDay,
) -> Result<(), StoreError> {
    const RECOUNT: Sql = Sql {
        postgres: "
            UPDATE reminder SET zone = $2, day_start = $3, base_us = counted.base_us
            FROM jsonb_to_recordset($1::jsonb) AS counted (id uuid, base_us bigint)
            WHERE reminder.id = counted.id",
        sqlite: "
            UPDATE reminder SET zone = $2, day_start = $3, base_us = counted.row ->> 'base_us'
            FROM (SELECT value AS row FROM json_each($1)) AS counted
            WHERE reminder.id = unhex(counted.row ->> 'id')",
    };
    let rows = reminders.iter().map(reminder::Model::from);
    let rows = rows.map(|row| json!({ "id": row.id.simple().to_string(), "base_us": row.base_us }));
    let values =
        [serde_json::Value::from_iter(rows).to_string().into(), day.zone.clone().into(), day.start.clone().into()];
    RECOUNT.run(transaction, values).await?;
    Ok(())
}

fn state_of(row: &reminder::Model) -> serde_json::Value {
    json!({
        "id": row.id.simple().to_string(),
        "state": row.state,
        "fire_us": row.fire_us,
        "last_fire_us": row.last_fire_us,
        "fire_count": row.fire_count,
        "late": row.late,
        "snooze_us": row.snooze_us,
        "base_us": row.base_us,
        "round": row.round,
        "update_us": row.update_us,
        "version": row.version,
    })
}
