//! A task comes out of the bin.

use mesh_types::Caller;

use super::{App, Error, Target, Written};

impl App {
    /// Restores a deleted task as it was. One that is not deleted stays as it is.
    ///
    /// # Errors
    /// When there is no such task, the caller may not change it, or it has changed since it was read.
    #[tracing::instrument(level = "debug", skip_all, fields(task.id = %target.id))]
    pub async fn undelete_task(&self, caller: &Caller, target: &Target) -> Result<Written, Error> {
        let now = self.clock.now();
        let change = target.change("UndeleteTask", caller, now);
        Ok(self.store.update_task(&change, target.id, target.etag.as_ref(), |task| task.undelete(now)).await?)
    }
}
