//! A task is made.

use mesh_store::Change;
use mesh_types::{Caller, RequestId, TaskId, WorkspaceId, new_id};

use super::{App, Error, Written};
use crate::domain::{Draft, Task};

/// A new task.
#[derive(Clone, Debug)]
pub struct CreateTask {
    /// Where; `None` is the caller's personal workspace.
    pub workspace: Option<WorkspaceId>,
    /// What it says of itself.
    pub draft: Draft,
    /// Makes repeating the request harmless.
    pub request: Option<RequestId>,
}

impl App {
    /// Makes a task.
    ///
    /// # Errors
    /// When the caller may not change the workspace, or what the task points at is not to be had.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn create_task(&self, caller: &Caller, new: CreateTask) -> Result<Written, Error> {
        let workspace = caller.workspace_to_change(new.workspace)?;
        let now = self.clock.now();
        let event = Task::create(TaskId(new_id(now)), workspace, new.draft, &caller.actor, now)?;
        let change = Change { caller, now, method: "CreateTask", request: new.request.as_ref() };
        Ok(self.store.create_task(&change, event).await?)
    }
}
