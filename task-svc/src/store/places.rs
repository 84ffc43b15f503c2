//! What a task points at: checked in the transaction that makes it point there.

use mesh_store::{Backend, Sql, StoreError, Transaction};
use mesh_types::TaskId;

use super::{Error, Store, tasks};
use crate::domain::{Lineage, Task, TaskError, TaskEvent};

/// Keeps others from rearranging the workspace's tree until the transaction ends, or two moves that are fine by
/// themselves could close a circle. SQLite has one writer anyway.
const LOCK_TREE: Sql = Sql::both("SELECT pg_advisory_xact_lock(hashtext('task_tree'), hashtext($1))");

/// One more level than is allowed is enough to see that it is too many.
const ANCESTORS: Sql = Sql::both(
    "WITH RECURSIVE up (id, parent_id, delete_us, depth) AS (
         SELECT id, parent_id, delete_us, 1 FROM task WHERE id = $1 AND workspace_id = $2
         UNION ALL
         SELECT task.id, task.parent_id, task.delete_us, up.depth + 1
         FROM up JOIN task ON task.id = up.parent_id WHERE up.depth <= $3
     ) SELECT id, delete_us FROM up ORDER BY depth",
);

const HEIGHT: Sql = Sql::both(
    "WITH RECURSIVE down (id, depth) AS (
         SELECT $1, 0
         UNION ALL
         SELECT task.id, down.depth + 1
         FROM down JOIN task ON task.parent_id = down.id AND task.workspace_id = $2 WHERE down.depth < $3
     ) SELECT max(depth) AS height FROM down",
);

impl Store {
    /// Checks what the task points at after `event` and did not before.
    pub(super) async fn check_places(&self, transaction: &Transaction, event: &TaskEvent) -> Result<(), Error> {
        if let Some(list) = newly(event, |task| task.list_id) {
            // There are no lists yet.
            return Err(TaskError::ListNotFound(list).into());
        }
        if let Some(parent) = newly(event, |task| task.parent_id) {
            self.lineage(transaction, event, parent).await?.admit(&event.after, parent)?;
        }
        if let Some(series) = newly(event, |task| task.series.clone()) {
            let holder = tasks::take_occurrence(transaction, &event.after, &series).await?;
            // A task may come back to the occurrence that it was. A new task may not, even if it has the same id because
            // that follows from the occurrence.
            if let Some(holder) = holder.filter(|id| event.before.is_none() || *id != event.after.id) {
                return Err(TaskError::OccurrenceTaken(holder).into());
            }
        }
        Ok(())
    }

    async fn lineage(
        &self,
        transaction: &Transaction,
        event: &TaskEvent,
        parent: TaskId,
    ) -> Result<Lineage, StoreError> {
        let task = &event.after;
        if self.database.backend() == Backend::Postgres {
            LOCK_TREE.run(transaction, [task.workspace_id.to_string().into()]).await?;
        }
        let bound = i32::try_from(Lineage::MAX_DEPTH).unwrap_or(i32::MAX);
        let rows = ANCESTORS.all(transaction, [parent.0.into(), task.workspace_id.0.into(), bound.into()]).await?;
        let mut lineage = Lineage { height: height(transaction, event, bound).await?, ..Lineage::default() };
        for row in rows {
            lineage.ancestors.push(TaskId(row.try_get("", "id")?));
            if lineage.ancestors.len() == 1 {
                lineage.parent_deleted = row.try_get::<Option<i64>>("", "delete_us")?.is_some();
            }
        }
        Ok(lineage)
    }
}

/// What the task says of this after the event, if that is not what it said before.
fn newly<T: PartialEq>(event: &TaskEvent, get: impl Fn(&Task) -> Option<T>) -> Option<T> {
    let before = event.before.as_ref().and_then(&get);
    get(&event.after).filter(|after| before.as_ref() != Some(after))
}

async fn height(transaction: &Transaction, event: &TaskEvent, bound: i32) -> Result<usize, StoreError> {
    let Task { id, workspace_id, .. } = &event.after;
    if event.before.is_none() {
        return Ok(0);
    }
    let row = HEIGHT.one(transaction, [id.0.into(), workspace_id.0.into(), bound.into()]).await?;
    let height: i32 = row.ok_or_else(|| StoreError::corrupt("task.parent_id"))?.try_get("", "height")?;
    Ok(usize::try_from(height).unwrap_or_default())
}
