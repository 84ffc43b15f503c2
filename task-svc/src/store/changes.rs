//! Changes: one transaction for the row, its event and the request id. This is the heart of every mutation.

use mesh_store::{
    Transaction,
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

/// How the work inside a transaction came out, when nothing was refused.
enum Worked {
    /// It is to be committed.
    Fresh(Box<Written>),
    /// It was done before.
    Before(Outcome),
}

impl Store {
    /// Stores a new task and its event, unless the request has been answered before.
    ///
    /// # Errors
    /// When the parent or the occurrence of the schedule is not to be had, when the request id cannot be taken, or what
    /// the database says.
    pub async fn create_task(&self, change: &Change<'_>, event: TaskEvent) -> Result<Written, Error> {
        let transaction = self.database.begin().await?;
        let worked = self.insert(&transaction, change, event).await;
        self.conclude(transaction, change, worked).await
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

    async fn insert(&self, transaction: &Transaction, change: &Change<'_>, event: TaskEvent) -> Result<Worked, Error> {
        if let Claim::Replay(outcome) = change.claim(transaction, event.after.workspace_id).await? {
            return Ok(Worked::Before(outcome));
        }
        self.check_places(transaction, &event).await?;
        tasks::insert(transaction, &event.after).await?;
        self.append(transaction, change, event).await
    }

    async fn rewrite(
        &self,
        transaction: &Transaction,
        change: &Change<'_>,
        id: TaskId,
        decide: impl FnOnce(&Task) -> Decision + Send,
    ) -> Result<Worked, Error> {
        let task = tasks::lock(transaction, change.caller, id).await?;
        change.caller.may_change(task.workspace_id).map_err(Error::Forbidden)?;
        if let Claim::Replay(outcome) = change.claim(transaction, task.workspace_id).await? {
            return Ok(Worked::Before(outcome));
        }
        let Some(event) = decide(&task)? else {
            let written = Written { task, change_id: None };
            change.record(transaction, &written).await?;
            return Ok(Worked::Fresh(Box::new(written)));
        };
        self.check_places(transaction, &event).await?;
        tasks::rewrite(transaction, &event.after).await?;
        self.append(transaction, change, event).await
    }

    /// Appends the event, and notes the request as answered.
    async fn append(&self, transaction: &Transaction, change: &Change<'_>, event: TaskEvent) -> Result<Worked, Error> {
        let id = new_id(change.now);
        let told = (self.codec.encode)(&event, id, change.caller, change.now);
        self.log.append(transaction, &[told]).await?;
        let written = Written { task: event.after, change_id: Some(id) };
        change.record(transaction, &written).await?;
        Ok(Worked::Fresh(Box::new(written)))
    }

    /// Ends the transaction, and only then answers: a caller who is refused may repeat the request at once, so nothing
    /// of the first attempt may be left then.
    async fn conclude(
        &self,
        transaction: Transaction,
        change: &Change<'_>,
        worked: Result<Worked, Error>,
    ) -> Result<Written, Error> {
        match worked {
            Ok(Worked::Fresh(written)) => {
                mesh_store::commit(transaction).await?;
                if written.change_id.is_some() {
                    self.log.committed();
                }
                Ok(*written)
            }
            Ok(Worked::Before(outcome)) => {
                roll_back(transaction).await;
                self.replay(change.caller, outcome).await
            }
            Err(error) => {
                roll_back(transaction).await;
                Err(error)
            }
        }
    }
}

/// Ends a transaction that changes nothing. If that fails the connection is broken, and the database ends it by itself.
async fn roll_back(transaction: Transaction) {
    if let Err(error) = transaction.rollback().await {
        tracing::debug!(error = %error, "transaction could not be rolled back");
    }
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
