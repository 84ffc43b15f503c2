//! A change: one transaction for rows, events and the request id, whoever makes it and whatever it changes.
//!
//! A service begins a transaction, [claims](Change::claim) the request id, does its work, [finishes](Change::finish) with
//! what is to be written and what came of it, and hands transaction and outcome to [`conclude`].

use mesh_types::{Caller, RequestId, Timestamp, WorkspaceId};

use crate::{
    StoreError, Transaction, Writes, commit,
    request_ids::{self, Answered, Claim, ClaimError, Outcome, RequestKey},
};

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

/// How the work inside a transaction came out, when nothing was refused.
#[derive(Clone, Debug)]
pub enum Worked<T> {
    /// It is to be committed.
    Fresh(T),
    /// It was done before, by a request with the same id.
    Before(Outcome),
}

impl Change<'_> {
    /// Looks up the request id, if there is one, and keeps others with the same id out until the transaction ends.
    ///
    /// # Errors
    /// When the id belongs to another request, or to one that is in flight.
    pub async fn claim(&self, transaction: &Transaction, workspace: WorkspaceId) -> Result<Claim, ClaimError> {
        let Some(request) = self.request else { return Ok(Claim::Fresh) };
        let principal = self.caller.actor.user_id.to_string();
        let key = self.key(request, &principal, workspace);
        request_ids::claim(transaction, &key, request.body_digest, self.now).await
    }

    /// Makes `writes` and remembers what the change did, for whoever sends the request again. Without a request id there is
    /// nothing to remember.
    ///
    /// # Errors
    /// [`ClaimError::InFlight`] when another request with this id was committed since the claim; or what the database says.
    pub async fn finish(
        &self,
        transaction: &Transaction,
        writes: Writes,
        workspace: WorkspaceId,
        outcome: Outcome,
    ) -> Result<(), ClaimError> {
        let Some(request) = self.request else {
            writes.run(transaction).await?;
            return Ok(());
        };
        let principal = self.caller.actor.user_id.to_string();
        let key = self.key(request, &principal, workspace);
        let answered = Answered { body_digest: request.body_digest, outcome, now: self.now };
        request_ids::record(transaction, writes, &key, answered).await
    }

    /// Remembers what the change did, when everything it writes is written.
    ///
    /// # Errors
    /// As for [`Change::finish`].
    pub async fn record(
        &self,
        transaction: &Transaction,
        workspace: WorkspaceId,
        outcome: Outcome,
    ) -> Result<(), ClaimError> {
        self.finish(transaction, Writes::default(), workspace, outcome).await
    }

    fn key<'a>(&'a self, request: &'a RequestId, principal: &'a str, workspace: WorkspaceId) -> RequestKey<'a> {
        RequestKey { principal, workspace, method: self.method, id: &request.id }
    }
}

/// Ends the transaction, and only then answers: commits what is fresh and rolls back everything else. A caller who is
/// refused may repeat the request at once, so nothing of the first attempt may be left then.
///
/// # Errors
/// What the work came to, or what the database says to the commit.
pub async fn conclude<T, E: From<StoreError>>(
    transaction: Transaction,
    worked: Result<Worked<T>, E>,
) -> Result<Worked<T>, E> {
    match worked {
        Ok(Worked::Fresh(fresh)) => {
            commit(transaction).await?;
            Ok(Worked::Fresh(fresh))
        }
        done_or_refused => {
            roll_back(transaction).await;
            done_or_refused
        }
    }
}

/// Ends a transaction that changes nothing. If that fails the connection is broken, and the database ends it by itself.
async fn roll_back(transaction: Transaction) {
    if let Err(error) = transaction.rollback().await {
        tracing::debug!(error = %error, "transaction could not be rolled back");
    }
}
