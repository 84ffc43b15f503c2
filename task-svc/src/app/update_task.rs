//! Fields of a task change, all at once.

use mesh_types::Caller;

use super::{App, Error, Target, Written};
use crate::domain::Edit;

/// New values for some fields of a task.
#[derive(Clone, Debug)]
pub struct UpdateTask {
    /// Which task.
    pub target: Target,
    /// The new values.
    pub edits: Vec<Edit>,
}

impl App {
    /// Changes these fields and no others. If all of them have these values already, nothing happens.
    ///
    /// # Errors
    /// When there is no such task, the caller may not change it or one of the fields, it has changed since it was read,
    /// it is deleted, its status does not allow the step, or what it would point at is not to be had.
    #[tracing::instrument(level = "debug", skip_all, fields(task.id = %update.target.id))]
    pub async fn update_task(&self, caller: &Caller, update: UpdateTask) -> Result<Written, Error> {
        let UpdateTask { target, edits } = update;
        let now = self.clock.now();
        let change = target.change("UpdateTask", caller, now);
        let decide = |task: &crate::domain::Task| task.edit(edits, &caller.actor, now);
        Ok(self.store.update_task(&change, target.id, target.etag.as_ref(), decide).await?)
    }
}
