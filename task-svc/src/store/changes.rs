//! Changes: one transaction for the row, its event and the request id. This is the heart of every mutation.

use mesh_store::{
    StoreError, Transaction,
    request_ids::{self, Claim, Outcome, RequestKey},
};
use mesh_types::{Caller, TaskId, Timestamp, WorkspaceId, new_id};
use uuid::Uuid;

use super::{Error, Store, tasks};
use crate::domain::{Decision, Etag, Task, TaskEvent};

/// Who makes a change, when, and by which request.
#[derive(Clone, Debug)]
pub struct Change<'a> {
    /// Who.
    pub caller: &'a Caller,
    /// When.
    pub now: Timestamp,
    /// The RPC, such as `CompleteTask`.
    pub method: &'static str,
    /// The id that makes repeating the request harmless.
    pub request: Option<&'a RequestId>,
}

/// A request's id and what it asked for.
#[derive(Clone, Debug)]
pub struct RequestId {
    /// The id that the client chose.
    pub id: String,
    /// The SHA-256 of the request without it.
    pub body_digest: [u8; 32],
}

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
    /// # Errors
    /// When the parent or the occurrence of the schedule is not to be had, when the request id cannot be taken, or what
    /// the database says.
    pub async fn create_task(&self, change: &Change<'_>, event: TaskEvent) -> Result<Written, Error> {
        let workspace = event.after.workspace_id;
        let transaction = self.database.begin().await?;
        if let Claim::Replay(outcome) = change.claim(&transaction, workspace).await? {
            rollback(transaction).await?;
            return self.replay(change.caller, outcome).await;
        }
        self.check_places(&transaction, &event).await?;
        tasks::insert(&transaction, &event.after).await?;
        self.finish(transaction, change, event.after.clone(), Some(event)).await
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
        let task = tasks::lock(&transaction, change.caller, id).await?;
        change.caller.may_change(task.workspace_id).map_err(Error::Forbidden)?;
        if let Claim::Replay(outcome) = change.claim(&transaction, task.workspace_id).await? {
            rollback(transaction).await?;
            return self.replay(change.caller, outcome).await;
        }
        task.matches(etag)?;
        let event = decide(&task)?;
        if let Some(event) = &event {
            self.check_places(&transaction, event).await?;
            tasks::rewrite(&transaction, &event.after).await?;
        }
        self.finish(transaction, change, task, event).await
    }

    /// Appends the event, notes the request as answered, commits, and wakes the relay.
    async fn finish(
        &self,
        transaction: Transaction,
        change: &Change<'_>,
        task: Task,
        event: Option<TaskEvent>,
    ) -> Result<Written, Error> {
        let written = match event {
            None => Written { task, change_id: None },
            Some(event) => {
                let id = new_id(change.now);
                let told = (self.codec.encode)(&event, id, change.caller, change.now);
                self.log.append(&transaction, &[told]).await?;
                Written { task: event.after, change_id: Some(id) }
            }
        };
        change.record(&transaction, &written).await?;
        mesh_store::commit(transaction).await?;
        if written.change_id.is_some() {
            self.log.committed();
        }
        Ok(written)
    }
}

/// Ends a transaction that has changed nothing.
async fn rollback(transaction: Transaction) -> Result<(), Error> {
    Ok(transaction.rollback().await.map_err(StoreError::from)?)
}

impl Change<'_> {
    async fn claim(&self, transaction: &Transaction, workspace: WorkspaceId) -> Result<Claim, Error> {
        let Some(request) = self.request else { return Ok(Claim::Fresh) };
        let principal = self.caller.actor.user_id.to_string();
        let key = self.key(request, &principal, workspace);
        Ok(request_ids::claim(transaction, &key, request.body_digest, self.now).await?)
    }

    async fn record(&self, transaction: &Transaction, written: &Written) -> Result<(), Error> {
        let Some(request) = self.request else { return Ok(()) };
        let principal = self.caller.actor.user_id.to_string();
        let key = self.key(request, &principal, written.task.workspace_id);
        let outcome = Outcome { event_id: written.change_id, aggregate_id: written.task.id.0 };
        Ok(request_ids::record(transaction, &key, request.body_digest, outcome, self.now).await?)
    }

    fn key<'a>(&'a self, request: &'a RequestId, principal: &'a str, workspace: WorkspaceId) -> RequestKey<'a> {
        RequestKey { principal, workspace, method: self.method, id: &request.id }
    }
}
