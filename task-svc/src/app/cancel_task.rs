//! A task is given up.

use mesh_types::Caller;

use super::{App, Error, Target, Written};

impl App {
    /// Marks a task as not to be done. One that is cancelled already stays as it is.
    ///
    /// # Errors
    /// When there is no such task, the caller may not change it, it has changed since it was read, or
    /// it is completed or deleted.
    #[tracing::instrument(level = "debug", skip_all, fields(task.id = %target.id))]
    pub async fn cancel_task(&self, caller: &Caller, target: &Target) -> Result<Written, Error> {
        let now = self.clock.now();
        let change = target.change("CancelTask", caller, now);
        Ok(self.store.update_task(&change, target.id, target.etag.as_ref(), |task| task.cancel(now)).await?)
    }
}
