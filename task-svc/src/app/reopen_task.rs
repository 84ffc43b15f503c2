//! A closed task goes back to work.

use mesh_types::Caller;

use super::{App, Error, Target, Written};

impl App {
    /// Puts a completed or cancelled task back to work. An open one stays as it is.
    ///
    /// # Errors
    /// When there is no such task, the caller may not change it, it has changed since it was read, or
    /// it is deleted.
    #[tracing::instrument(level = "debug", skip_all, fields(task.id = %target.id))]
    pub async fn reopen_task(&self, caller: &Caller, target: &Target) -> Result<Written, Error> {
        let now = self.clock.now();
        let change = target.change("ReopenTask", caller, now);
        Ok(self.store.update_task(&change, target.id, target.etag.as_ref(), |task| task.reopen(now)).await?)
    }
}
