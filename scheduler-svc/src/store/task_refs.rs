//! What is known of tasks. A task that is about to be known gets an empty row first, in a transaction of its own, and is
//! read by a call after that: so an event that comes in between finds the row, and no change can fall between the two.

use mesh_store::{Sql, StoreError, Transaction};
use mesh_types::TaskId;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::{Error, Store, tables::task_ref};
use crate::domain::TaskRef;

impl Store {
    /// Makes room for what will be known of a task; from the commit on its events are not passed over.
    ///
    /// # Errors
    /// What the database says.
    pub async fn expect_task(&self, id: TaskId) -> Result<(), Error> {
        const EXPECT: Sql = Sql::both("INSERT INTO task_ref (task_id) VALUES ($1) ON CONFLICT DO NOTHING");
        EXPECT.run(self.database.writer(), [id.0.into()]).await?;
        Ok(())
    }

    /// Gives up a task of which nothing is known yet, because it is not there for whoever asked. One that is planned stays:
    /// reminders may wait for it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn forget_task(&self, id: TaskId) -> Result<(), Error> {
        const FORGET: Sql = Sql::both(
            "DELETE FROM task_ref WHERE task_id = $1 AND version = 0
             AND NOT EXISTS (SELECT 1 FROM occurrence WHERE task_id = $1)",
        );
        let transaction = self.database.begin().await?;
        // The row first: a statement that had to wait for it would not see the occurrence that was planned meanwhile.
        if lock(&transaction, id).await?.is_some() {
            FORGET.run(&transaction, [id.0.into()]).await?;
        }
        Ok(mesh_store::commit(transaction).await?)
    }
}

/// Makes room for what will be known of a task that is only planned so far. The row, new or not, is locked until the
/// transaction ends, so that nobody gives it up before what needs it is there to see.
pub(super) async fn expect(transaction: &Transaction, id: TaskId) -> Result<(), StoreError> {
    const EXPECT: Sql = Sql::both(
        "INSERT INTO task_ref (task_id) VALUES ($1) ON CONFLICT (task_id) DO UPDATE SET version = task_ref.version",
    );
    EXPECT.run(transaction, [id.0.into()]).await?;
    Ok(())
}

/// Notes what was seen of a task, and returns the newest that is known of it. The row stays locked until the transaction
/// ends.
///
/// # Errors
/// [`Error::TaskForgotten`] when the row is gone, or what the database says.
pub(super) async fn admit(transaction: &Transaction, seen: &TaskRef) -> Result<TaskRef, Error> {
    let known = lock(transaction, seen.id).await?.ok_or(Error::TaskForgotten)?;
    Ok(note(transaction, known, seen.clone()).await?)
}

/// What is known of a task, locked until the transaction ends; version 0 is nothing yet.
pub(super) async fn lock(transaction: &Transaction, id: TaskId) -> Result<Option<TaskRef>, StoreError> {
    let found = task_ref::Entity::find_by_id(id.0).lock_exclusive().one(transaction).await?;
    found.map(TaskRef::try_from).transpose()
}

/// Those of these tasks that are known or about to be, locked in the order of their ids.
pub(super) async fn lock_all(transaction: &Transaction, ids: &[Uuid]) -> Result<Vec<TaskRef>, StoreError> {
    let tasks = task_ref::Entity::find().filter(task_ref::Column::TaskId.is_in(ids.iter().copied()));
    let rows = tasks.order_by_asc(task_ref::Column::TaskId).lock_exclusive().all(transaction).await?;
    rows.into_iter().map(TaskRef::try_from).collect()
}

/// Keeps the newer of the two and returns it.
pub(super) async fn note(transaction: &Transaction, known: TaskRef, seen: TaskRef) -> Result<TaskRef, StoreError> {
    let newest = known.clone().or_newer(seen);
    if newest != known {
        let row = task_ref::Model::from(&newest).into_active_model().reset_all();
        let update = task_ref::Entity::update_many().set(row).filter(task_ref::Column::TaskId.eq(newest.id.0));
        update.exec(transaction).await?;
    }
    Ok(newest)
}
