//! Changes: one transaction for the row, its event and the request id. This is the heart of every mutation.

use mesh_store::{
    Change, Transaction, Worked, Writes, conclude,
    request_ids::{Claim, Outcome},
};
use mesh_types::{Etag, TaskId, WorkspaceId, new_id};
use uuid::Uuid;

use super::{Error, Store, tasks};
use crate::domain::{Decision, Task, TaskEvent};

/// What a change made of a task.
#[derive(Clone, Debug)]
pub struct Written {
    /// The task after it.
    pub task: Task,
    /// Its event; `None` if nothing had to be done.
    pub change_id: Option<Uuid>,
}

impl Store {
    /// Stores a new task and its event, unless the request has been answered before.
    ///
    /// Nearly every request is new, so it is not looked up beforehand, which saves a round trip: what was answered before
    /// cannot be noted again, and only what fails is looked up. One that is sent twice at once waits for the first.
    ///
    /// # Errors
    /// When the parent or the occurrence of the schedule is not to be had, when the request id cannot be taken, or what
    /// the database says.
    pub async fn create_task(&self, change: &Change<'_>, event: TaskEvent) -> Result<Written, Error> {
        let workspace = event.after.workspace_id;
        let transaction = self.database.begin().await?;
        let worked = self.insert(&transaction, change, event).await;
        match self.conclude(transaction, change, worked).await {
            Err(refused) if !refused.is_of_database() => self.answered_before(change, workspace, refused).await,
            done => done,
        }
    }

    /// Changes one task: locks it, lets `decide` look at it and say what happens, and stores that with its event.
    /// Nothing is stored when nothing happens.
    ///
    /// # Errors
    /// When there is no such task, the caller may not change it, the etag is stale, `decide` says no, what it would
    /// point at is not to be had, the request id cannot be taken; or what the database says.
    pub async fn update_task(
        &self,
        change: &Change<'_>,
        id: TaskId,
        etag: Option<&Etag>,
        decide: impl FnOnce(&Task) -> Decision + Send,
    ) -> Result<Written, Error> {
        let transaction = self.database.begin().await?;
        let decide = |task: &Task| task.matches(etag).and_then(|()| decide(task));
        let worked = self.rewrite(&transaction, change, id, decide).await;
        self.conclude(transaction, change, worked).await
    }

    async fn insert(
        &self,
        transaction: &Transaction,
        change: &Change<'_>,
        event: TaskEvent,
    ) -> Result<Worked<Written>, Error> {
        self.check_places(transaction, &event).await?;
        let mut writes = Writes::default();
        tasks::insert(&mut writes, self.database.backend().into(), &event.after);
        self.finish(transaction, change, writes, event).await
    }

    /// The answer of a request that was answered before; else why it is refused.
    async fn answered_before(
        &self,
        change: &Change<'_>,
        workspace: WorkspaceId,
        refused: Error,
    ) -> Result<Written, Error> {
        let transaction = self.database.begin().await?;
        let claimed = change.claim(&transaction, workspace).await;
        let worked = match claimed {
            Ok(Claim::Replay(outcome)) => Ok(Worked::Before(outcome)),
            Ok(Claim::Fresh) => Err(refused),
            Err(error) => Err(error.into()),
        };
        self.conclude(transaction, change, worked).await
    }

    async fn rewrite(
        &self,
        transaction: &Transaction,
        change: &Change<'_>,
        id: TaskId,
        decide: impl FnOnce(&Task) -> Decision + Send,
    ) -> Result<Worked<Written>, Error> {
        let task = tasks::lock(transaction, change.caller, id).await?;
        change.caller.may_change(task.workspace_id).map_err(Error::Forbidden)?;
        if let Claim::Replay(outcome) = change.claim(transaction, task.workspace_id).await? {
            return Ok(Worked::Before(outcome));
        }
        let Some(event) = decide(&task)? else {
            let written = Written { task, change_id: None };
            return answered(transaction, change, Writes::default(), written).await;
        };
        self.check_places(transaction, &event).await?;
        let mut writes = Writes::default();
        tasks::rewrite(&mut writes, self.database.backend().into(), &event.after);
        self.finish(transaction, change, writes, event).await
    }

    /// Writes the row, its event and the request's answer, in one go.
    async fn finish(
        &self,
        transaction: &Transaction,
        change: &Change<'_>,
        mut writes: Writes,
        event: TaskEvent,
    ) -> Result<Worked<Written>, Error> {
        let id = new_id(change.now);
        let told = (self.codec.encode)(&event, id, change.caller, change.now);
        self.log.append_with(&mut writes, &told)?;
        answered(transaction, change, writes, Written { task: event.after, change_id: Some(id) }).await
    }

    /// Ends the transaction, tells the relay, and finds the answer of a request that was answered before.
    async fn conclude(
        &self,
        transaction: Transaction,
        change: &Change<'_>,
        worked: Result<Worked<Written>, Error>,
    ) -> Result<Written, Error> {
        match conclude(transaction, worked).await? {
            Worked::Fresh(written) => {
                if written.change_id.is_some() {
                    self.log.committed();
                }
                Ok(written)
            }
            Worked::Before(outcome) => self.replay(change.caller, outcome).await,
        }
    }
}

/// Makes the writes, and notes the request as answered by this.
async fn answered(
    transaction: &Transaction,
    change: &Change<'_>,
    writes: Writes,
    written: Written,
) -> Result<Worked<Written>, Error> {
    let outcome = Outcome { event_id: written.change_id, aggregate_id: written.task.id.0 };
    change.finish(transaction, writes, written.task.workspace_id, outcome).await?;
    Ok(Worked::Fresh(written))
}
