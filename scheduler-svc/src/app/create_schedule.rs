//! A task begins to come back.

use mesh_store::Change;
use mesh_types::{Caller, RequestId, WorkspaceId, new_id};

use super::{App, Error};
use crate::{
    clients::occurrence_tasks,
    domain::{Beginning, Schedule, ScheduleDraft, TaskRef},
    store::{self, SeriesBeginning, WrittenSchedule},
};

/// A new schedule.
#[derive(Clone, Debug)]
pub struct CreateSchedule {
    /// Where; `None` is the caller's personal workspace.
    pub workspace: Option<WorkspaceId>,
    /// What it says of itself.
    pub draft: ScheduleDraft,
    /// Makes repeating the request harmless.
    pub request: Option<RequestId>,
}

impl App {
    /// Makes a schedule, whose first occurrence is a task that is there already.
    ///
    /// # Errors
    /// When the caller may not change the workspace, the task is not one to come back or belongs to another schedule, or
    /// the schedule makes no sense.
    #[tracing::instrument(level = "debug", skip_all, fields(task.id = %new.draft.task_id))]
    pub async fn create_schedule(&self, caller: &Caller, new: CreateSchedule) -> Result<WrittenSchedule, Error> {
        let workspace = caller.workspace_to_change(new.workspace)?;
        for _ in 1..Self::ATTEMPTS {
            match self.try_create_schedule(caller, workspace, &new).await {
                Err(Error::Store(store::Error::TaskForgotten)) => {}
                done => return done,
            }
        }
        self.try_create_schedule(caller, workspace, &new).await
    }

    async fn try_create_schedule(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        new: &CreateSchedule,
    ) -> Result<WrittenSchedule, Error> {
        let seen = self.see_task(caller, new.draft.task_id).await?;
        let now = self.clock.now();
        let change = Change { caller, now, method: "CreateSchedule", request: new.request.as_ref() };
        let beginning = Beginning {
            id: new_id(now),
            workspace_id: workspace,
            created_by: caller.actor.user_id,
            caller_zone: caller.time_zone.as_deref(),
            now,
        };
        let copied = occurrence_tasks::template(&seen.message);
        let decide = |task: &TaskRef| Schedule::create(new.draft.clone(), task, copied, &beginning);
        let site = SeriesBeginning { workspace, seen: &seen.reference };
        let written = self.store.create_schedule(&change, site, decide).await?;
        self.planned.notify_one();
        Ok(written)
    }
}
