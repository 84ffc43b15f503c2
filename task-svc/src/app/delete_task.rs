//! A task goes into the bin.

use mesh_types::Caller;

use super::{App, Error, Target, Written};

impl App {
    /// Deletes a task softly. One that is deleted already stays as it is.
    ///
    /// # Errors
    /// When there is no such task, the caller may not change it, or it has changed since it was read.
    #[tracing::instrument(level = "debug", skip_all, fields(task.id = %target.id))]
    pub async fn delete_task(&self, caller: &Caller, target: &Target) -> Result<Written, Error> {
        let now = self.clock.now();
        let change = target.change("DeleteTask", caller, now);
        Ok(self.store.update_task(&change, target.id, target.etag.as_ref(), |task| task.delete(now)).await?)
    }
}
