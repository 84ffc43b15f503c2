//! Single tasks: found within the workspaces that the caller may read, inserted, rewritten.

use mesh_store::{Sql, StoreError, Writes};
use mesh_types::{Caller, TaskId, WorkspaceId};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
    QueryTrait, Select, Statement,
};

use super::{Error, Store, tables::task};
use crate::domain::{Series, Task};

impl Store {
    /// The task with this id, if the caller may read it; deleted ones included.
    ///
    /// # Errors
    /// [`Error::NotFound`], or what the database says.
    pub async fn find_task(&self, caller: &Caller, id: TaskId) -> Result<Task, Error> {
        find(self.database.reader(), readable(caller), id).await
    }
}

/// Tasks in these workspaces: where every query of tasks begins.
pub(super) fn tasks_in(workspaces: &[WorkspaceId]) -> Select<task::Entity> {
    let tasks = task::Entity::find();
    match workspaces {
        [workspace] => tasks.filter(task::Column::WorkspaceId.eq(workspace.0)),
        several => tasks.filter(task::Column::WorkspaceId.is_in(several.iter().map(|workspace| workspace.0))),
    }
}

/// The tasks that the caller may read.
fn readable(caller: &Caller) -> Select<task::Entity> {
    tasks_in(&caller.readable())
}

async fn find(connection: &impl ConnectionTrait, tasks: Select<task::Entity>, id: TaskId) -> Result<Task, Error> {
    let found = tasks.filter(task::Column::Id.eq(id.0)).one(connection).await.map_err(StoreError::from)?;
    Ok(Task::try_from(found.ok_or(Error::NotFound(id))?)?)
}

/// The task with this id, if the caller may read it, kept from other writers until the transaction ends. (SQLite has
/// one writer anyway.)
pub(super) async fn lock(connection: &impl ConnectionTrait, caller: &Caller, id: TaskId) -> Result<Task, Error> {
    find(connection, readable(caller).lock_exclusive(), id).await
}

/// Adds the row of a new task.
pub(super) fn insert(writes: &mut Writes, backend: DbBackend, task: &Task) {
    let row = task::Model::from(task).into_active_model();
    add(writes, task::Entity::insert(row.reset_all()).build(backend));
}

/// Adds what becomes of the row of a task.
pub(super) fn rewrite(writes: &mut Writes, backend: DbBackend, task: &Task) {
    let row = task::Model::from(task).into_active_model().reset_all();
    let update = task::Entity::update_many().set(row).filter(task::Column::Id.eq(task.id.0));
    add(writes, update.build(backend));
}

fn add(writes: &mut Writes, statement: Statement) {
    let Statement { sql, values, .. } = statement;
    writes.add("written", format!("{sql} RETURNING 1"), values.map(|values| values.0).unwrap_or_default());
}

/// Notes that `task` is this occurrence, for ever; or returns the task that is it already.
pub(super) async fn take_occurrence(
    connection: &impl ConnectionTrait,
    task: &Task,
    series: &Series,
) -> Result<Option<TaskId>, StoreError> {
    const TAKE: Sql = Sql::both(
        "INSERT INTO task_occurrence (workspace_id, schedule_id, occurrence, task_id) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
    );
    const TAKEN_BY: Sql = Sql::both(
        "SELECT task_id FROM task_occurrence WHERE workspace_id = $1 AND schedule_id = $2 AND occurrence = $3",
    );
    let key = || [task.workspace_id.0.into(), series.schedule_id.into(), series.occurrence.to_string().into()];
    if TAKE.run(connection, key().into_iter().chain([task.id.0.into()])).await? == 1 {
        return Ok(None);
    }
    let row = TAKEN_BY.one(connection, key()).await?.ok_or_else(|| StoreError::corrupt("task_occurrence"))?;
    Ok(Some(TaskId(row.try_get("", "task_id")?)))
}
