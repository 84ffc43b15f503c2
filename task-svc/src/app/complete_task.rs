//! A task gets done.

use mesh_types::Caller;

use super::{App, Error, Target, Written};

impl App {
    /// Marks a task as done. One that is done already stays as it is.
    ///
    /// # Errors
    /// When there is no such task, the caller may not change it, it has changed since it was read, or
    /// it is cancelled or deleted.
    #[tracing::instrument(level = "debug", skip_all, fields(task.id = %target.id))]
    pub async fn complete_task(&self, caller: &Caller, target: &Target) -> Result<Written, Error> {
        let now = self.clock.now();
        let change = target.change("CompleteTask", caller, now);
        Ok(self.store.update_task(&change, target.id, target.etag.as_ref(), |task| task.complete(now)).await?)
    }
}
