//! A task begins to come back, or tasks are to be made from a template.

use mesh_store::Change;
use mesh_types::{Caller, RequestId, TaskId, Timestamp, WorkspaceId, new_id};

use super::{App, Error};
use crate::{
    clients::occurrence_tasks,
    domain::{Beginning, Schedule, ScheduleDraft, ScheduleError, TaskRef},
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
    /// Makes a schedule, whose first occurrence is a task that is there already, or made from the template.
    ///
    /// # Errors
    /// When the caller may not change the workspace, the task is not one to come back or belongs to another schedule, or
    /// the schedule makes no sense.
    #[tracing::instrument(level = "debug", skip_all)]
    pub async fn create_schedule(&self, caller: &Caller, new: CreateSchedule) -> Result<WrittenSchedule, Error> {
        let workspace = caller.workspace_to_change(new.workspace)?;
        let mut attempts = 1;
        let written = loop {
            let attempt = match new.draft.task_id {
                Some(task_id) => self.create_of_task(caller, workspace, &new, task_id).await,
                None => self.create_of_template(caller, workspace, &new).await,
            };
            match attempt {
                Err(Error::Store(store::Error::TaskForgotten)) if attempts < Self::ATTEMPTS => attempts += 1,
                done => break done?,
            }
        };
        self.planned.notify_one();
        Ok(written)
    }

    async fn create_of_task(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        new: &CreateSchedule,
        task_id: TaskId,
    ) -> Result<WrittenSchedule, Error> {
        let seen = self.see_task(caller, task_id).await?;
        let now = self.clock.now();
        let change = Change { caller, now, method: METHOD, request: new.request.as_ref() };
        let beginning = beginning(caller, workspace, now);
        let copied = occurrence_tasks::template(&seen.message);
        let decide = |task: Option<&TaskRef>| match task {
            Some(task) => Schedule::create(new.draft.clone(), task, copied, &beginning),
            None => Err(ScheduleError::TaskElsewhere(task_id)),
        };
        let site = SeriesBeginning { workspace, seen: Some(&seen.reference) };
        Ok(self.store.create_schedule(&change, site, decide).await?)
    }

    async fn create_of_template(
        &self,
        caller: &Caller,
        workspace: WorkspaceId,
        new: &CreateSchedule,
    ) -> Result<WrittenSchedule, Error> {
        let now = self.clock.now();
        let change = Change { caller, now, method: METHOD, request: new.request.as_ref() };
        let beginning = beginning(caller, workspace, now);
        let template = new.draft.template.clone().unwrap_or_default();
        let decide = |_: Option<&TaskRef>| Schedule::create_from_template(new.draft.clone(), template, &beginning);
        let site = SeriesBeginning { workspace, seen: None };
        Ok(self.store.create_schedule(&change, site, decide).await?)
    }
}

const METHOD: &str = "CreateSchedule";

fn beginning(caller: &Caller, workspace_id: WorkspaceId, now: Timestamp) -> Beginning<'_> {
    Beginning {
        id: new_id(now),
        workspace_id,
        created_by: caller.actor.user_id,
        caller_zone: caller.time_zone.as_deref(),
        now,
    }
}
