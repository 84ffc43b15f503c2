//! A reminder is made.

use mesh_store::Change;
use mesh_types::{Caller, Fault, RequestId, TaskId, WorkspaceId, new_id};

use super::{App, Error, Written};
use crate::{
    domain::{Draft, PersonDay, Reminder, TaskRef},
    store,
};

/// A new reminder of a task, for the caller.
#[derive(Clone, Debug)]
pub struct CreateReminder {
    /// The task.
    pub task_id: TaskId,
    /// The workspace that the caller takes the task to be in, if they say so.
    pub workspace: Option<WorkspaceId>,
    /// What it says of itself.
    pub draft: Draft,
    /// Makes repeating the request harmless.
    pub request: Option<RequestId>,
}

impl App {
    /// Makes a reminder. A time that has passed fires at once.
    ///
    /// # Errors
    /// When there is no such task for the caller, they may not change its workspace, it is over, or they have too many
    /// reminders of it already.
    #[tracing::instrument(level = "debug", skip_all, fields(task.id = %new.task_id))]
    pub async fn create_reminder(&self, caller: &Caller, new: CreateReminder) -> Result<Written, Error> {
        for _ in 1..Self::ATTEMPTS {
            match self.try_create(caller, &new).await {
                Err(Error::Store(store::Error::TaskForgotten)) => {}
                done => return done,
            }
        }
        self.try_create(caller, &new).await
    }

    async fn try_create(&self, caller: &Caller, new: &CreateReminder) -> Result<Written, Error> {
        let seen = self.see_task(caller, new.task_id).await?.reference;
        if new.workspace.is_some_and(|workspace| workspace != seen.workspace_id) {
            return Err(Fault::not_found("task", new.task_id).into());
        }
        caller.may_change(seen.workspace_id)?;
        let now = self.clock.now();
        let change = Change { caller, now, method: "CreateReminder", request: new.request.as_ref() };
        let make = |task: &TaskRef, day: PersonDay| {
            Reminder::create(new_id(now), task, (caller.actor.user_id, day), new.draft.clone(), now)
        };
        Ok(self.hold(self.store.create_reminder(&change, &seen, self.near(now), make).await?))
    }
}
